"""AdoptionEnded: the gemeente stopped with, or completed, the project."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import EventData, GemeenteCode, Stream, Text


class AdoptionEnded(EventData):
    """Nothing is measured or funded for it from here on."""

    TYPE: ClassVar[str] = "adoption-ended"
    STREAM: ClassVar[Stream] = Stream.ADOPTIONS
    ENTITY: ClassVar[str] = "adoption"

    adoption: UUID
    gemeente: GemeenteCode
    project: UUID
    reason: Text
    ended_on: date
