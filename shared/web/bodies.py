"""What comes in and what goes out: camelCase JSON, with limits that hold for every field."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

MAX_TEXT = 10_000
MAX_ITEMS = 1_000
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 7493, I-JSON); Postgres' bigint holds it."""

TIGHTER: dict[str, dict[str, Any]] = {
    "int": {"strict": True, "ge": -MAX_INTEGER, "le": MAX_INTEGER},
    "float": {"strict": True},
    "bool": {"strict": True},
    "datetime": {"tz_constraint": "aware"},
    "list": {"max_length": MAX_ITEMS},
    "set": {"max_length": MAX_ITEMS},
    "frozenset": {"max_length": MAX_ITEMS},
    "dict": {"max_length": MAX_ITEMS},
}
"""By type of field: a number must be a number, a text is no number, an instant has a zone, and nothing is endless."""

OWN_BOUNDS = {"le": ("le", "lt"), "ge": ("ge", "gt")}


def _tighten(schema: object) -> None:
    """Sets the limits wherever the field sets none of its own."""
    if isinstance(schema, list):
        for part in schema:
            _tighten(part)
    elif isinstance(schema, dict):
        kind = schema.get("type")
        for name, limit in TIGHTER.get(kind, {}).items() if isinstance(kind, str) else ():
            if not any(own in schema for own in OWN_BOUNDS.get(name, (name,))):
                schema[name] = limit
        for name, part in schema.items():
            if name not in ("metadata", "serialization", "default"):
                _tighten(part)


class Body(BaseModel):
    """What a request carries. An unknown field is a fault; a text has at most 10,000 characters, a list 1,000 items."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        str_max_length=MAX_TEXT,
        str_strip_whitespace=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        """The model's schema with the limits of this module."""
        schema = handler(source)
        _tighten(schema)
        return schema


def _is_absent(revision: int | None) -> bool:
    return revision is None


class Result(BaseModel):
    """What a response carries. `revision`, where the thing has one, also becomes the ETag that If-Match compares."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        frozen=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    revision: int | None = Field(default=None, exclude_if=_is_absent)
