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
    """The criterion."""
    reason: Text
    """Why the board decided so."""
    mean_score: Annotated[float, Field(ge=0, le=4)] | None = None
    """The mean of the reviewers' scores for its parts, from 0 to 4; absent where none were given."""
    evidence: Annotated[tuple[UUID, ...], Field(max_length=40)] = ()
    """The evidence in the submission that it rests on."""


class Condition(Wire):
    """What must still happen, and by when."""

    id: UUID
    """The condition."""
    text: Text
    """What must happen."""
    due_on: date
    """The last day on which it can be met, included."""


class ProjectAssessed(EventData):
    """The decision on one project version. There is one assessment for each version of a project."""

    TYPE: ClassVar[str] = "project-assessed"
    STREAM: ClassVar[Stream] = Stream.ASSESSMENTS
    ENTITY: ClassVar[str] = "assessment"

    assessment: UUID
    """The assessment."""
    project: UUID
    """The project that was assessed."""
    project_version: Annotated[int, Field(ge=1)]
    """The version of it that was assessed."""
    framework_version: Annotated[int, Field(ge=1)]
    """The version of the afwegingskader by which it was assessed."""
    verdict: Verdict
    """What the board decided."""
    evidence_level: EvidenceLevel
    """How well it is known that the project works."""
    reasons: Annotated[tuple[CriterionReason, ...], Field(min_length=3, max_length=3)]
    """Why, for each of the three criteria."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=20)] = ()
    """What must still happen; for a verdict under conditions."""
    override_reason: Text | None = None
    """Filled where the board decided against the scores: they support a decision, they do not take it."""
    decided_on: date
    """The day of the decision."""
    released_on: date
    """The day on which it was made known."""
    valid_until: date
    """The last day on which the verdict holds."""
