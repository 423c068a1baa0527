"""What can happen to a funding plan. Each is one transaction; each leaves plan and events in step.

A plan is locked with its adoption, and nothing changes in it any more once that has ended. `seen` is the revision of the
plan that the caller looked at; None means that it does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.matching.adoptions import store as adoptions
from services.matching.adoptions.model import Adoption
from services.matching.funding import store
from services.matching.funding.model import (
    BaseContribution,
    Commitment,
    CommitmentOfAnother,
    FundingPlan,
    InvalidCommitments,
    Reopened,
    Secured,
)
from shared.contracts.events import FundingReopened, FundingSecured
from shared.publishing.taking import NotYours, Offer
from shared.refusals import Fault, StaleRevision, UnknownEntity
from shared.storage import Transaction


async def begin(tx: Transaction, adoption: Adoption, base: BaseContribution | None, today: date) -> FundingPlan:
    """The plan of an adoption that starts, with what the gemeente brings itself, if it said so."""
    plan = FundingPlan(adoption.id, adoption.budget_euro, adoption.gemeente_organisation)
    if base is not None:
        terms = (base.amount_euro, base.stage, base.open_conditions, base.expires_on)
        own = Commitment(await adoptions.new_id(tx), adoption.gemeente_organisation, *terms)
        plan = plan.with_commitment(own)
    return await _settle(tx, plan, today)


async def commit(
    tx: Transaction, adoption: UUID, commitment: Commitment, today: date, seen: int | None = None
) -> FundingPlan:
    """Adds or changes one commitment.

    Raises: UnknownEntity, StaleRevision, AdoptionHasEnded; what `FundingPlan.with_commitment` raises.
    """
    plan = await _locked(tx, adoption, seen)
    return await _settle(tx, plan.with_commitment(commitment), today)


async def take_secured(tx: Transaction, offer: Offer[FundingSecured]) -> UUID:
    """A publisher tells of the commitments that secure a plan: they are added or restated, and the rule must hold then.

    Taken are the commitments, with the publisher's own ids; those of the plan that it does not name stay as they are. Every
    organisation must be the gemeente or take part in the adoption. Checked are `budgetEuro`, which is the gemeente's to
    change, and `firm` of each commitment. Not taken are `firmEuro`, `gapEuro` and `on`: they follow from the commitments, and
    today counts. Nothing is said where the plan was secured already.

    Raises: NotYours, UnknownEntity, AdoptionHasEnded, InvalidCommitments, FundingGap.
    """
    said = offer.data
    known = await _covered(tx, offer)
    plan = await store.read(tx, said.adoption)
    told = _with_told(plan, said, known, offer.today)
    told.check_covered(offer.today)
    await _settle(tx, told, offer.today)
    return said.adoption


async def withdraw(tx: Transaction, adoption: UUID, commitment: UUID, organisation: UUID, today: date) -> FundingPlan:
    """The organisation takes back what it meant to bring.

    Raises: UnknownEntity, AdoptionHasEnded, CommitmentOfAnother, CommitmentWithdrawn.
    """
    plan = await _locked(tx, adoption)
    if plan.commitment(commitment).organisation != organisation:
        raise CommitmentOfAnother("Deze bijdrage is van een andere organisatie.")
    return await _settle(tx, plan.without(commitment), today)


async def set_budget(tx: Transaction, adoption: UUID, budget_euro: int, today: date, seen: int) -> FundingPlan:
    """Raises: UnknownEntity, StaleRevision, AdoptionHasEnded, InvalidAmount."""
    plan = await _locked(tx, adoption, seen)
    return await _settle(tx, plan.with_budget(budget_euro), today)


async def lapse(tx: Transaction, today: date) -> list[FundingPlan]:
    """Settles every plan of which a commitment lapsed since yesterday; run daily, and harmless to run twice."""
    locked = await adoptions.lock_many(tx, await store.lapsed(tx, today))
    plans = await store.read_many(tx, [adoption.id for adoption in locked if adoption.ended_on is None])
    return [await _settle(tx, plan, today) for plan in plans.values()]


async def _covered(tx: Transaction, offer: Offer[FundingSecured]) -> Adoption:
    """The adoption, locked, if it goes on. One that the right does not cover looks like one that is not there.

    Raises: NotYours, UnknownEntity, AdoptionHasEnded.
    """
    said, right = offer.data, offer.right
    hidden = NotYours("adoption", f"overname {said.adoption} (onbekend, of buiten uw recht)")
    try:
        known = await adoptions.lock(tx, said.adoption)
    except UnknownEntity:
        if right.gemeenten.everything and right.projects.everything:
            raise
        raise hidden from None
    if not (right.gemeenten.covers(known.gemeente) and right.projects.covers(str(known.project))):
        raise hidden
    known.check_goes_on()
    return known


def _with_told(plan: FundingPlan, said: FundingSecured, known: Adoption, today: date) -> FundingPlan:
    """The plan with what is told of it. Raises: InvalidCommitments, naming everything that is wrong at once."""
    faults = [*_faults_of(plan, said, known)]
    try:
        told = plan.with_told(said.commitments, today)
    except InvalidCommitments as wrong:
        raise InvalidCommitments(wrong.detail, [*faults, *wrong.faults]) from None
    if faults:
        raise InvalidCommitments("De bijdragen kloppen niet.", faults)
    return told


def _faults_of(plan: FundingPlan, said: FundingSecured, known: Adoption) -> Iterator[Fault]:
    if said.budget_euro != plan.budget_euro:
        yield Fault("budgetEuro", f"Het budget is {plan.budget_euro} euro. Alleen de gemeente kan het wijzigen.")
    if len({told.commitment for told in said.commitments}) < len(said.commitments):
        yield Fault("commitments", "Noem elke bijdrage één keer.")
    takes_part = known.partners | {known.gemeente_organisation}
    for place, told in enumerate(said.commitments):
        if told.organisation not in takes_part:
            yield Fault(f"commitments.{place}.organisation", "Deze organisatie doet nog niet mee aan deze overname.")


async def _locked(tx: Transaction, adoption: UUID, seen: int | None = None) -> FundingPlan:
    known = await adoptions.lock(tx, adoption)
    plan = await store.read(tx, adoption)
    if seen is not None and seen != plan.revision:
        raise StaleRevision(seen, plan.revision)
    known.check_goes_on()
    return plan


async def _settle(tx: Transaction, plan: FundingPlan, today: date) -> FundingPlan:
    plan, turn = plan.settle(today)
    told = {
        "firm_euro": plan.firm_euro(today),
        "gap_euro": plan.gap_euro(today),
        "commitments": plan.told(today),
        "on": today,
    }
    match turn:
        case Secured():
            tx.say(FundingSecured.of(plan, **told))
        case Reopened(because):
            tx.say(FundingReopened.of(plan, because=because, **told))
    return await store.save(tx, plan)
