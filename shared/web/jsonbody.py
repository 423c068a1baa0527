"""Reading JSON so that nothing which Postgres or Unicode cannot hold gets any further."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import Request

from shared.refusals import Fault, Invalid

ESCAPED_NUL = b"\\u0000"
NUL_FAULT = "Deze tekst bevat een teken dat niet kan (NUL)."


class NoJson(Invalid):
    """The body cannot be read as JSON."""

    title = "Dit is geen geldige JSON"


class JsonRequest(Request):
    """A request whose body is JSON, parsed once."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The parsed body.

        Raises: NoJson, Invalid.
        """
        if not hasattr(self, "_parsed"):
            self._parsed = parsed(await self.body())
        return self._parsed

    def require_json(self) -> None:
        """Raises: HTTPException 415, when the body says to be something else."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise HTTPException(415, headers={"Accept": "application/json"})


def parsed(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The value of a JSON text in UTF-8, without NaN, lone surrogates, NUL, or more depth than can be read.

    Raises: NoJson, Invalid.
    """
    value = read_json(raw)
    if ESCAPED_NUL in raw and (faults := nul_faults(value)):
        raise Invalid("Een tekst bevat een teken dat niet kan.", faults)
    return value


def read_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The same, in which a text may still hold a NUL. Raises: NoJson."""
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise NoJson(
            f"De JSON is niet te lezen. {_position(error)}", [Fault("body", "Dit is geen geldige JSON.")]
        ) from None


def nul_faults(value: object, *place: str | int) -> list[Fault]:
    """Each text of a value that holds a NUL; `place` is where the value itself stands."""
    return [Fault(found, NUL_FAULT) for found in _nul_places(value, place)]


def _position(error: ValueError) -> str:
    """ "Regel 3, teken 14." out of "... at line 3 column 14"."""
    _, _, place = str(error).rpartition(" at line ")
    line, _, column = place.partition(" column ")
    return f"Regel {line}, teken {column}." if column else ""


def _nul_places(value: object, place: tuple[str | int, ...]) -> Iterator[str]:
    if isinstance(value, str):
        if "\0" in value:
            yield ".".join(map(str, place)) or "body"
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _nul_places(name, (*place, json.dumps(name)) if "\0" in name else place)
            yield from _nul_places(part, (*place, name.replace("\0", "")))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _nul_places(part, (*place, number))
