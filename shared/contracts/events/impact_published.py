"""ImpactPublished: a figure that everybody may see, after disclosure control (methods.md D)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, RegionCode, Stream

Rounded = Annotated[int, Field(ge=0, multiple_of=5)]


class ReleaseKind(StrEnum):
    """What happened to the block."""

    PUBLISHED = "gepubliceerd"
    CORRECTED = "gecorrigeerd"
    WITHDRAWN = "ingetrokken"


class ImpactPublished(EventData):
    """The newest release of one block: project x indicator x period x place. Never an exact figure.

    A count has `shown`; a percentage has `shown_numerator` and `shown_denominator`; all are rounded to 5. A block that is
    withdrawn shows nothing: hidden, never 0. `replaces` is the release that this one puts aside.
    """

    TYPE: ClassVar[str] = "impact-published"
    STREAM: ClassVar[Stream] = Stream.RELEASES
    ENTITY: ClassVar[str] = "block"

    block: UUID
    release: Annotated[int, Field(ge=1)]
    replaces: Annotated[int, Field(ge=1)] | None = None
    kind: ReleaseKind
    project: UUID
    indicator: Annotated[str, Field(max_length=60)]
    period_start: date
    period_end: date
    scope: RegionCode
    """The place it is about: a gemeente, later also what is left of a province or of the country."""
    shown: Rounded | None = None
    shown_numerator: Rounded | None = None
    shown_denominator: Rounded | None = None
    target_shown: Rounded | None = None
    """What was aimed at: a count rounded to 5, or a whole percentage rounded to 5."""
    released_at: datetime
