"""What can happen to a figure. Each is one transaction, in which the public figures follow and the events are said.

A figure or adoption of another gemeente is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.impact.adoptions import operations as adoptions
from services.impact.adoptions.model import Adoption
from services.impact.adoptions.operations import Reader
from services.impact.indicators.model import Figures
from services.impact.observations import store
from services.impact.observations.model import (
    AlreadyRecorded,
    InvalidObservation,
    Observation,
    Outcome,
    Provenance,
    Recorded,
    Statement,
    record_each,
    told_faults,
)
from services.impact.plans import store as plans
from services.impact.plans.model import Period
from services.impact.publication import operations as publication
from services.impact.publication import store as publication_store
from shared.clock import day_of
from shared.contracts.events import ImpactRecorded
from shared.publishing.taking import Offer
from shared.refusals import Conflict, Fault, Refusal, StaleRevision, UnknownEntity
from shared.storage import Transaction


async def record(
    tx: Transaction,
    adoption: UUID,
    gemeente: str,
    stated: Sequence[Statement],
    now: datetime,
    *,
    ids: Sequence[UUID] | None = None,
    dry_run: bool = False,
) -> list[Outcome]:
    """Records new figures, each by itself: one that is refused keeps none of the others back.

    `ids` are those that a publisher gave them; without, they get ids of ours. With `dry_run` nothing is written; the outcomes
    are what they would have been. Raises: UnknownAdoption; UnknownEntity where an id is taken.
    """
    today = day_of(now)
    own = await adoptions.lock_own(tx, adoption, gemeente, today)
    known = await _recorded(tx, own)
    outcomes = record_each(known, stated, ids or await store.new_ids(tx, len(stated)), today)
    recorded = [outcome for outcome in outcomes if isinstance(outcome, Observation)]
    if recorded and not dry_run:
        await store.add(tx, recorded)
        await _tell(tx, recorded, now)
    return outcomes


async def correct(
    tx: Transaction,
    observation: UUID,
    gemeente: str,
    *,
    figures: Figures,
    provenance: Provenance,
    reason: str,
    now: datetime,
    seen: int | None,
) -> Observation:
    """The next version of a figure; `seen` is the version that the caller looked at, None where nobody looked.

    Raises: UnknownEntity, StaleRevision, InvalidObservation, NothingCorrected, AlreadyRecorded.
    """
    own, known = await _lock(tx, observation, gemeente, now)
    if seen is not None and seen != known.version:
        raise StaleRevision(seen, known.version)
    taken = (await _recorded(tx, own)).periods_of(known.indicator, known.breakdown)
    return await _save(tx, known.correct(figures, provenance, reason, day_of(now), taken), now)


async def withdraw(tx: Transaction, observation: UUID, gemeente: str, reason: str, now: datetime) -> Observation:
    """The figure counts nowhere any more. Raises: UnknownEntity, AlreadyWithdrawn, InvalidObservation."""
    _, known = await _lock(tx, observation, gemeente, now)
    return await _save(tx, known.withdraw(reason, day_of(now)), now)


async def take_recorded(tx: Transaction, offer: Offer[ImpactRecorded]) -> UUID:
    """A publisher records a figure of an adoption of its gemeente, or corrects or withdraws the one that is there.

    Taken are the figure, its place (indicator, breakdown, period), where it comes from, why it changes, and the publisher's
    own id of a new one. Whether it is new, the place decides; what stands there changes only with `correctionReason`, so that
    nobody writes over a figure that it does not know of. Checked are `gemeente` and `project`, which must be those of the
    adoption. Not taken is `recordedOn`: today counts. With `withdrawn` the figures are not looked at.

    Raises: UnknownAdoption, UnknownEntity, AlreadyRecorded, InvalidObservation, NothingCorrected, AlreadyWithdrawn.
    """
    said = offer.data
    own = await adoptions.lock_own(tx, said.adoption, said.gemeente, offer.today)
    stated = _stated(said)
    known = await store.known(tx, said.observation, own.id, stated)
    if known is not None and known.adoption != own.id:
        raise UnknownEntity("meting", said.observation)
    faults = [*told_faults(said, stated, own, known)]
    try:
        taken = await (_record_told(tx, offer, stated) if known is None else _change_told(tx, offer, stated, known))
    except InvalidObservation as wrong:
        faults += [replace(f, field="correctionReason") if f.field == "reason" else f for f in wrong.faults]
    except Conflict:
        if not faults:
            raise
    if faults:
        raise InvalidObservation("Het cijfer klopt nog niet.", faults)
    return taken.id


async def versions(tx: Transaction, observation: UUID, reader: Reader) -> Sequence[Observation]:
    """All versions of a figure, the newest last. Raises: UnknownEntity."""
    await _check_sees(tx, await store.read(tx, observation), reader)
    return await store.versions(tx, observation)


async def page(
    tx: Transaction, adoption: UUID, reader: Reader, *, indicator: str | None, after: UUID | None, limit: int
) -> Sequence[Observation]:
    """The figures of an adoption. Raises: UnknownAdoption."""
    await adoptions.read(tx, adoption, reader)
    return await store.page(tx, adoption, indicator, after, limit)


def _stated(said: ImpactRecorded) -> Statement:
    source = Provenance(said.provenance.source, said.provenance.method, said.provenance.link)
    period, figures = Period(said.period_start, said.period_end), Figures(said.value, said.numerator, said.denominator)
    return Statement(said.indicator, period, figures, source, said.breakdown)


async def _record_told(tx: Transaction, offer: Offer[ImpactRecorded], stated: Statement) -> Observation:
    said = offer.data
    (outcome,) = await record(tx, said.adoption, said.gemeente, [stated], offer.at, ids=[said.observation])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def _change_told(
    tx: Transaction, offer: Offer[ImpactRecorded], stated: Statement, known: Observation
) -> Observation:
    said, reason = offer.data, offer.data.correction_reason
    if reason is None:
        fault = Fault("correctionReason", "Zeg waarom het cijfer verandert, of kies een andere periode.")
        raise AlreadyRecorded(f"Over deze periode is al een cijfer vastgelegd, als meting {known.id}.", [fault])
    if said.withdrawn:
        return await withdraw(tx, known.id, said.gemeente, reason, offer.at)
    return await correct(
        tx,
        known.id,
        said.gemeente,
        figures=stated.figures,
        provenance=stated.provenance,
        reason=reason,
        now=offer.at,
        seen=None,
    )


async def _recorded(tx: Transaction, own: Adoption) -> Recorded:
    published = await publication_store.periods(tx, own.project, own.gemeente)
    return await store.recorded(tx, own, await plans.read(tx, own.id), published)


async def _lock(tx: Transaction, observation: UUID, gemeente: str, now: datetime) -> tuple[Adoption, Observation]:
    """The gemeente's own figure, held with its adoption until the commit."""
    found = await store.read(tx, observation)
    await _check_sees(tx, found, Reader(gemeente, sees_all=False, today=day_of(now)))
    own = await adoptions.lock_own(tx, found.adoption, gemeente, day_of(now))
    return own, await store.read(tx, observation)


async def _check_sees(tx: Transaction, observation: Observation, reader: Reader) -> None:
    try:
        await adoptions.read(tx, observation.adoption, reader)
    except UnknownEntity:
        raise UnknownEntity("meting", observation.id) from None


async def _save(tx: Transaction, changed: Observation, now: datetime) -> Observation:
    await store.save(tx, changed)
    await _tell(tx, [changed], now)
    return changed


async def _tell(tx: Transaction, recorded: Sequence[Observation], now: datetime) -> None:
    for observation in recorded:
        tx.say(observation.told())
    await publication.follow(tx, recorded, now)
