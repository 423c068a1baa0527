"""/v1/adoptions: a gemeente's own, seen by who takes part in them or was invited to, and by the programme managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from services.matching.adoptions import operations, store
from services.matching.adoptions.model import Adoption, Milestone, MilestoneState, Step, Viewer
from services.matching.adoptions.operations import Wish
from services.matching.catalogue import store as catalogue
from services.matching.funding import store as funding
from services.matching.funding.model import MOST_EURO, BaseContribution, FundingPlan
from services.matching.gemeenten.model import short_name
from services.matching.organisations import store as organisations
from services.matching.partnerships.model import Partnership, PartnershipState
from shared.contracts.vocabulary import CommitmentStage, Means
from shared.storage import Transaction
from shared.web import Body, Caller, IfMatch, Page, Paging, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/adoptions", tag="Adoptions")

Own = Annotated[Caller, caller_of(Role.GEMEENTE)]
Reader = Annotated[Caller, caller_of(Role.GEMEENTE, Role.PARTNER, Role.PROGRAMME_MANAGER)]
Taking = Annotated[Caller, caller_of(Role.GEMEENTE, Role.PARTNER)]
OpenCondition = Annotated[str, Field(min_length=1, max_length=1000)]
OpenConditions = Annotated[tuple[OpenCondition, ...], Field(max_length=20)]
Euro = Annotated[int, Field(ge=0, le=MOST_EURO)]
Amount = Annotated[int, Field(ge=1, le=MOST_EURO)]


async def viewer_of(caller: Caller, tx: Transaction) -> Viewer:
    """What the caller may see: a gemeente is an organisation too, and may take part in what another gemeente does."""
    gemeente = caller.gemeente if caller.has(Role.GEMEENTE) else None
    own = {caller.organisation} if caller.has(Role.PARTNER) and caller.organisation else set()
    known = await organisations.of_gemeenten(tx, [gemeente] if gemeente else [])
    return Viewer(gemeente, frozenset(own.union(known.values())), caller.has(Role.PROGRAMME_MANAGER))


def gemeente_of(caller: Caller) -> str:
    """The caller's own gemeente: a role of a gemeente holds only with its code."""
    return caller.gemeente or ""


class BaseContributionBody(Body):
    """What the gemeente brings itself. The expiry day still counts."""

    amount_euro: Amount
    stage: CommitmentStage = CommitmentStage.TOEZEGGING
    open_conditions: OpenConditions = ()
    expires_on: date | None = None


class AdoptionBody(Body):
    """What a gemeente takes over. Whether it may be named in public must be said. The costs of the project are the budget,
    unless another is given."""

    project: UUID
    project_version: int | None = None
    may_be_named: bool
    budget_euro: Euro | None = None
    base_contribution: BaseContributionBody | None = None

    @property
    def wish(self) -> Wish:
        """As the domain has it."""
        base = None if self.base_contribution is None else BaseContribution(**dict(self.base_contribution))
        return Wish(self.project, self.may_be_named, self.project_version, self.budget_euro, base)


class MilestoneBody(Body):
    """A milestone as it stands: whose it is, when it must be done, how far it is, and what holds it up."""

    owner: UUID
    due_on: date
    state: MilestoneState
    blocker: str | None = None


class NamingBody(Body):
    """Whether it may be said in public that this gemeente takes part."""

    may_be_named: bool


class EndingBody(Body):
    """Why the adoption ends."""

    reason: str


class MilestoneResult(Result):
    """A milestone. `label` is what people read."""

    kind: Step
    label: str
    owner: UUID
    due_on: date
    state: MilestoneState
    blocker: str | None
    late: bool

    @classmethod
    def of(cls, milestone: Milestone, today: date) -> MilestoneResult:
        """As it stands today."""
        return cls(
            kind=milestone.step,
            label=milestone.step.label,
            owner=milestone.owner,
            due_on=milestone.due_on,
            state=milestone.state,
            blocker=milestone.blocker,
            late=milestone.is_late(today),
        )


class PartnershipResult(Result):
    """An organisation in a role. `invited`: the gemeente asked it; else it claimed to take part."""

    id: UUID
    adoption: UUID
    organisation: UUID
    role: Means
    invited: bool
    claimed_on: date
    state: PartnershipState
    decided_on: date | None
    refusal_reason: str | None

    @classmethod
    def of(cls, partnership: Partnership, adoption: Adoption) -> PartnershipResult:
        """As it stands in this adoption."""
        return cls(
            id=partnership.id,
            adoption=adoption.id,
            organisation=partnership.organisation,
            role=partnership.role,
            invited=adoption.is_invitation(partnership),
            claimed_on=partnership.claimed_on,
            state=partnership.state,
            decided_on=partnership.decided_on,
            refusal_reason=partnership.refusal_reason,
        )


class FundingSummaryResult(Result):
    """How a plan stands today, in whole euros. `gapEuro` is what firm commitments leave open; pending ones may still come."""

    budget_euro: int
    firm_euro: int
    pending_euro: int
    gap_euro: int
    secured: bool


