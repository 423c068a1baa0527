"""ImpactRecorded: a gemeente or project owner recorded an exact, aggregate figure, or corrected one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema

from shared.contracts.event import EventData, GemeenteCode, IndicatorCode, Line, Link, Stream, Text, Wire


def _plainly(figure: Decimal) -> str:
    return f"{figure:f}"  # never 1E+3


Figure = Annotated[
    Decimal,
    Field(max_digits=14, decimal_places=2),
    PlainSerializer(_plainly, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"}),
]
"""Exact, and so a text on the wire: a JSON number would pass through binary floating point."""


class Provenance(Wire):
    """Where a figure comes from."""

    source: Line
    """The registration in which it was counted."""
    method: Line
    """How it was counted."""
    link: Link | None = None
    """A place to look it up, if there is one."""


class ImpactRecorded(EventData):
    """One figure: adoption x indicator x period (x breakdown). A correction is its next version, with the reason.

    A count or an amount has `value`; a percentage has `numerator` and `denominator` and no value of its own.
    """

    TYPE: ClassVar[str] = "impact-recorded"
    STREAM: ClassVar[Stream] = Stream.OBSERVATIONS
    ENTITY: ClassVar[str] = "observation"

    observation: UUID
    """The figure, in all its versions."""
    adoption: UUID
    """The adoption in which it was measured."""
    gemeente: GemeenteCode
    """The gemeente of that adoption."""
    project: UUID
    """The project of that adoption."""
    indicator: IndicatorCode
    """What was measured: a code from the list of indicators, which gives definition and unit."""
    period_start: date
    """The first day of the period."""
    period_end: date
    """The last day of the period, included."""
    breakdown: Line | None = None
    """The part of the target group it is about; absent for the whole."""
    value: Figure | None = None
    """A count or an amount, in the unit of the indicator: an exact decimal number, as text."""
    numerator: Annotated[int, Field(ge=0)] | None = None
    """Of a percentage: how many of `denominator`."""
    denominator: Annotated[int, Field(ge=0)] | None = None
    """Of a percentage: how many there are in all."""
    provenance: Provenance
    """Where it comes from."""
    correction_reason: Text | None = None
    """Why it differs from the version before; absent for the first."""
    withdrawn: bool = False
    """Whether it holds no longer: then it counts nowhere."""
    recorded_on: date
    """The day on which it was recorded."""
