"""/v1/adoptions/{adoption}/observations and /v1/observations: exact figures, for the gemeente itself and programme managers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, SkipValidation, ValidationError

from services.impact.adoptions.http import Looker, Owner, gemeente_of, reader
from services.impact.indicators.model import Figures
from services.impact.observations import operations
from services.impact.observations.model import InvalidObservation, Observation, Outcome, Provenance, Statement
from services.impact.plans.model import Period
from shared.contracts.events.impact_recorded import Figure
from shared.refusals import Refusal
from shared.web import Body, IfMatch, Now, Page, Paging, Result, Today, Tx, service_router
from shared.web.faults import faults_of

router = service_router("/adoptions/{adoption}/observations", tag="Observations")
batches = service_router("/adoptions/{adoption}/observation-batches", tag="Observation batches")
figures = service_router("/observations/{observation}", tag="Observations")

MOST_AT_ONCE = 500


class ProvenanceBody(Body):
    """The registration that was counted in, how, and a place to look it up if there is one."""

    source: str
    method: str
    link: str | None = None


class FigureBody(Body):
    """A figure with where it comes from. A percentage has `numerator` and `denominator`; every other kind has `value`."""

    value: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None
    provenance: ProvenanceBody

    def figures(self) -> Figures:
        """As the domain has them."""
        return Figures(self.value, self.numerator, self.denominator)

    def source(self) -> Provenance:
        """As the domain has it."""
        return Provenance(**dict(self.provenance))


class ObservationBody(FigureBody):
    """A figure of one indicator over one period: an aggregate, never of one person. Both days belong to the period."""

    indicator: str
    period_start: date
    period_end: date
    breakdown: str | None = None

    def statement(self) -> Statement:
        """As the domain has it."""
        period = Period(self.period_start, self.period_end)
        return Statement(self.indicator, period, self.figures(), self.source(), self.breakdown)


class CorrectionBody(FigureBody):
    """The figure as it should have been, and why it changes."""

    reason: str


class WithdrawalBody(Body):
    """Why the figure holds no longer."""

    reason: str


class BatchBody(Body):
    """Several figures; each is judged by itself."""

    observations: Annotated[tuple[SkipValidation[ObservationBody], ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ProvenanceResult(Result):
    """Where a figure comes from."""

    source: str
    method: str
    link: str | None


class VersionResult(Result):
    """A figure as it stood at one time; the first version has no `correctionReason`."""

    version: int
    value: Figure | None
    numerator: int | None
    denominator: int | None
    provenance: ProvenanceResult
    recorded_on: date
    correction_reason: str | None
    withdrawn: bool


class ObservationResult(VersionResult):
    """A figure as it stands now: its newest version."""

    id: UUID
    adoption: UUID
    indicator: str
    period_start: date
    period_end: date
    breakdown: str | None

    @classmethod
    def of(cls, observation: Observation) -> ObservationResult:
        """With its version as the revision that a correction must name."""
        return cls.model_validate({**_told(observation), "revision": observation.version})


class WholeObservationResult(ObservationResult):
    """A figure with all its versions, the oldest first."""

    versions: list[VersionResult]


class FaultResult(Result):
    """One thing that is wrong with a figure."""

    field: str
    message: str


class OutcomeResult(Result):
    """What became of one figure of a batch: it was recorded, or `errors` says why not. `index` counts from 0."""

    index: int
    recorded: bool
    observation: UUID | None
    detail: str | None
    errors: list[FaultResult]

    @classmethod
    def of(cls, index: int, outcome: Outcome, *, dry_run: bool) -> OutcomeResult:
        """In a dry run nothing was written, so there is no observation."""
        if isinstance(outcome, Observation):
            made = None if dry_run else outcome.id
            return cls(index=index, recorded=True, observation=made, detail=None, errors=[])
        errors = [FaultResult(field=fault.field, message=fault.message) for fault in outcome.faults]
        return cls(index=index, recorded=False, observation=None, detail=outcome.detail, errors=errors)


class BatchResult(Result):
    """What became of each figure. In a dry run: what would have become of it; nothing was written or told."""

    dry_run: bool
    recorded: int
    refused: int
    items: list[OutcomeResult]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], *, dry_run: bool) -> BatchResult:
        """In the order in which they were sent."""
        items = [OutcomeResult.of(index, outcome, dry_run=dry_run) for index, outcome in enumerate(outcomes)]
        recorded = sum(item.recorded for item in items)
        return cls(dry_run=dry_run, recorded=recorded, refused=len(items) - recorded, items=items)


def _told(observation: Observation) -> dict[str, Any]:
    known = asdict(observation)
    return {**known, **known["figures"]}


def _read(given: object) -> Statement | Refusal:
    """One figure of a batch: a malformed one is refused, and keeps none of the others back."""
    try:
        return ObservationBody.model_validate(given).statement()
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        return InvalidObservation("Het cijfer is niet te lezen.", faults_of(errors, given))


@router.post("", status_code=201)
async def record_observation(
    adoption: UUID, body: ObservationBody, caller: Owner, tx: Tx, now: Now
) -> ObservationResult:
    """Records a figure. What may be shown of it is published in the same moment."""
    (outcome,) = await operations.record(tx, adoption, gemeente_of(caller), [body.statement()], now)
    if isinstance(outcome, Refusal):
        raise outcome
    return ObservationResult.of(outcome)


@router.get("")
async def list_observations(
    adoption: UUID,
    caller: Looker,
    tx: Tx,
    page: Paging,
    today: Today,
    indicator: Annotated[str | None, Query(description="Only figures of this indicator.")] = None,
) -> Page[ObservationResult]:
    """The figures of an adoption, in the order in which they were recorded."""
    who = reader(caller, today)
    found = await operations.page(tx, adoption, who, indicator=indicator, after=page.after_uuid, limit=page.limit + 1)
    return Page.of(found, page, lambda observation: observation.id, ObservationResult.of)


@batches.post("")
async def record_observations(
    adoption: UUID,
    body: BatchBody,
    caller: Owner,
    tx: Tx,
    now: Now,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only tell what would happen.")] = False,
) -> BatchResult:
    """Records several figures at once, each by itself: the answer says of each what became of it."""
    read = [_read(given) for given in body.observations]
    stated = [each for each in read if isinstance(each, Statement)]
    judged = iter(await operations.record(tx, adoption, gemeente_of(caller), stated, now, dry_run=dry_run))
    outcomes = [next(judged) if isinstance(each, Statement) else each for each in read]
    return BatchResult.of(outcomes, dry_run=dry_run)


@figures.get("")
async def get_observation(observation: UUID, caller: Looker, tx: Tx, today: Today) -> WholeObservationResult:
    """A figure with all its versions."""
    versions = await operations.versions(tx, observation, reader(caller, today))
    told = [VersionResult.model_validate(_told(version)) for version in versions]
    return WholeObservationResult.model_validate(
        {**_told(versions[-1]), "revision": versions[-1].version, "versions": told}
    )


@figures.put("")
async def correct_observation(
    observation: UUID, body: CorrectionBody, if_match: IfMatch, caller: Owner, tx: Tx, now: Now
) -> ObservationResult:
    """Corrects a figure, or brings back one that was withdrawn. What everybody sees follows, at most once a day."""
    changed = await operations.correct(
        tx,
        observation,
        gemeente_of(caller),
        figures=body.figures(),
        provenance=body.source(),
        reason=body.reason,
        now=now,
        seen=if_match,
    )
    return ObservationResult.of(changed)


@figures.post("/withdrawals", status_code=201)
async def withdraw_observation(
    observation: UUID, body: WithdrawalBody, caller: Owner, tx: Tx, now: Now
) -> ObservationResult:
    """Withdraws a figure: it counts nowhere any more, and can be brought back by a correction."""
    return ObservationResult.of(await operations.withdraw(tx, observation, gemeente_of(caller), body.reason, now))
