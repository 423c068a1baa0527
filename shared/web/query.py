"""The query of a request: a parameter that a route does not know is refused, since a misspelt filter would filter nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from starlette.requests import Request


def query_of(dependant: Dependant) -> frozenset[str]:
    """The parameters that a handler and all that it depends on take from the query, as the sender writes them."""
    return frozenset(_names(dependant))


def unknown_in(request: Request, known: frozenset[str]) -> list[dict[str, Any]]:
    """What is in the query and not known, each as a fault in the shape of pydantic's."""
    if not request.url.query:
        return []
    choice = f"Kies uit: {', '.join(sorted(known))}." if known else "Dit adres heeft er geen."
    text = f"Deze parameter kennen wij niet. {choice}"
    return [
        {"type": "unknown_parameter", "loc": ("query", name), "msg": text}
        for name in request.query_params
        if name not in known
    ]


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for part in dependant.dependencies:
        yield from _names(part)
