"""ImpactRecorded: a gemeente or project owner recorded an exact, aggregate figure, or corrected one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, GemeenteCode, Line, Link, Stream, Text, Wire

Figure = Annotated[Decimal, Field(max_digits=14, decimal_places=2)]


class Provenance(Wire):
    """Where a figure comes from: the registration it was counted in, how, and a place to look it up if there is one."""

    source: Line
    method: Line
    link: Link | None = None


class ImpactRecorded(EventData):
    """One figure: adoption x indicator x period (x breakdown). A correction is its next version, with the reason.

    A count or an amount has `value`; a percentage has `numerator` and `denominator` and no value of its own.
    """

    TYPE: ClassVar[str] = "impact-recorded"
    STREAM: ClassVar[Stream] = Stream.OBSERVATIONS
    ENTITY: ClassVar[str] = "observation"

    observation: UUID
    adoption: UUID
    gemeente: GemeenteCode
    project: UUID
    indicator: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]+$")]
    period_start: date
    period_end: date
    breakdown: Line | None = None
    value: Figure | None = None
    numerator: Annotated[int, Field(ge=0)] | None = None
    denominator: Annotated[int, Field(ge=0)] | None = None
    provenance: Provenance
    correction_reason: Text | None = None
    withdrawn: bool = False
    recorded_on: date
