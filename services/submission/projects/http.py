"""/v1/projects: written by the organisation that submits, read by the portfolioboard once something was submitted."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.submission.outcomes import store as outcomes
from services.submission.outcomes.model import Outcomes, Standing
from services.submission.projects import operations
from services.submission.projects.model import (
    MOST_INVOLVED,
    MOST_REGIONS,
    Description,
    Involvement,
    Project,
    State,
    Summary,
    Version,
)
from services.submission.projects.operations import Reader
from shared.contracts.events import ProjectAssessed
from shared.contracts.events import project_submitted as told
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup, Verdict
from shared.refusals import Forbidden
from shared.storage import Transaction
from shared.web import (
    Body,
    Caller,
    IfMatch,
    Page,
    Paging,
    Result,
    Role,
    Today,
    Tx,
    caller_of,
    service_router,
)

router = service_router("/projects", tag="Projects")

OWNERS = (Role.SUBMITTER, Role.GEMEENTE, Role.PARTNER)
BOARD = (Role.BOARD_MEMBER, Role.PROGRAMME_MANAGER)
Owner = Annotated[Caller, caller_of(*OWNERS)]
Looker = Annotated[Caller, caller_of(*OWNERS, *BOARD)]


class NoOrganisation(Forbidden):
    """The token names no organisation, and a project belongs to one."""

    def __init__(self) -> None:
        super().__init__("Een project hoort bij een organisatie, en uw toegangsbewijs noemt er geen.")


def organisation_of(caller: Caller) -> UUID:
    """On whose behalf the caller submits. Raises: NoOrganisation."""
    if caller.organisation is None:
        raise NoOrganisation
    return caller.organisation


def reader(caller: Caller) -> Reader:
    """What the caller may see."""
    owned = caller.organisation if caller.has(*OWNERS) else None
    return Reader(owned, sees_submitted=caller.has(*BOARD))


class InvolvementBody(Body):
    """An organisation behind the project, and what it is to the project."""

    organisation: UUID
    relation: RelationKind


class DescriptionBody(Body):
    """What is told of the project so far. Everything may be missing until it is submitted."""

    title: str | None = None
    summary: str | None = None
    phases: Annotated[tuple[Phase, ...], Field(max_length=7)] = ()
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=5)] = ()
    regions: Annotated[tuple[str, ...], Field(max_length=MOST_REGIONS)] = ()
    available_from: date | None = None
    effort_fte: float | None = None
    cost_euro: int | None = None
    needed_kinds: Annotated[tuple[PartnerKind, ...], Field(max_length=17)] = ()
    needed_means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    involvements: Annotated[tuple[InvolvementBody, ...], Field(max_length=MOST_INVOLVED)] = ()

    def description(self) -> Description:
        """As the domain has it."""
        involved = tuple(Involvement(i.organisation, i.relation) for i in self.involvements)
        return Description(**{**dict(self), "involvements": involved})


class WithdrawalBody(Body):
    """Why the project is offered no longer."""

    reason: str


class DescriptionResult(Result):
    """What is told of the project."""

    title: str | None
    summary: str | None
    phases: list[Phase]
    target_groups: list[TargetGroup]
    regions: list[str]
    available_from: date | None
    effort_fte: float | None
    cost_euro: int | None
    needed_kinds: list[PartnerKind]
    needed_means: list[Means]
    involvements: list[told.Involvement]
    evidence: list[told.Evidence]

    @classmethod
    def of(cls, description: Description) -> DescriptionResult:
        """As it is shown."""
        return cls.model_validate(description, from_attributes=True)


class VersionResult(Result):
    """A version that was submitted, and what became of it. `outcome` is what the board made known."""

    number: int
    submitted_on: date
    standing: Standing
    outcome: ProjectAssessed | None

    @classmethod
    def of(cls, version: Version, project: Project, known: Outcomes, **more: object) -> Self:
        """As it stands between the project's other versions."""
        withdrawn = project.withdrawn_on is not None
        shown = {
            "number": version.number,
            "submitted_on": version.submitted_on,
            "standing": known.standing(version.number, len(project.versions), withdrawn=withdrawn),
            "outcome": known.of_version.get(version.number),
        }
        return cls.model_validate({**shown, **more})


class WholeVersionResult(VersionResult):
    """A version with all that it tells."""

    description: DescriptionResult


class ProjectResult(Result):
    """A project. `concept` is the version being written, only for its own organisation."""

    id: UUID
    organisation: UUID
    state: State
    concept: DescriptionResult | None
    versions: list[VersionResult]
    withdrawn_on: date | None
    withdrawal_reason: str | None

    @classmethod
    def of(cls, project: Project, known: Outcomes) -> ProjectResult:
        """As it stands, with what became of each version."""
        return cls(
            revision=project.revision,
            id=project.id,
            organisation=project.organisation,
            state=project.state,
            concept=None if project.concept is None else DescriptionResult.of(project.concept),
            versions=[VersionResult.of(version, project, known) for version in project.versions],
            withdrawn_on=project.withdrawn_on,
            withdrawal_reason=project.withdrawal_reason,
        )


