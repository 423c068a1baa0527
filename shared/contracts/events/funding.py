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
    """What one organisation brings, and how sure that is."""

    commitment: UUID
    """The commitment."""
    organisation: UUID
    """The organisation that brings it."""
    amount_euro: Annotated[int, Field(ge=1)]
    """What it brings, in whole euros."""
    stage: CommitmentStage
    """How sure it is."""
    expires_on: date | None = None
    """The last day on which it holds; absent where it does not lapse."""
    firm: bool
    """Whether it counts: received, granted, or promised without open conditions; never when lapsed or withdrawn."""


class FundingTold(EventData):
    """The funding plan of an adoption as it stands after the event."""

    STREAM: ClassVar[Stream] = Stream.ADOPTIONS
    ENTITY: ClassVar[str] = "adoption"

    adoption: UUID
    """The adoption whose plan it is."""
    budget_euro: Euro
    """What the implementation costs, in whole euros."""
    firm_euro: Euro
    """What firm commitments bring together, in whole euros."""
    gap_euro: Euro
    """What firm commitments leave open, in whole euros; 0 where they bring more than the budget."""
    commitments: Annotated[tuple[CommitmentTold, ...], Field(max_length=100)] = ()
    """Every commitment that is not withdrawn, firm or not."""
    on: date
    """The day on which the plan turned."""
