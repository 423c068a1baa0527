"""What a service does every day, by one replica: whoever writes the day down first."""

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
LOOK_EVERY_SECONDS = 30.0


async def _forget(tx: Transaction, today: date) -> None:
    midnight = datetime.combine(today, time(), AMSTERDAM)
    await forget_old_answers(tx, midnight)
    await forget_old_publications(tx, midnight)


forgetting = daily("04:00", _forget)
"""Every service's own duty: answers kept for retries, and publications, go when their time is over."""


async def do_what_is_due(database: Database, duties: Iterable[DailyDuty], clock: Clock) -> list[str]:
    """Does what was not done yet today, each in a transaction of its own, and returns their names.

    One that fails is logged and left for the next look; it stands in no other's way.
    """
    now = clock()
    today, done = day_of(now), []
    for duty in duties:
        name = f"{duty.operation.__module__}.{duty.operation.__qualname__}"
        if now.astimezone(AMSTERDAM).time() < duty.at:
            continue
        try:
            if await _claimed_and_done(database, duty, name, today):
                done.append(name)
        except Exception as error:
            if is_transient(error):
                log.warning("a daily duty waits: %s: %s", name, type(error).__name__)
            else:
                log.exception("a daily duty failed and is tried again: %s", name)
    return done


async def _claimed_and_done(database: Database, duty: DailyDuty, name: str, today: date) -> bool:
    async with database.transaction() as tx:
        claimed = bool(await tx.fetchval(CLAIM, name, today))
        if claimed:
            await duty.operation(tx, today)
    return claimed


async def keep_doing(database: Database, duties: Iterable[DailyDuty], clock: Clock, stopping: asyncio.Event) -> None:
    """Looks twice a minute. What was missed while the service was down is done when it is back, if it is still that day."""
    every = tuple(duties)
    while not stopping.is_set():
        for name in await do_what_is_due(database, every, clock):
            log.info("done for today: %s", name)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_EVERY_SECONDS)