class ProjectSummaryResult(Result):
    """A project in a list. `verdict` is the newest that the board made known, and `verdictVersion` what it is about."""

    id: UUID
    organisation: UUID
    title: str | None
    phases: list[Phase]
    state: State
    version: int | None
    submitted_on: date | None
    has_concept: bool
    withdrawn_on: date | None
    verdict: Verdict | None = None
    verdict_version: int | None = None

    @classmethod
    def of(cls, summary: Summary, known: Outcomes | None) -> ProjectSummaryResult:
        """With the newest verdict, if there is one."""
        result = cls.model_validate(summary, from_attributes=True)
        if known is None:
            return result
        newest = max(known.of_version)
        return result.model_copy(update={"verdict": known.of_version[newest].verdict, "verdict_version": newest})


class MissingResult(Result):
    """One thing that is missing or wrong, with its field."""

    field: str
    message: str


class CompletenessResult(Result):
    """What still stands in the way of submitting."""

    complete: bool
    missing: list[MissingResult]


async def _with_outcomes(tx: Transaction, project: Project) -> ProjectResult:
    known = await outcomes.load_many(tx, [project.id])
    return ProjectResult.of(project, known.get(project.id, Outcomes(project.id)))


@router.post("", status_code=201)
async def begin_project(body: DescriptionBody, caller: Owner, tx: Tx) -> ProjectResult:
    """Begins a project of the caller's organisation, with as much as is known of it."""
    return await _with_outcomes(tx, await operations.begin(tx, organisation_of(caller), body.description()))


@router.get("")
async def list_projects(caller: Looker, tx: Tx, page: Paging) -> Page[ProjectSummaryResult]:
    """The caller's own projects, and for the portfolioboard all that were submitted; the newest first."""
    found = await operations.summaries(tx, reader(caller), page.after_uuid, page.limit + 1)
    known = await outcomes.load_many(tx, [summary.id for summary in found])
    return Page.of(found, page, lambda s: s.id, lambda s: ProjectSummaryResult.of(s, known.get(s.id)))


@router.get("/{project}")
async def get_project(project: UUID, caller: Looker, tx: Tx) -> ProjectResult:
    """A project: its concept for its own organisation only, and what became of each version."""
    return await _with_outcomes(tx, await operations.read(tx, project, reader(caller)))


@router.put("/{project}")
async def put_project(project: UUID, body: DescriptionBody, if_match: IfMatch, caller: Owner, tx: Tx) -> ProjectResult:
    """Saves the concept, complete or not. Evidence comes and goes by addresses of its own."""
    saved = await operations.write(tx, project, organisation_of(caller), body.description(), if_match)
    return await _with_outcomes(tx, saved)


@router.get("/{project}/completeness")
async def get_completeness(project: UUID, caller: Owner, tx: Tx) -> CompletenessResult:
    """What still stands in the way of submitting the concept."""
    known = await operations.read(tx, project, Reader(organisation_of(caller), sees_submitted=False))
    missing = [MissingResult(field=fault.field, message=fault.message) for fault in known.missing()]
    return CompletenessResult(complete=not missing, missing=missing)


@router.get("/{project}/versions/{number}")
async def get_version(project: UUID, number: int, caller: Looker, tx: Tx) -> WholeVersionResult:
    """A version as it was submitted, and what became of it."""
    read = await operations.read(tx, project, reader(caller))
    known = (await outcomes.load_many(tx, [project])).get(project, Outcomes(project))
    version = read.version(number)
    return WholeVersionResult.of(version, read, known, description=DescriptionResult.of(version.description))


@router.post("/{project}/submissions", status_code=201)
async def submit_project(project: UUID, caller: Owner, tx: Tx, today: Today) -> ProjectResult:
    """Submits the concept as the next version, or names everything that is missing at once."""
    return await _with_outcomes(tx, await operations.submit(tx, project, organisation_of(caller), today))


@router.post("/{project}/versions", status_code=201)
async def begin_version(project: UUID, caller: Owner, tx: Tx) -> ProjectResult:
    """Begins the next version from the one that was submitted last; also of a project that was withdrawn."""
    return await _with_outcomes(tx, await operations.revise(tx, project, organisation_of(caller)))


@router.post("/{project}/withdrawals", status_code=201)
async def withdraw_project(project: UUID, body: WithdrawalBody, caller: Owner, tx: Tx, today: Today) -> ProjectResult:
    """Takes the project off the offer. Adoptions that run go on; a next version brings it back."""
    withdrawn = await operations.withdraw(tx, project, organisation_of(caller), body.reason, today)
    return await _with_outcomes(tx, withdrawn)