class AdoptionResult(Result):
    """An adoption. Claims of others are shown to the gemeente alone; whether anything was `measured` too (null to partners)."""

    id: UUID
    gemeente: str
    gemeente_name: str
    gemeente_organisation: UUID
    project: UUID
    project_version: int
    project_title: str | None
    may_be_named: bool
    started_on: date
    ended_on: date | None
    end_reason: str | None
    measured: bool | None
    funding: FundingSummaryResult
    milestones: list[MilestoneResult]
    partnerships: list[PartnershipResult]


def summary(plan: FundingPlan, today: date) -> Mapping[str, int | bool]:
    """The figures of a plan as they are today."""
    return {
        "budget_euro": plan.budget_euro,
        "firm_euro": plan.firm_euro(today),
        "pending_euro": plan.pending_euro(today),
        "gap_euro": plan.gap_euro(today),
        "secured": plan.is_covered(today),
    }


async def _results(tx: Transaction, found: Sequence[Adoption], viewer: Viewer, today: date) -> list[AdoptionResult]:
    plans = await funding.read_many(tx, [adoption.id for adoption in found])
    titles = await catalogue.titles(tx, {adoption.project for adoption in found})
    return [
        AdoptionResult(
            revision=a.revision,
            id=a.id,
            gemeente=a.gemeente,
            gemeente_name=short_name(a.gemeente),
            gemeente_organisation=a.gemeente_organisation,
            project=a.project,
            project_version=a.project_version,
            project_title=titles.get((a.project, a.project_version)),
            may_be_named=a.may_be_named,
            started_on=a.started_on,
            ended_on=a.ended_on,
            end_reason=a.end_reason,
            measured=a.measured if a.is_seen_whole_by(viewer) else None,
            funding=FundingSummaryResult.model_validate(summary(plans[a.id], today)),
            milestones=[MilestoneResult.of(milestone, today) for milestone in a.milestones],
            partnerships=[PartnershipResult.of(partnership, a) for partnership in a.shown_to(viewer)],
        )
        for a in found
    ]


async def _result(tx: Transaction, adoption: Adoption, caller: Caller, today: date) -> AdoptionResult:
    return (await _results(tx, [adoption], await viewer_of(caller, tx), today))[0]


@router.post("", status_code=201)
async def start_adoption(body: AdoptionBody, caller: Own, tx: Tx, today: Today) -> AdoptionResult:
    """Takes a project over: the version on offer, with ten milestones and a funding plan."""
    return await _result(tx, await operations.start(tx, gemeente_of(caller), body.wish, today), caller, today)


@router.get("")
async def list_adoptions(
    caller: Reader,
    tx: Tx,
    page: Paging,
    today: Today,
    project: UUID | None = None,
    running: Annotated[bool | None, Query(description="Only those that run, or only those that ended.")] = None,
) -> Page[AdoptionResult]:
    """The adoptions that the caller may see, the newest first."""
    viewer = await viewer_of(caller, tx)
    found = await store.seen_by(tx, viewer, page.after_uuid, page.limit + 1, project=project, running=running)
    return Page.of(await _results(tx, found, viewer, today), page, lambda a: a.id, lambda a: a)


@router.get("/{adoption}")
async def get_adoption(adoption: UUID, caller: Reader, tx: Tx, today: Today) -> AdoptionResult:
    """One adoption."""
    viewer = await viewer_of(caller, tx)
    return (await _results(tx, [await operations.read(tx, adoption, viewer)], viewer, today))[0]


@router.put("/{adoption}/milestones/{kind}")
async def put_milestone(
    adoption: UUID, kind: Step, body: MilestoneBody, if_match: IfMatch, caller: Own, tx: Tx, today: Today
) -> AdoptionResult:
    """States a milestone anew. If-Match is the adoption's."""
    stated = Milestone(kind, body.owner, body.due_on, body.state, body.blocker)
    changed = await operations.put_milestone(tx, adoption, gemeente_of(caller), stated, if_match)
    return await _result(tx, changed, caller, today)


@router.put("/{adoption}/naming")
async def put_naming(
    adoption: UUID, body: NamingBody, if_match: IfMatch, caller: Own, tx: Tx, today: Today
) -> AdoptionResult:
    """Changes whether the gemeente may be named in public, also after the end. If-Match is the adoption's."""
    own = gemeente_of(caller)
    changed = await operations.put_naming(tx, adoption, own, if_match, in_public=body.may_be_named)
    return await _result(tx, changed, caller, today)


@router.post("/{adoption}/endings", status_code=201)
async def end_adoption(adoption: UUID, body: EndingBody, caller: Own, tx: Tx, today: Today) -> AdoptionResult:
    """Ends it, today: nothing changes in it any more but whether the gemeente may be named."""
    return await _result(tx, await operations.end(tx, adoption, gemeente_of(caller), body.reason, today), caller, today)
