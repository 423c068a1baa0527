"""ImpactPublished: a figure that everybody may see was published, corrected or withdrawn."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import EventData, IndicatorCode, RegionCode, Stream

Rounded = Annotated[int, Field(ge=0, multiple_of=5)]


class ReleaseKind(StrEnum):
    """What happened to a published figure."""

    PUBLISHED = "gepubliceerd"
    CORRECTED = "gecorrigeerd"
    WITHDRAWN = "ingetrokken"


class ImpactPublished(EventData):
    """The newest release of one block: project x indicator x period x place, after disclosure control. Never exact.

    A count has `shown`; a percentage has `shown_numerator` and `shown_denominator`; all are rounded to 5. A block that is
    withdrawn shows nothing: hidden, never 0.
    """

    TYPE: ClassVar[str] = "impact-published"
    STREAM: ClassVar[Stream] = Stream.RELEASES
    ENTITY: ClassVar[str] = "block"

    block: UUID
    """What the figure is about: this project, indicator, period and place, in all its releases."""
    release: Annotated[int, Field(ge=1)]
    """Which release of this block it is, from 1."""
    replaces: Annotated[int, Field(ge=1)] | None = None
    """The release that this one puts aside; absent for the first."""
    kind: ReleaseKind
    """What happened to the figure."""
    project: UUID
    """The project whose impact it is."""
    indicator: IndicatorCode
    """What was measured: a code from the list of indicators, which gives definition and unit."""
    period_start: date
    """The first day of the period."""
    period_end: date
    """The last day of the period, included."""
    scope: RegionCode
    """The place it is about: a gemeente, a province or the country."""
    shown: Rounded | None = None
    """A count, rounded to 5."""
    shown_numerator: Rounded | None = None
    """Of a percentage: how many of `shown_denominator`, rounded to 5."""
    shown_denominator: Rounded | None = None
    """Of a percentage: how many there are in all, rounded to 5."""
    target_shown: Rounded | None = None
    """What was aimed at, where the plan ends in or before this period: a count, or a whole percentage, rounded to 5."""
    released_at: AwareDatetime
    """The moment of publication, in UTC."""
