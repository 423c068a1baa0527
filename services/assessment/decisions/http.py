"""/v1/assessments/{assessment}/decision and /v1/releases: prepared over days, made known together."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.assessment.decisions import operations
from services.assessment.decisions.model import Assessment, Condition, Decision, Reason, State
from services.assessment.decisions.operations import Release
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict
from shared.web import Body, Caller, IfMatch, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/assessments/{assessment}/decision", tag="Decisions")
releases = service_router("/releases", tag="Releases")

ProgrammeManager = Annotated[Caller, caller_of(Role.PROGRAMME_MANAGER)]
UNASSIGNED = UUID(int=0)


class ReasonBody(Body):
    """Why, for one criterion, on which evidence."""

    criterion: Criterion
    reason: str
    evidence: Annotated[tuple[UUID, ...], Field(max_length=40)] = ()


class ConditionBody(Body):
    """What must still happen, and the last day for it."""

    text: str
    due_on: date


class DecisionBody(Body):
    """What the board decided. `overrideReason` is asked where that goes against the scores."""

    verdict: Verdict
    evidence_level: EvidenceLevel
    reasons: Annotated[tuple[ReasonBody, ...], Field(max_length=10)]
    conditions: Annotated[tuple[ConditionBody, ...], Field(max_length=50)] = ()
    override_reason: str | None = None

    def decision(self) -> Decision:
        """As the domain has it; conditions get their ids when it is prepared."""
        return Decision(
            self.verdict,
            self.evidence_level,
            tuple(Reason(reason.criterion, reason.reason, reason.evidence) for reason in self.reasons),
            tuple(Condition(UNASSIGNED, condition.text, condition.due_on) for condition in self.conditions),
            self.override_reason or None,
        )


class ReasonResult(Result):
    """Why, for one criterion, beside the mean score of the board."""

    criterion: Criterion
    reason: str
    evidence: list[UUID]
    mean_score: float | None


class ConditionResult(Result):
    """What must still happen, and the last day for it."""

    id: UUID
    text: str
    due_on: date


class DecisionResult(Result):
    """What the board decided. It is known to others from `releasedOn` on, and holds up to and including `validUntil`.

    `delegation` is the board's own decision by which it left this one to somebody else.
    """

    verdict: Verdict
    evidence_level: EvidenceLevel
    reasons: list[ReasonResult]
    conditions: list[ConditionResult]
    override_reason: str | None
    decided_on: date | None
    released_on: date | None
    valid_until: date | None
    delegation: str | None

    @classmethod
    def of(cls, decision: Decision) -> DecisionResult:
        """As it is shown."""
        return cls.model_validate(decision, from_attributes=True)


class DecidedResult(Result):
    """An assessment of which the decision is prepared."""

    assessment: UUID
    state: State
    decision: DecisionResult | None

    @classmethod
    def of(cls, assessment: Assessment) -> DecidedResult:
        """As it stands."""
        decision = None if assessment.decision is None else DecisionResult.of(assessment.decision)
        return cls(revision=assessment.revision, assessment=assessment.id, state=assessment.state, decision=decision)


class ReleaseBody(Body):
    """The assessments of which the decisions are made known together."""

    assessments: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)]


class RefusedResult(Result):
    """Why a decision was not made known."""

    title: str
    detail: str


class ReleaseResult(Result):
    """What became of one decision: it is known now, or it was refused."""

    assessment: UUID
    released: bool
    decision: DecisionResult | None
    refused: RefusedResult | None

    @classmethod
    def of(cls, release: Release) -> ReleaseResult:
        """With the decision, or with why not."""
        known, refusal = release.released, release.refusal
        return cls(
            assessment=release.assessment,
            released=known is not None,
            decision=DecisionResult.of(known.decision) if known and known.decision else None,
            refused=None if refusal is None else RefusedResult(title=refusal.title, detail=refusal.detail),
        )


class ReleasesResult(Result):
    """What became of each."""

    items: list[ReleaseResult]


@router.put("")
async def put_decision(
    assessment: UUID, body: DecisionBody, if_match: IfMatch, caller: ProgrammeManager, tx: Tx, today: Today
) -> DecidedResult:
    """Prepares the decision, or prepares it anew. Nobody hears of it until it is made known."""
    decided = await operations.decide(tx, assessment, body.decision(), person=caller.person, seen=if_match, today=today)
    return DecidedResult.of(decided)


@releases.post("")
async def release_decisions(body: ReleaseBody, _caller: ProgrammeManager, tx: Tx, today: Today) -> ReleasesResult:
    """Makes prepared decisions known together. One that is refused keeps none of the others back."""
    released = await operations.release(tx, body.assessments, today)
    return ReleasesResult(items=[ReleaseResult.of(release) for release in released])
