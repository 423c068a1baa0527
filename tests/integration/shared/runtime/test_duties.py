"""What is done every day is done once a day, whoever of the replicas does it, and never forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.runtime import DailyDuty, daily
from shared.runtime import duties as runtime_duties
from shared.runtime.duties import FORGET_AT_ONCE, FORGETTING, do_what_is_due, keep_doing
from shared.storage import Database, Transaction
from tests.messaging import opened, rows
from tests.replicas import Toy
from tests.waiting import eventually

TODAY = date(2026, 11, 24)
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # nine o'clock in Amsterdam


@pytest.fixture
async def other(toy: Toy) -> AsyncIterator[Database]:
    """The database as another replica sees it."""
    async with opened(toy.schema) as database:
        yield database


async def note(tx: Transaction, today: date) -> None:
    """Done, so that it can be counted."""
    await tx.execute("insert into day (day) values ($1)", today)


async def note_too(tx: Transaction, today: date) -> None:
    """Another duty."""
    await note(tx, today)


async def do(database: Database, now: datetime, *duties: DailyDuty) -> int:
    """How many were done at this moment."""
    return len(await do_what_is_due(database, duties or [daily("06:30", note)], lambda: now))


async def days(database: Database) -> list[date]:
    return [day for (day,) in await rows(database, "select day from day order by at")]


async def test_a_duty_is_done_once_a_day_however_often_one_looks(database: Database) -> None:
    done = [await do(database, MORNING + timedelta(minutes=minutes)) for minutes in (0, 1, 300)]
    assert done == [1, 0, 0]
    assert await days(database) == [TODAY]


async def test_two_replicas_that_look_at_once_do_it_once(database: Database, other: Database) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction, today: date) -> None:
        entered.set()
        await gate.wait()
        await note(tx, today)

    duty = daily("06:30", slow)
    first = asyncio.create_task(do(database, MORNING, duty))
    await entered.wait()
    second = asyncio.create_task(do(other, MORNING, duty))
    await eventually(lambda: waits_for_a_lock(database), what="the second waits for the first")
    gate.set()

    assert [await first, await second] == [1, 0]
    assert await days(database) == [TODAY]


async def test_what_a_replica_broke_off_the_waiting_one_does(database: Database, other: Database) -> None:
    entered = asyncio.Event()

    async def stuck(tx: Transaction, today: date) -> None:
        if not entered.is_set():
            entered.set()
            await asyncio.Event().wait()
        await note(tx, today)

    duty = daily("06:30", stuck)
    first = asyncio.create_task(do(database, MORNING, duty))
    await entered.wait()
    second = asyncio.create_task(do(other, MORNING, duty))
    await eventually(lambda: waits_for_a_lock(database), what="the second waits for the first")
    first.cancel()

    assert await second == 1
    assert await days(database) == [TODAY]


async def waits_for_a_lock(database: Database) -> bool:
    found = await rows(
        database, "select from pg_stat_activity where usename = current_user and wait_event_type = 'Lock'"
    )
    return bool(found)


async def test_before_its_hour_it_is_not_done_and_after_downtime_it_is_caught_up(database: Database) -> None:
    assert await do(database, datetime(2026, 11, 24, 5, 29, tzinfo=UTC)) == 0
    assert await do(database, datetime(2026, 11, 24, 22, 59, tzinfo=UTC)) == 1
    assert await days(database) == [TODAY]


async def test_after_days_of_downtime_it_is_done_once(database: Database) -> None:
    await do(database, MORNING - timedelta(days=5))
    assert await do(database, MORNING) == 1
    assert await days(database) == [TODAY - timedelta(days=5), TODAY]


async def test_a_day_is_a_day_in_the_netherlands(database: Database) -> None:
    midnight = daily("00:00", note)
    await do(database, datetime(2026, 11, 24, 22, 59, tzinfo=UTC), midnight)
    await do(database, datetime(2026, 11, 24, 23, 0, tzinfo=UTC), midnight)
    assert await days(database) == [TODAY, TODAY + timedelta(days=1)]


async def test_a_clock_that_was_set_back_does_nothing_twice(database: Database) -> None:
    await do(database, MORNING)
    assert await do(database, MORNING - timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("on", "hours_utc"),
    [
        (date(2026, 3, 28), [4, 5]),  # winter: half past six is half past five in UTC
        (date(2026, 3, 29), [3, 4]),  # the night in which the clock goes forward
        (date(2026, 10, 24), [3, 4]),
        (date(2026, 10, 25), [4, 5]),  # the night in which it goes back
    ],
)
async def test_its_hour_is_that_of_the_clock_on_the_wall(database: Database, on: date, hours_utc: list[int]) -> None:
    early, late = (datetime(on.year, on.month, on.day, hour, 45, tzinfo=UTC) for hour in hours_utc)
    assert [await do(database, early), await do(database, late)] == [0, 1]


async def test_an_hour_that_the_clock_skips_or_repeats_is_done_once(database: Database) -> None:
    in_the_night = daily("02:30", note)
    for start in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        done = [await do(database, start + timedelta(minutes=10 * nth), in_the_night) for nth in range(30)]
        assert sum(done) == 1
    assert await days(database) == [date(2026, 3, 29), date(2026, 10, 25)]


async def test_one_that_fails_leaves_nothing_stops_no_other_and_is_tried_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    async def fails(tx: Transaction, today: date) -> None:
        await note(tx, today)
        if broken:
            raise ValueError("not today")

    duties = daily("06:30", fails), daily("06:30", note_too)
    assert await do(database, MORNING, *duties) == 1
    assert await days(database) == [TODAY]
    assert "fails" in only(caplog.messages)
    assert "not today" in caplog.text

    broken = False
    assert await do(database, MORNING, *duties) == 1
    assert await days(database) == [TODAY, TODAY]


def only(messages: list[str]) -> str:
    (message,) = messages
    return message


async def test_what_passes_by_itself_is_a_warning_without_a_trace(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def interrupted(tx: Transaction, today: date) -> None:
        await tx.execute("select pg_terminate_backend(pg_backend_pid())")

    assert await do(database, MORNING, daily("06:30", interrupted)) == 0
    assert [(line.levelno, line.exc_info) for line in caplog.records] == [(logging.WARNING, None)]


async def test_it_looks_at_once_and_ends_when_told(database: Database) -> None:
    stopping = asyncio.Event()
    looking = asyncio.create_task(keep_doing(database, [daily("06:30", note)], lambda: MORNING, stopping))
    await eventually(has_done(database), what="it is done")
    stopping.set()
    await asyncio.wait_for(looking, 60)


def has_done(database: Database) -> Callable[[], Awaitable[list[date]]]:
    async def look() -> list[date]:
        return await days(database)

    return look


async def test_of_a_duty_in_chunks_each_stays_done_and_the_day_counts_with_the_last(
    database: Database, other: Database
) -> None:
    answers: Iterator[bool | Exception] = iter([True, True, ValueError("not now"), True, False])

    async def some(tx: Transaction, today: date) -> bool:
        await note(tx, today)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    duty = daily("06:30", some, in_chunks=True)
    assert [await do(database, MORNING, duty), len(await days(database))] == [0, 2]
    assert [await do(other, MORNING, duty), len(await days(database))] == [1, 4]
    assert await do(database, MORNING, duty) == 0


async def test_two_replicas_never_do_a_chunk_at_once(database: Database, other: Database) -> None:
    left, at_it = 20, 0

    async def some(tx: Transaction, today: date) -> bool:
        nonlocal left, at_it
        at_it += 1
        assert at_it == 1
        await note(tx, today)
        at_it -= 1
        left -= 1
        return left > 0

    duty = daily("06:30", some, in_chunks=True)
    done = await asyncio.gather(do(database, MORNING, duty), do(other, MORNING, duty))
    assert sorted(done) == [0, 1]
    assert await days(database) == [TODAY] * 20


async def test_told_to_stop_it_leaves_the_chunks_that_come_to_others(database: Database, other: Database) -> None:
    stopping = asyncio.Event()

    async def some(tx: Transaction, today: date) -> bool:
        await note(tx, today)
        stopping.set()
        return len(await days(database)) < 1

    duty = daily("06:30", some, in_chunks=True)
    await asyncio.wait_for(keep_doing(database, [duty], lambda: MORNING, stopping), 60)
    assert len(await days(database)) == 1
    assert await do(other, MORNING, duty) == 1


OLD_ANSWERS = """
insert into idempotency (caller, key, fingerprint, asked_at)
select uuidv7(), 'a', '', $1::timestamptz - interval '3 days' from generate_series(1, $2::int)
"""
OLD_PUBLICATIONS = """
insert into publication (id, publisher, fingerprint, via, status, counts, received_at)
select uuidv7($1::timestamptz - now() - interval '100 days'), 'a', '', 'http', 'refused', false, $1
from generate_series(1, $2::int)
"""


async def test_every_service_forgets_old_answers_and_publications_however_many(database: Database) -> None:
    many = 2 * FORGET_AT_ONCE
    async with database.transaction() as tx:
        await tx.execute(OLD_ANSWERS, MORNING, many + 1)
        await tx.execute(OLD_ANSWERS, MORNING + timedelta(days=3), 1)
        await tx.execute(OLD_PUBLICATIONS, MORNING, many)
        await tx.execute(OLD_PUBLICATIONS, MORNING + timedelta(days=100), 1)

    assert await do(database, MORNING, *FORGETTING) == 2
    assert await left(database) == [(1, 1)]


async def test_when_publications_cannot_be_forgotten_answers_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_slow(*_: object) -> int:
        raise TimeoutError

    monkeypatch.setattr(runtime_duties, "forget_old_publications", too_slow)
    async with database.transaction() as tx:
        await tx.execute(OLD_ANSWERS, MORNING, 1)
        await tx.execute(OLD_PUBLICATIONS, MORNING, 1)

    assert await do(database, MORNING, *FORGETTING) == 1
    assert await left(database) == [(0, 1)]


async def left(database: Database) -> list[tuple[int, int]]:
    """How many answers and publications are still kept."""
    return await rows(database, "select (select count(*) from idempotency), (select count(*) from publication)")
