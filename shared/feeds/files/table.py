"""A table that leaves as a file: what its columns mean, and whom to credit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

Cell: TypeAlias = str | int | date | datetime | None
Row: TypeAlias = Sequence[Cell]
"""The cells of one row, in the order of the columns. An instant is aware."""
Take: TypeAlias = Callable[[bytes], object]
"""Takes the next bytes of a file."""


class Kind(StrEnum):
    """What stands in a column."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its meaning in Dutch, and what stands in it."""

    name: str
    definition: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """What a file is about, in Dutch. `source` is the credit that must go along wherever it is shown."""

    name: str
    title: str
    description: str
    source: str
    columns: tuple[Column, ...]


class Writer(Protocol):
    """Writes a table bit by bit: rows, and then the end. The same rows make the same bytes."""

    def add(self, rows: Iterable[Row]) -> None: ...
    def close(self) -> None: ...
