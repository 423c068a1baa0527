"""What can happen to a figure. Each is one transaction, in which the public figures follow and the events are said.

A figure or adoption of another gemeente is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.impact.adoptions import operations as adoptions
from services.impact.adoptions.model import Adoption
from services.impact.adoptions.operations import Reader
from services.impact.indicators.model import Figures
from services.impact.observations import store
from services.impact.observations.model import Observation, Outcome, Provenance, Recorded, Statement, record_each
from services.impact.plans import store as plans
from services.impact.publication import operations as publication
from services.impact.publication import store as publication_store
from shared.clock import day_of
from shared.refusals import StaleRevision, UnknownEntity
from shared.storage import Transaction


async def record(
    tx: Transaction,
    adoption: UUID,
    gemeente: str,
    stated: Sequence[Statement],
    now: datetime,
    *,
    dry_run: bool = False,
) -> list[Outcome]:
    """Records new figures, each by itself: one that is refused keeps none of the others back.

    With `dry_run` nothing is written; the outcomes are what they would have been. Raises: UnknownAdoption.
    """
    today = day_of(now)
    own = await adoptions.lock_own(tx, adoption, gemeente, today)
    known = await _recorded(tx, own)
    outcomes = record_each(known, stated, await store.new_ids(tx, len(stated)), today)
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
    seen: int,
) -> Observation:
    """The next version of a figure; `seen` is the version that the caller looked at.

    Raises: UnknownEntity, StaleRevision, InvalidObservation, NothingCorrected, AlreadyRecorded.
    """
    own, known = await _lock(tx, observation, gemeente, now)
    if seen != known.version:
        raise StaleRevision(seen, known.version)
    taken = (await _recorded(tx, own)).periods_of(known.indicator, known.breakdown)
    return await _save(tx, known.correct(figures, provenance, reason, day_of(now), taken), now)


async def withdraw(tx: Transaction, observation: UUID, gemeente: str, reason: str, now: datetime) -> Observation:
    """The figure counts nowhere any more. Raises: UnknownEntity, AlreadyWithdrawn, InvalidObservation."""
    _, known = await _lock(tx, observation, gemeente, now)
    return await _save(tx, known.withdraw(reason, day_of(now)), now)


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
