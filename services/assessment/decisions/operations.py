"""What can happen to an assessment. Each is one transaction; each leaves assessment and events in step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.assessment.board import store as board
from services.assessment.decisions import store
from services.assessment.decisions.model import Assessment, Decision, check_quorum
from services.assessment.frameworks.model import framework_numbered
from services.assessment.reviews import operations as reviews
from shared.contracts.encoding import encoded
from shared.refusals import Refusal, UnknownEntity
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class Release:
    """What became of one assessment that was to be made known: it was, or it was refused."""

    assessment: UUID
    released: Assessment | None = None
    refusal: Refusal | None = None


async def decide(
    tx: Transaction, assessment: UUID, decision: Decision, *, person: UUID, seen: int, today: date
) -> Assessment:
    """Prepares a decision, or prepares it anew; its conditions get their ids here. `person` is who does so.

    Raises: UnknownEntity, StaleRevision, NotOpen, ConflictOfInterest, QuorumMissing, IncompleteDecision, EventTooLarge.
    """
    known = await store.lock(tx, assessment, seen)
    seats = await board.board(tx)
    if (member := seats.seat_of(person, today)) is not None:
        await reviews.check_impartial(tx, known, member, today)
    counted = await reviews.that_may_count(tx, known, today)
    framework = framework_numbered(known.framework_version)
    ids = await store.new_ids(tx, len(decision.conditions))
    conditions = tuple(replace(c, id=made) for c, made in zip(decision.conditions, ids, strict=True))
    decided = known.decide(replace(decision, conditions=conditions), counted, framework, seats.quorum, today)
    encoded(
        decided.release(framework, today).told()
    )  # what does not fit into its event is refused now, not when it is made known
    return await store.save(tx, decided)


async def release(tx: Transaction, assessments: Collection[UUID], today: date) -> Sequence[Release]:
    """Makes prepared decisions known together. Each stands alone: one that is refused keeps none of the others back."""
    known = {a.id: a for a in await store.lock_projects(tx, await store.projects_of(tx, assessments))}
    return [await _release_one(tx, known, assessment, today) for assessment in sorted(set(assessments))]


async def make_known(tx: Transaction, known: dict[UUID, Assessment], released: Assessment) -> Assessment:
    """Keeps a decision as known, lets older ones make way for it, and says it.

    `known` are the assessments of its project, locked; it is kept in step.
    """
    known[released.id] = await store.save(tx, released)
    for older in list(known.values()):
        if (yielded := older.yield_to(released)) is not older:
            known[older.id] = await store.save(tx, yielded)
    tx.say(released.told())
    return known[released.id]


async def _release_one(tx: Transaction, known: dict[UUID, Assessment], assessment: UUID, today: date) -> Release:
    try:
        prepared = known.get(assessment)
        if prepared is None:
            raise UnknownEntity("beoordeling", assessment)
        released = prepared.release(framework_numbered(prepared.framework_version), today)
        quorum = (await board.settings(tx)).quorum
        check_quorum(await reviews.that_may_count(tx, prepared, today), quorum)
    except Refusal as refusal:
        return Release(assessment, refusal=refusal)
    return Release(assessment, released=await make_known(tx, known, released))
