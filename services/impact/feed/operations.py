"""What subscribers ask of the ledger: what is shown at one moment, and what came after a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.impact.feed import store
from services.impact.feed.model import Wanted
from services.impact.figures.model import Published
from shared.feeds.cursor import ForeignCursor, Place
from shared.storage import Transaction

LOOK_THROUGH = 5_000
"""How many lines one answer goes through at most: a narrow filter must not have the whole ledger read at once."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A part of what was shown at one place in the ledger. `after` is the block to go on after; None on the last part."""

    place: Place
    shown: Sequence[Published]
    after: UUID | None


@dataclass(frozen=True, slots=True)
class Lines:
    """What came after a place. `next` lies after all that was looked through; `more` tells whether anything stands beyond."""

    found: Sequence[Published]
    next: Place
    more: bool


def place_after(line: Published) -> Place:
    """The place after a line: it is that line by its block and number."""
    return Place.after(line.position, line.block.id, line.block.last.number)


async def check(tx: Transaction, place: Place, field: str = "after") -> None:
    """Raises: ForeignCursor, when the ledger has no such line."""
    if await store.place_at(tx, place.position) != place:
        raise ForeignCursor(field)


async def snapshot(tx: Transaction, wanted: Wanted, at: Place | None, after: UUID | None, limit: int) -> Snapshot:
    """What is shown now, or was shown `at` a place: the parts of one snapshot tell of one moment.

    Raises: ForeignCursor.
    """
    if at is None:
        at = await store.newest(tx)
    else:
        await check(tx, at)
    found = await store.as_it_stood(tx, wanted, at.position, after, limit + 1)
    part = found[:limit]
    return Snapshot(at, part, part[-1].block.id if len(found) > limit else None)


async def lines(tx: Transaction, wanted: Wanted, after: Place, limit: int) -> Lines:
    """The lines of the ledger after a place, the oldest first. `next` moves on past what is not wanted.

    Raises: ForeignCursor.
    """
    await check(tx, after)
    end = await store.newest(tx)
    until = min(end.position, after.position + LOOK_THROUGH)
    found = await store.between(tx, wanted, after.position, until, limit)
    if len(found) == limit:
        reached = place_after(found[-1])
    else:
        reached = end if until == end.position else (await store.place_at(tx, until) or after)
    return Lines(found, reached, more=reached.position < end.position)
