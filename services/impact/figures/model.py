"""What is looked for and found in the ledger as everybody may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.impact.publication.model import Block
from shared.reference import COUNTRY, gemeenten, provinces


@dataclass(frozen=True, slots=True)
class Search:
    """Which figures are looked for: everything that is None counts for all. Periods lie within these two days."""

    project: UUID | None = None
    indicator: str | None = None
    gemeente: str | None = None
    period_start: date | None = None
    period_end: date | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the ledger with the block that it is about."""

    position: int
    block: Block
    released_at: datetime


def name_of(region: str) -> str:
    """The name of a gemeente, a province or the country, as people say it."""
    if region == COUNTRY:
        return "Nederland"
    known = gemeenten().get(region)
    return known.short_name if known else provinces().get(region, region)
