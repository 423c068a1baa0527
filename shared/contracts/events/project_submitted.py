"""ProjectSubmitted: a project, or a next version of it, is offered to the portfolioboard."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, Line, Link, RegionCode, Stream, Text, Wire
from shared.contracts.vocabulary import Criterion, Means, PartnerKind, Phase, RelationKind, TargetGroup


class Evidence(Wire):
    """What somebody else can check: a place and the words found there, for one part of one criterion."""

    id: UUID
    criterion: Criterion
    part: Line
    link: Link
    quote: Annotated[str, Field(max_length=1000)]


class Involvement(Wire):
    """An organisation behind the project: what a conflict of interest is looked for in."""

    organisation: UUID
    relation: RelationKind


class ProjectSubmitted(EventData):
    """The whole project version as submitted. A next version is a next event of the same project."""

    TYPE: ClassVar[str] = "project-submitted"
    STREAM: ClassVar[Stream] = Stream.PROJECTS
    ENTITY: ClassVar[str] = "project"

    project: UUID
    project_version: Annotated[int, Field(ge=1)]
    title: Line
    summary: Text
    phases: Annotated[tuple[Phase, ...], Field(min_length=1, max_length=7)]
    target_groups: Annotated[tuple[TargetGroup, ...], Field(min_length=1, max_length=5)]
    regions: Annotated[tuple[RegionCode, ...], Field(max_length=342)] = ()
    """Where it can be taken over; empty means the whole country."""
    available_from: date
    effort_fte: Annotated[float, Field(ge=0)]
    """What it asks of a gemeente, in full-time equivalents."""
    cost_euro: Annotated[int, Field(ge=0)]
    """What it costs a gemeente of average size in the first year, in whole euros."""
    needed_kinds: Annotated[tuple[PartnerKind, ...], Field(max_length=17)] = ()
    needed_means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    involvements: Annotated[tuple[Involvement, ...], Field(min_length=1, max_length=50)]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=40)] = ()
    submitted_on: date
