"""ProjectAssessed: the portfolioboard made its decision on one version of a project known."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, Stream, Text, Wire
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict


class CriterionReason(Wire):
    """Why, for one criterion, resting on named evidence."""

    criterion: Criterion
    reason: Text
    mean_score: Annotated[float, Field(ge=0, le=4)] | None = None
    evidence: Annotated[tuple[UUID, ...], Field(max_length=40)] = ()


class Condition(Wire):
    """What must still happen, and by when (that day included)."""

    id: UUID
    text: Text
    due_on: date


class ProjectAssessed(EventData):
    """The decision on one project version. Entity: the assessment (one a project version)."""

    TYPE: ClassVar[str] = "project-assessed"
    STREAM: ClassVar[Stream] = Stream.ASSESSMENTS
    ENTITY: ClassVar[str] = "assessment"

    assessment: UUID
    project: UUID
    project_version: Annotated[int, Field(ge=1)]
    framework_version: Annotated[int, Field(ge=1)]
    verdict: Verdict
    evidence_level: EvidenceLevel
    reasons: Annotated[tuple[CriterionReason, ...], Field(min_length=3, max_length=3)]
    conditions: Annotated[tuple[Condition, ...], Field(max_length=20)] = ()
    override_reason: Text | None = None
    """Filled where the board decided against the scores: they support a decision, they do not take it."""
    decided_on: date
    released_on: date
    valid_until: date
    """The last day on which the verdict holds."""
