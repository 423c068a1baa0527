"""PartnershipFormed: an organisation takes part in an adoption, and the gemeente confirmed it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import EventData, Stream
from shared.contracts.vocabulary import Means


class PartnershipFormed(EventData):
    """One partner more in the local lab. A claim that the gemeente did not confirm is never told."""

    TYPE: ClassVar[str] = "partnership-formed"
    STREAM: ClassVar[Stream] = Stream.ADOPTIONS
    ENTITY: ClassVar[str] = "adoption"

    adoption: UUID
    """The adoption it takes part in."""
    partnership: UUID
    """The partnership."""
    organisation: UUID
    """The partner."""
    role: Means
    """What the partner brings."""
    confirmed_on: date
    """The day on which the gemeente confirmed it."""
