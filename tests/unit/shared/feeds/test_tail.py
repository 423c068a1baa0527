"""Is the end of a log read once for all, kept within bounds, and told to whoever waits for it?"""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from shared.feeds.cursor import Place
from tests.unit.shared.feeds.log import Log
from tests.waiting import eventually


async def test_two_hundred_that_wait_are_woken_by_one_query_that_found_the_line() -> None:
    log = Log(3)
    async with log.tail.followed():
        waiting = [asyncio.create_task(log.tail.grows(3, 60)) for _ in range(200)]
        await asyncio.sleep(0)
        log.queries = 0
        added = time.monotonic()
        log.add()
        assert await asyncio.gather(*waiting) == [True] * 200
        looks = 1 + (time.monotonic() - added) / 0.05
        assert log.queries <= looks + 1
        assert [line.said for line in log.tail.since(3) or ()] == [4]


async def test_it_looks_only_while_somebody_follows() -> None:
    log = Log(1)
    async with log.tail.followed(), log.tail.followed():
        await eventually(lambda: log.queries > 3)
    seen = log.queries
    log.add()
    for _ in range(20):
        await asyncio.sleep(0)
    assert log.queries == seen
    async with log.tail.followed():
        assert log.tail.end.position == 2
        assert log.tail.since(1) is None, "what came meanwhile is read from the log itself"


async def test_it_keeps_no_more_lines_than_it_may_and_says_what_it_has_not() -> None:
    log = Log(keep=10)
    async with log.tail.followed():
        log.add(1_234)
        assert await log.tail.grows(1_233, 60)
        kept = log.tail.since(1_224)
        assert [line.said for line in kept or ()] == list(range(1_225, 1_235))
        assert log.tail.since(1_223) is None
        assert log.tail.since(1_234) == []


async def test_whoever_waits_in_vain_is_told_so_in_time() -> None:
    log = Log(1)
    async with log.tail.followed():
        assert not await log.tail.grows(1, 0.1)


async def test_whoever_waits_is_woken_when_the_service_stops() -> None:
    log = Log(1)
    async with log.tail.followed():
        waiting = asyncio.create_task(log.tail.grows(1, 60))
        await asyncio.sleep(0)
        log.stopping.set()
        assert not await asyncio.wait_for(waiting, 30)
        assert log.tail.is_closed


async def test_it_goes_on_where_it_was_once_the_log_can_be_read_again(caplog: pytest.LogCaptureFixture) -> None:
    log = Log(1)
    async with log.tail.followed():
        await eventually(lambda: log.queries > 1)
        log.error = ConnectionRefusedError()
        log.add(2)
        asked = log.queries
        await eventually(lambda: log.queries > asked)
        assert not await log.tail.grows(1, 0.05)
        log.error = None
        assert await log.tail.grows(1, 60)
        assert [line.said for line in log.tail.since(1) or ()] == [2, 3]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_log_that_cannot_be_read_at_first_is_told_to_who_asks() -> None:
    log = Log(1)
    log.error = ConnectionRefusedError()
    with pytest.raises(ConnectionRefusedError):
        async with log.tail.followed():
            pass
    log.error = None
    async with log.tail.followed():
        log.add()
        assert await log.tail.grows(1, 60)


async def test_it_knows_the_places_that_it_has_seen_and_no_others() -> None:
    log, other = Log(3), Log(9)
    async with log.tail.followed():
        assert log.tail.holds(log.place(3))
        assert not log.tail.holds(log.place(2)), "what came before it began is read from the log"
        log.add(2)
        assert await log.tail.grows(4, 60)
        assert all(log.tail.holds(log.place(position)) for position in (4, 5))
        assert not log.tail.holds(other.place(9))
        assert not log.tail.holds(Place.after(4, "another line", 4))
