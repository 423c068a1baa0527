"""What everybody may see follows what was recorded, in the same transaction. The rules are in model.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from services.impact.observations.model import Observation
from services.impact.publication import store
from services.impact.publication.model import (
    Block,
    Contribution,
    Family,
    Place,
    Release,
    Standing,
    decide,
    is_published,
    waits,
)
from services.impact.publication.store import Reported
from shared.clock import AMSTERDAM, day_of
from shared.contracts.events import AdoptionStarted, Event
from shared.reference import indicator
from shared.storage import Transaction

MORNING = time(6, 30)
"""When what had to wait for the next day is released (Europe/Amsterdam)."""


async def follow(tx: Transaction, recorded: Collection[Observation], now: datetime) -> None:
    """Brings the public figures in step with these observations; breakdowns are not published.

    The caller holds their adoptions, so that nobody else records in them meanwhile.
    """
    whole = [o for o in recorded if o.breakdown is None and is_published(indicator(o.indicator))]
    places = {Place(Family(o.project, o.indicator, o.period_start, o.period_end), o.gemeente) for o in whole}
    await settle(tx, places, now)


async def follow_naming(tx: Transaction, events: Sequence[Event[AdoptionStarted]]) -> None:
    """A gemeente said whether it may be named: what it reported before is shown or hidden accordingly.

    The moment of the release is that of the event; a block that has a version of that day already follows the next morning.
    """
    places = await store.places_of(tx, {event.subject for event in events})
    if not places:
        return
    families = await store.lock(tx, {place.family for each in places.values() for place in each})
    for event in events:
        told = {event.subject: event.data.may_be_named}
        await _settle(tx, places.get(event.subject, ()), families, event.time, told)


async def release_waiting(tx: Transaction, today: date) -> None:
    """Releases what had to wait because its block had a version that day already; run daily, and harmless to run twice."""
    await settle(tx, await store.waiting(tx), datetime.combine(today, MORNING, AMSTERDAM).astimezone(UTC))


async def settle(tx: Transaction, places: Collection[Place], now: datetime) -> None:
    """Reads anew what was reported to these places, and releases what changes for everybody."""
    if places:
        families = await store.lock(tx, {place.family for place in places})
        await _settle(tx, places, families, now, {})


async def _settle(
    tx: Transaction,
    places: Collection[Place],
    families: Mapping[Family, UUID],
    now: datetime,
    may_be_named: Mapping[UUID, bool],
) -> None:
    """The families are held: two gemeenten, or a gemeente and the daily round, take turns in one of them."""
    if not places:
        return
    today = day_of(now)
    reported, aims = await store.reported(tx, places), await store.aimed_at(tx, places)
    blocks = await store.blocks(tx, {families[place.family] for place in places})
    standings: list[Standing] = []
    due: list[tuple[Standing, Release]] = []
    for place in sorted(places):
        given, block = _contribution(place, reported.get(place, ()), may_be_named), blocks.get(place)
        standings.append(Standing(given, waits(block, given, today), block))
        if release := decide(block, given, today, aims.get(place)):
            due.append((standings[-1], release))
    await store.save(tx, families, standings)
    if due:
        await _release(tx, families, due, now)


async def _release(
    tx: Transaction, families: Mapping[Family, UUID], due: Sequence[tuple[Standing, Release]], now: datetime
) -> None:
    released = []
    for (standing, release), made in zip(due, await store.new_ids(tx, len(due)), strict=True):
        given, block = standing.contribution, standing.block
        released.append(block.after(release) if block else Block(made, given.family, given.gemeente, release))
    await store.release(tx, families, released, now)
    for block in released:
        tx.say(block.told(now))


def _contribution(place: Place, reported: Sequence[Reported], may_be_named: Mapping[UUID, bool]) -> Contribution:
    figures = [(each.figures, may_be_named.get(each.adoption, each.may_be_named)) for each in reported]
    return Contribution.of(place.family, place.gemeente, figures)
