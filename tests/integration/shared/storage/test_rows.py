"""Rows as domain values: a frozen dataclass by its field names, nested ones from jsonb."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.storage import Database, rows


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    until: date | None = None


@dataclass(frozen=True)
class Whole:
    id: UUID
    colour: Colour
    amount_euro: int
    at: datetime
    parts: tuple[Part, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)


WHOLE = Whole(UUID(int=1), Colour.RED, 3, datetime(2026, 1, 2, 3, tzinfo=UTC), (Part("a", date(2026, 1, 2)), Part("b")))
SELECT = """
select $1::uuid id, $2::text colour, $3::int amount_euro, $4::timestamptz at, $5::jsonb parts, array['x', 'x'] names, 1 extra
"""


async def test_a_row_comes_back_as_the_value_that_went_in(database: Database) -> None:
    async with database.reading() as tx:
        row = await tx.fetchrow(SELECT, WHOLE.id, WHOLE.colour, WHOLE.amount_euro, WHOLE.at, rows.plain(WHOLE.parts))
        assert row is not None

    read = rows.read(Whole, row)

    assert (read.id, read.colour, read.amount_euro, read.at, read.parts) == (
        WHOLE.id,
        WHOLE.colour,
        WHOLE.amount_euro,
        WHOLE.at,
        WHOLE.parts,
    )
    assert read.names == {"x"}


def test_a_column_that_is_missing_takes_its_default() -> None:
    assert rows.read(Part, {"name": "a"}) == Part("a")


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValidationError):
        rows.read(Part, {"name": None})
