"""What a service does every day, by one replica: whoever writes the day down first.

Of a duty in chunks the day stays written down only with the last one. Who waits for it meanwhile may do the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time

from shared.clock import AMSTERDAM, Clock, day_of
from shared.publishing.store import forget_old as forget_old_publications
from shared.runtime.service import DailyDuty, daily
from shared.storage import Database, Transaction
from shared.storage.faults import is_transient
from shared.web.idempotency import forget_old_answers

log = logging.getLogger(__name__)
CLAIM = """
insert into duty (name, done_on) values ($1, $2)
on conflict (name) do update set done_on = excluded.done_on where duty.done_on < excluded.done_on returning 1
"""
NOT_YET = "update duty set done_on = $2::date - 1 where name = $1"
LOOK_EVERY_SECONDS = 30.0
FORGET_AT_ONCE = 10_000
"""Far less than what takes the 30 s after which a statement is given up: that would be taken back, day after day."""


async def _forget_answers(tx: Transaction, today: date) -> bool:
    return await forget_old_answers(tx, _midnight(today), FORGET_AT_ONCE) == FORGET_AT_ONCE


async def _forget_publications(tx: Transaction, today: date) -> bool:
    return await forget_old_publications(tx, _midnight(today), FORGET_AT_ONCE) == FORGET_AT_ONCE


def _midnight(today: date) -> datetime:
    return datetime.combine(today, time(), AMSTERDAM)


FORGETTING = (
    daily("04:00", _forget_answers, in_chunks=True),
    daily("04:00", _forget_publications, in_chunks=True),
)
"""Every service's own duties: answers kept for retries, and publications, go when their time is over."""


async def do_what_is_due(
    database: Database, duties: Iterable[DailyDuty], clock: Clock, stopping: asyncio.Event | None = None
) -> list[str]:
    """Does what was not done yet today, each in transactions of its own, and returns their names.

    One that fails is logged and left for the next look; it stands in no other's way. Stopping leaves the chunks that come.
    """
    now = clock()
    today, done = day_of(now), []
    for duty in duties:
        name = f"{duty.operation.__module__}.{duty.operation.__qualname__}"
        if now.astimezone(AMSTERDAM).time() < duty.at:
            continue
        try:
            if await _claimed_and_done(database, duty, name, today, stopping or asyncio.Event()):
                done.append(name)
        except Exception as error:
            if is_transient(error):
                log.warning("a daily duty waits: %s: %s", name, type(error).__name__)
            else:
                log.exception("a daily duty failed and is tried again: %s", name)
    return done


async def _claimed_and_done(
    database: Database, duty: DailyDuty, name: str, today: date, stopping: asyncio.Event
) -> bool:
    """Whether it is done now, and we did it, or the last chunk of it."""
    while not stopping.is_set():
        async with database.transaction() as tx:
            if not await tx.fetchval(CLAIM, name, today):
                return False
            is_left = await duty.operation(tx, today)
            if not (duty.in_chunks and is_left):
                return True
            await tx.execute(NOT_YET, name, today)
    return False


async def keep_doing(database: Database, duties: Iterable[DailyDuty], clock: Clock, stopping: asyncio.Event) -> None:
    """Looks twice a minute. What was missed while the service was down is done when it is back, if it is still that day."""
    every = tuple(duties)
    while not stopping.is_set():
        for name in await do_what_is_due(database, every, clock, stopping):
            log.info("done for today: %s", name)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_EVERY_SECONDS)
