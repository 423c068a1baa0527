"""/v1/assessments: what the board has before it, each as whoever looks may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from services.assessment.board import store as board
from services.assessment.board.model import Seat
from services.assessment.decisions.http import DecisionResult
from services.assessment.decisions.model import State
from services.assessment.decisions.store import Summary
from services.assessment.dockets import operations
from services.assessment.dockets.model import Docket, Place, Progress
from services.assessment.portfolio import operations as portfolio
from services.assessment.portfolio.http import AdditionResult
from services.assessment.portfolio.model import Addition
from services.assessment.reviews.http import ReviewResult, ScoreResult
from shared.conflicts import Chain
from shared.contracts.events import ProjectSubmitted
from shared.contracts.vocabulary import Criterion, Phase, RelationKind, Verdict
from shared.web import Caller, Page, Paging, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/assessments", tag="Assessments")

Viewer = Annotated[Caller, caller_of(Role.BOARD_MEMBER, Role.PROGRAMME_MANAGER)]


class OrganisationResult(Result):
    """An organisation, with the name that the partner registry has for it."""

    organisation: UUID
    name: str | None


class ConflictResult(Result):
    """How a member is bound to the project: from the member's organisation to one behind the project, step by step."""

    organisations: list[OrganisationResult]
    relations: list[RelationKind]

    @classmethod
    def of(cls, chain: Chain | None, names: Mapping[UUID, str]) -> ConflictResult | None:
        """None where there is no conflict of interest."""
        if chain is None:
            return None
        passed = [OrganisationResult(organisation=o, name=names.get(o)) for o in chain.organisations]
        return cls(organisations=passed, relations=list(chain.kinds))


class PlaceResult(Result):
    """A member beside this assessment, and how far that member is."""

    member: UUID
    seat: Seat
    name: str | None
    progress: Progress
    conflict: ConflictResult | None


class QuorumResult(Result):
    """What a decision needs, what there is, and what is lacking in words (null when there is enough)."""

    reviews: int
    seats: int
    reviews_counted: int
    seats_counted: int
    lacking: str | None


class MissingResult(Result):
    """One thing that a review still misses, with its field."""

    field: str
    message: str


class MyReviewResult(ReviewResult):
    """The caller's own review; its `revision` is what If-Match compares, 0 before it was begun."""

    missing: list[MissingResult]


class OthersReviewResult(Result):
    """What somebody else found, and whether it counts: not where a conflict of interest has come up since."""

    member: UUID
    seat: Seat
    scores: list[ScoreResult]
    handed_in_on: date | None
    counts: bool


class AssessmentResult(Result):
    """An assessment. What others found, the means, the advice and the decision appear after the caller's own review."""

    id: UUID
    project: UUID
    project_version: int
    framework_version: int
    state: State
    offered: bool
    dossier: ProjectSubmitted
    organisations: list[OrganisationResult]
    adds: AdditionResult
    quorum: QuorumResult
    places: list[PlaceResult]
    mine: MyReviewResult | None
    shows_scores: bool
    reviews: list[OthersReviewResult]
    means: dict[Criterion, float | None] | None
    advice: Verdict | None
    decision: DecisionResult | None

    @classmethod
    def of(cls, docket: Docket, names: Mapping[UUID, str], addition: Addition) -> AssessmentResult:
        """`names` are those of persons."""
        assessment, behind = docket.assessment, docket.assessment.dossier.involvements
        involved = dict.fromkeys(involvement.organisation for involvement in behind)
        return cls(
            revision=assessment.revision,
            id=assessment.id,
            project=assessment.project,
            project_version=assessment.project_version,
            framework_version=assessment.framework_version,
            state=assessment.state,
            offered=assessment.offered,
            dossier=assessment.dossier,
            organisations=[OrganisationResult(organisation=o, name=docket.names.get(o)) for o in involved],
            adds=AdditionResult.of(addition),
            quorum=_quorum(docket),
            places=[_place(place, docket, names) for place in docket.places],
            mine=_mine(docket),
            shows_scores=docket.shows_scores,
            reviews=_others(docket),
            means=None if docket.means is None else dict(docket.means),
            advice=docket.advice,
            decision=None if docket.decision is None else DecisionResult.of(docket.decision),
        )


class AssessmentSummaryResult(Result):
    """An assessment in a list. `conflict` tells whether the caller may not review it."""

    id: UUID
    project: UUID
    project_version: int
    title: str
    phases: list[Phase]
    submitted_on: date
    state: State
    offered: bool
    handed_in: int
    begun_by_me: bool
    handed_in_by_me: bool
    conflict: bool = False
    verdict: Verdict | None
    valid_until: date | None

    @classmethod
    def of(cls, summary: Summary, *, conflict: bool) -> AssessmentSummaryResult:
        """As it is shown."""
        return cls.model_validate(summary, from_attributes=True).model_copy(update={"conflict": conflict})


def _quorum(docket: Docket) -> QuorumResult:
    quorum, members = docket.board.quorum, [review.member for review in docket.counted]
    return QuorumResult(
        reviews=quorum.reviews,
        seats=quorum.seats,
        reviews_counted=len(members),
        seats_counted=len({member.seat for member in members}),
        lacking=docket.lacking,
    )


def _place(place: Place, docket: Docket, names: Mapping[UUID, str]) -> PlaceResult:
    member = place.member
    return PlaceResult(
        member=member.id,
        seat=member.seat,
        name=names.get(member.person),
        progress=place.progress,
        conflict=ConflictResult.of(place.chain, docket.names),
    )


def _mine(docket: Docket) -> MyReviewResult | None:
    if docket.own is None:
        return None
    missing = [MissingResult(field=fault.field, message=fault.message) for fault in docket.missing]
    return MyReviewResult.model_validate({**dict(ReviewResult.of(docket.own)), "missing": missing})


def _others(docket: Docket) -> list[OthersReviewResult]:
    counted = {review.id for review in docket.counted}
    return [
        OthersReviewResult(
            member=review.member.id,
            seat=review.member.seat,
            scores=ReviewResult.of(review).scores,
            handed_in_on=review.handed_in_on,
            counts=review.id in counted,
        )
        for review in docket.others
    ]


@router.get("")
async def list_assessments(
    caller: Viewer, tx: Tx, today: Today, page: Paging, state: State | None = None
) -> Page[AssessmentSummaryResult]:
    """What the board has before it; the oldest first."""
    manages = caller.has(Role.PROGRAMME_MANAGER)
    found = await operations.listed(
        tx, caller.person, state, page.after_uuid, page.limit + 1, today=today, manages=manages
    )
    return Page.of(found, page, lambda row: row[0].id, lambda row: AssessmentSummaryResult.of(row[0], conflict=row[1]))


@router.get("/{assessment}")
async def get_assessment(assessment: UUID, caller: Viewer, tx: Tx, today: Today) -> AssessmentResult:
    """The project as it was submitted with its evidence, and how far the board is with it."""
    manages = caller.has(Role.PROGRAMME_MANAGER)
    docket = await operations.docket(tx, assessment, caller.person, today, manages=manages)
    names = await board.names(tx, {place.member.person for place in docket.places})
    return AssessmentResult.of(docket, names, await portfolio.addition(tx, assessment, today))
