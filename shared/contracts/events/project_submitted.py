"""ProjectSubmitted: a project, or a next version of it, is offered to the portfolioboard."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.event import NO_NUL, EventData, Line, Link, RegionCode, Stream, Text, Wire
from shared.contracts.vocabulary import Criterion, Means, PartnerKind, Phase, RelationKind, TargetGroup


class Evidence(Wire):
    """What somebody else can check: a place and the words found there, for one part of one criterion."""

    id: UUID
    """The piece of evidence; the reasons of an assessment point to it."""
    criterion: Criterion
    """The criterion it speaks for."""
    part: Line
    """The part of that criterion."""
    link: Link
    """Where it can be found."""
    quote: Annotated[str, StringConstraints(max_length=1000, pattern=NO_NUL)]
    """The words found there."""


class Involvement(Wire):
    """An organisation behind the project: what a conflict of interest is looked for in."""

    organisation: UUID
    """The organisation."""
    relation: RelationKind
    """How it is bound to the project."""


class ProjectSubmitted(EventData):
    """The whole project version as submitted. A next version is a next event of the same project."""

    TYPE: ClassVar[str] = "project-submitted"
    STREAM: ClassVar[Stream] = Stream.PROJECTS
    ENTITY: ClassVar[str] = "project"

    project: UUID
    """The project, in all its versions."""
    project_version: Annotated[int, Field(ge=1)]
    """The version that is offered, from 1."""
    title: Line
    """What the project is called."""
    summary: Text
    """What it does, and for whom."""
    phases: Annotated[tuple[Phase, ...], Field(min_length=1, max_length=7)]
    """The phases of debt help that it is meant for."""
    target_groups: Annotated[tuple[TargetGroup, ...], Field(min_length=1, max_length=5)]
    """For whom it is meant."""
    regions: Annotated[tuple[RegionCode, ...], Field(max_length=342)] = ()
    """Where it can be taken over; empty means the whole country."""
    available_from: date
    """The first day on which a gemeente can start with it."""
    effort_fte: Annotated[float, Field(ge=0)]
    """What it asks of a gemeente, in full-time equivalents."""
    cost_euro: Annotated[int, Field(ge=0)]
    """What it costs a gemeente of average size in the first year, in whole euros."""
    needed_kinds: Annotated[tuple[PartnerKind, ...], Field(max_length=17)] = ()
    """The kinds of organisation that it cannot do without."""
    needed_means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    """What partners must bring."""
    involvements: Annotated[tuple[Involvement, ...], Field(min_length=1, max_length=50)]
    """The organisations behind it."""
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=40)] = ()
    """What shows that it works, can be used again and is available."""
    submitted_on: date
    """The day on which it was submitted."""
