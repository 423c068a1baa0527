"""What FundingSecured and FundingReopened have in common: the plan's figures, in whole euros."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, Stream, Wire
from shared.contracts.vocabulary import CommitmentStage

Euro = Annotated[int, Field(ge=0)]


class CommitmentTold(Wire):
    """What one organisation brings, and how sure that is. `firm` by the rule of domain.md."""

    commitment: UUID
    organisation: UUID
    amount_euro: Annotated[int, Field(ge=1)]
    stage: CommitmentStage
    expires_on: date | None = None
    firm: bool


class FundingTold(EventData):
    """The funding plan of an adoption as it stands after the event."""

    STREAM: ClassVar[Stream] = Stream.ADOPTIONS
    ENTITY: ClassVar[str] = "adoption"

    adoption: UUID
    budget_euro: Euro
    firm_euro: Euro
    gap_euro: Euro
    commitments: Annotated[tuple[CommitmentTold, ...], Field(max_length=100)] = ()
    on: date
    """The day on which the plan turned."""
