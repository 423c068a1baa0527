"""ProjectWithdrawn: a project is offered no longer, by the wish of its owner."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, Stream, Text


class ProjectWithdrawn(EventData):
    """No version of it can be chosen from here on; adoptions that run go on. A later ProjectSubmitted brings it back."""

    TYPE: ClassVar[str] = "project-withdrawn"
    STREAM: ClassVar[Stream] = Stream.PROJECTS
    ENTITY: ClassVar[str] = "project"

    project: UUID
    """The project, in all its versions."""
    project_version: Annotated[int, Field(ge=1)]
    """The newest version that was submitted."""
    reason: Text
    """Why, in its owner's own words."""
    withdrawn_on: date
    """The day on which it was withdrawn."""
