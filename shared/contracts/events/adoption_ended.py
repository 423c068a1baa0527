"""AdoptionEnded: a gemeente stopped with a project, or completed it."""

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
    """The adoption that ended."""
    gemeente: GemeenteCode
    """The gemeente that had taken the project over."""
    project: UUID
    """The project that it had taken over."""
    reason: Text
    """Why, in the gemeente's own words."""
    ended_on: date
    """The last day of the adoption."""
