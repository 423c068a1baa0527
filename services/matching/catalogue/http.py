"""/v1/catalogue: the proven projects that a gemeente can take over, for everybody."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.matching.catalogue import operations, store
from services.matching.catalogue.model import Entry
from services.matching.catalogue.operations import Whole
from services.matching.catalogue.store import Adopter, Offered, Wanted
from services.matching.gemeenten.model import short_name
from shared.contracts.events import ImpactPublished, ReleaseKind
from shared.contracts.events.project_assessed import Condition, CriterionReason
from shared.contracts.events.project_submitted import Evidence, Involvement
from shared.contracts.vocabulary import EvidenceLevel, Means, PartnerKind, Phase, TargetGroup, Verdict
from shared.web import Caller, Page, Paging, Result, Today, Tx, anyone, service_router

router = service_router("/catalogue", tag="Catalogue")

Anyone = Annotated[Caller | None, anyone()]


class Standing(StrEnum):
    """Whether the board has said what it thinks of a version."""

    UNDER_ASSESSMENT = "in-beoordeling"
    ASSESSED = "beoordeeld"


class OfferedResult(Result):
    """A project that can be taken over. `conditions` and `adopters` are counts; a gemeente that is not to be named is not in
    them."""

    project: UUID
    project_version: int
    title: str
    summary: str
    phases: list[Phase]
    target_groups: list[TargetGroup]
    regions: list[str]
    available_from: date
    effort_fte: float
    cost_euro: int
    needed_kinds: list[PartnerKind]
    needed_means: list[Means]
    verdict: Verdict
    evidence_level: EvidenceLevel
    valid_until: date
    conditions: int
    adopters: int

    @classmethod
    def of(cls, offered: Offered) -> OfferedResult:
        """As it is listed."""
        return cls.model_validate(offered, from_attributes=True)


class VerdictResult(Result):
    """What the board decided on a version, and why."""

    verdict: Verdict
    evidence_level: EvidenceLevel
    framework_version: int
    reasons: list[CriterionReason]
    conditions: list[Condition]
    override_reason: str | None
    decided_on: date
    released_on: date
    valid_until: date


class VersionResult(Result):
    """A version of a project. What is under assessment is not shown yet."""

    number: int
    submitted_on: date
    standing: Standing
    outcome: VerdictResult | None


class AdopterResult(Result):
    """A gemeente where the project runs, and that may be named."""

    gemeente: str
    name: str
    project_version: int
    started_on: date

    @classmethod
    def of(cls, adopter: Adopter) -> AdopterResult:
        """With the name of the gemeente."""
        return cls(
            gemeente=adopter.gemeente,
            name=short_name(adopter.gemeente),
            project_version=adopter.project_version,
            started_on=adopter.started_on,
        )


class PublishedFigureResult(Result):
    """A published figure, rounded to 5. A figure that is hidden is not there. A percentage has a numerator and denominator."""

    block: UUID
    release: int
    kind: ReleaseKind
    indicator: str
    period_start: date
    period_end: date
    scope: str
    shown: int | None
    shown_numerator: int | None
    shown_denominator: int | None
    target_shown: int | None

    @classmethod
    def of(cls, figure: ImpactPublished) -> PublishedFigureResult:
        """The newest release of a block."""
        return cls.model_validate(figure.model_dump(include=set(cls.model_fields)))


class ProjectResult(Result):
    """A project in the version on offer, with the verdict on every version, where it runs, and what was measured.

    `offered`: it can be taken over today, region and first day aside. `moreImpact`: not all figures are here.
    """

    project: UUID
    offered: bool
    withdrawn: bool
    offered_version: int
    title: str
    summary: str
    phases: list[Phase]
    target_groups: list[TargetGroup]
    regions: list[str]
    available_from: date
    effort_fte: float
    cost_euro: int
    needed_kinds: list[PartnerKind]
    needed_means: list[Means]
    involvements: list[Involvement]
    evidence: list[Evidence]
    versions: list[VersionResult]
    adopters: list[AdopterResult]
    impact: list[PublishedFigureResult]
    more_impact: bool

    @classmethod
    def of(cls, whole: Whole, today: date) -> ProjectResult:
        """As it stands today."""
        entry, offer = whole.entry, whole.offer
        valid = entry.verdicts[offer.project_version].valid_until >= today
        described = offer.model_dump(include=set(cls.model_fields))
        return cls.model_validate(
            {
                **described,
                "offered": valid and not entry.withdrawn,
                "withdrawn": entry.withdrawn,
                "offered_version": offer.project_version,
                "versions": _versions(entry),
                "adopters": [AdopterResult.of(adopter) for adopter in whole.adopters],
                "impact": [PublishedFigureResult.of(figure) for figure in whole.figures],
                "more_impact": whole.more_figures,
            }
        )


def _versions(entry: Entry) -> list[VersionResult]:
    """Those with a verdict, and the newest while it is weighed."""
    weighed = None if entry.withdrawn else max(entry.versions)
    shown = (number for number in sorted(entry.versions) if number in entry.verdicts or number == weighed)
    return [_version(entry, number) for number in shown]


def _version(entry: Entry, number: int) -> VersionResult:
    verdict = entry.verdicts.get(number)
    return VersionResult(
        number=number,
        submitted_on=entry.versions[number].submitted_on,
        standing=Standing.UNDER_ASSESSMENT if verdict is None else Standing.ASSESSED,
        outcome=None if verdict is None else VerdictResult.model_validate(verdict, from_attributes=True),
    )


@router.get("")
async def list_catalogue(
    _caller: Anyone,
    tx: Tx,
    page: Paging,
    today: Today,
    phase: Phase | None = None,
    target_group: Annotated[TargetGroup | None, Query(alias="targetGroup")] = None,
    evidence_level: Annotated[EvidenceLevel | None, Query(alias="evidenceLevel")] = None,
    q: Annotated[str | None, Query(max_length=300, description="Words in title or summary, in Dutch.")] = None,
) -> Page[OfferedResult]:
    """What can be taken over today, the newest first. Where no project has all the words, those with any of them."""
    wanted = Wanted(phase, target_group, evidence_level, (q or "").strip() or None)
    found = await operations.search(tx, wanted, today, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda offered: offered.project, OfferedResult.of)


@router.get("/{project}")
async def get_project(project: UUID, _caller: Anyone, tx: Tx, today: Today) -> ProjectResult:
    """One project, also when it is offered no longer."""
    return ProjectResult.of(await operations.read(tx, project), today)


@router.get("/{project}/impact")
async def list_impact(project: UUID, _caller: Anyone, tx: Tx, page: Paging) -> Page[PublishedFigureResult]:
    """All that is shown of a project now: the newest release of each figure, but for what was withdrawn."""
    await operations.read(tx, project)
    found = await store.blocks_of(tx, project, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda figure: figure.block, PublishedFigureResult.of)
