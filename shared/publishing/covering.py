"""What an event names that a right must cover: gemeenten, projects and organisations, wherever they stand in its data.

Not a region in which a project can be taken over: that tells where it fits, and speaks for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from shared.access import Right
from shared.publishing.taking import NotYours

Kind = Literal["gemeente", "project", "organisation"]

NAMING: Mapping[str, Kind] = {
    "gemeente": "gemeente",
    "project": "project",
    "organisation": "organisation",
    "gemeente_organisation": "organisation",
}
"""Fields of events, and what stands in them."""
IN_DUTCH: Mapping[Kind, str] = {"gemeente": "gemeente", "project": "project", "organisation": "organisatie"}


def require_covered(right: Right, data: BaseModel) -> None:
    """Raises: NotYours, with every place that the right does not cover."""
    scopes = {"gemeente": right.gemeenten, "project": right.projects, "organisation": right.organisations}
    beyond = [
        (field, f"{IN_DUTCH[kind]} {name}") for field, kind, name in named_in(data) if not scopes[kind].covers(name)
    ]
    if beyond:
        raise NotYours.all_of(beyond)


def named_in(data: BaseModel, place: str = "") -> Iterator[tuple[str, Kind, str]]:
    """Where in the data something is named, what kind of thing it is, and which one."""
    for name, field in type(data).model_fields.items():
        value = getattr(data, name)
        at = f"{place}{field.alias or name}"
        if name in NAMING and value is not None:
            yield at, NAMING[name], str(value)
        else:
            yield from _within(value, at)


def _within(value: Any, at: str) -> Iterator[tuple[str, Kind, str]]:  # noqa: ANN401 - any field's
    if isinstance(value, BaseModel):
        yield from named_in(value, f"{at}.")
    elif isinstance(value, tuple | list):
        for nth, each in enumerate(value):
            yield from _within(each, f"{at}.{nth}")
