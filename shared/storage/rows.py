"""Rows to domain values and back: a frozen dataclass is read by its field names, nested ones from jsonb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import asyncpg
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

T = TypeVar("T")
Row: TypeAlias = Mapping[str, Any] | asyncpg.Record
"""A record as asyncpg gives it, or a dict like it."""

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(of: type[T]) -> TypeAdapter[T]:
    if of not in _ADAPTERS:
        _ADAPTERS[of] = TypeAdapter(of)
    return _ADAPTERS[of]


def read(of: type[T], row: Row) -> T:
    """The dataclass that this row holds. Columns it does not know are left out; a missing one takes its default."""
    return _adapter(of).validate_python(dict(row))


def plain(value: object) -> Any:  # noqa: ANN401 - whatever jsonb holds
    """A dataclass (or a collection of them) as plain JSON values, for a jsonb column."""
    return to_jsonable_python(value)
