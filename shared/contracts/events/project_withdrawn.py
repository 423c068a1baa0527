"""ProjectWithdrawn: its owner offers a project no longer."""

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
    project_version: Annotated[int, Field(ge=1)]
    reason: Text
    withdrawn_on: date
