"""AdoptionStarted: a gemeente decided to take over an assessed project."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, GemeenteCode, Stream


class AdoptionStarted(EventData):
    """Which gemeente takes over which version of which project, and whether that may be said in public."""

    TYPE: ClassVar[str] = "adoption-started"
    STREAM: ClassVar[Stream] = Stream.ADOPTIONS
    ENTITY: ClassVar[str] = "adoption"

    adoption: UUID
    """The adoption that started."""
    gemeente: GemeenteCode
    """The gemeente that takes the project over."""
    gemeente_organisation: UUID
    """The same gemeente in the partner registry."""
    project: UUID
    """The project that is taken over."""
    project_version: Annotated[int, Field(ge=1)]
    """The version of it that was assessed, and is taken over."""
    budget_euro: Annotated[int, Field(ge=0)]
    """What the implementation costs, in whole euros."""
    may_be_named: bool
    """Whether the gemeente lets itself be named in public; asked at the start, changeable, also after the end."""
    started_on: date
    """The first day of the adoption."""
