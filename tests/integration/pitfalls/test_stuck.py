"""How clients stand still on this stack without a word, and what sees it or keeps ours from it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.record import default_records

from deploy.local.settings import ROOT
from shared.clock import system_clock
from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import batch
from shared.runtime import running, watchdog
from shared.runtime.guarantees import NotGuaranteed
from shared.runtime.running import Running, serve
from shared.runtime.watchdog import Patience, Stuck
from shared.storage import Database, Transaction
from tests.integration.pitfalls.plain import client_of, new_topic, producing
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_consumer import LIVES, spread
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.messaging import CLUSTER, Schema, opened, record, value, withdrawn
from tests.replicas import migrated
from tests.servers import PostgresServer
from tests.topics import log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE = LIVES[0]
POLL_MS = 4_000
"""So much longer than usual that whoever waits for it is told from a machine that is slow."""
REACHED = "select count(*) >= 5 from heard where sequence = $1"


def lose_count(producer: Any) -> None:  # noqa: ANN401 - untyped library
    """Its next record bears a number that is not the next: what the broker answers then is fatal."""
    numbers = producer._txn_manager._sequence_numbers
    for partition in numbers:
        numbers[partition] += 7


async def test_pitfall_18_a_producer_that_died_is_replaced(database: Database, schema: Schema, servers: str) -> None:
    """After a fatal answer every later send of aiokafka's producer fails, for ever, and `ping` stays green.

    Guard: on any error a new producer (shared/messaging/producer.py); a sender that ended ends us (runtime/watchdog.py)
    """
    topic = await new_topic(servers)
    async with producing(servers, enable_idempotence=True) as naive:
        await naive.send_and_wait(topic, b"a")
        lose_count(naive)
        for _ in range(3):
            with pytest.raises(OutOfOrderSequenceNumber):
                await naive.send_and_wait(topic, b"b")

    async with telling(schema, servers) as run:
        await say(database, "a")
        await until_told(database, 1)
        lose_count(run.producer._producer)
        await say(database, "b", "c")
        await until_told(database, 3)
        assert not run.producer.is_dead
    assert versions(await log_of(servers, PROJECTS)) == {"00000000-0000-0000-0000-000000000001": [1, 2, 3]}


async def test_pitfall_18_a_sender_that_ended_without_a_word_is_seen(
    database: Database, schema: Schema, servers: str
) -> None:
    """The same, when no answer told of it.

    Guard: the watchdog looks at the sender's task, and ends the process (shared/runtime/watchdog.py)
    """
    async with telling(schema, servers) as run:
        await say(database, "a")
        await until_told(database, 1)
        patience = Patience(60, dict, _all_well, lambda: run.producer.is_dead)
        await patience.look(watchdog.DEAD_SECONDS)
        client = run.producer._producer
        assert client is not None
        client._sender.sender_task.cancel()
        await eventually(client._sender.sender_task.done, within=60)
        with pytest.raises(Stuck, match="the task that sends to Kafka has ended"):
            await patience.look(watchdog.DEAD_SECONDS)
        await run.cut_off()
        client._message_accumulator.fail_all(OSError())


async def _all_well() -> bool:
    return True


async def test_pitfall_19_a_consumer_that_lives_and_reads_one_partition_no_more_is_seen(
    postgres: PostgresServer, servers: str, tmp_path: Path
) -> None:
    """It polls, commits, keeps its place in the group: only its place in that partition does not move.

    Guard: each partition with lag must move, and the lag is asked of the broker (shared/runtime/vitals.py)
    """
    made = await migrated(postgres, servers, tmp_path)
    async with opened(made.schema) as database:
        replica = Running(made.service, made.settings, database, CLUSTER, system_clock)
        consumer = replica.consumer
        task = asyncio.create_task(replica._hear())
        try:
            await eventually(lambda: consumer.is_placed, within=60)
            silent = next(tp for tp in consumer.at if tp.partition == 0)
            consumer._consumer.pause(silent)
            patience = Patience(60, replica.vitals.marks, _all_well, lambda: False)
            for nth, touched in ((1, {1}), (2, {0, 1})):  # the first time a fetch of both may be under way
                await write(servers, [one for one in spread(range(nth, nth + 1)) if one.partition in touched])
                await eventually(partial(value, database, REACHED, nth), within=60)
            await eventually(lambda: consumer.lag()[silent], within=60, what="its lag is known")
            await patience.look(0)
            with pytest.raises(Stuck, match=rf"{PROJECTS}/0.* stood still for 60 s") as stuck:
                await patience.look(60)
            assert f"{PROJECTS}/1" not in str(stuck.value)
        finally:
            consumer.stop()
            await task


async def test_pitfall_20_a_member_joins_once_a_round(database: Database, servers: str) -> None:
    """Two assignors send two JoinGroups a round, of which one is thrown out.

    Guard: exactly one assignor (shared/messaging/subscribing.py)
    """
    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.is_placed, within=60)
        (assignor,) = client_of(ears)._coordinator._assignors
        assert assignor.name == "range"


async def test_pitfall_21_a_quiet_topic_is_heard_at_once_and_a_busy_one_too(
    database: Database, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that waits for its timer, or for quiet, adds it to each event; FastStream also sleeps it when idle.

    Guard: a poll ends with the first records that come; nothing waits for more (shared/messaging/consumer.py)
    """
    monkeypatch.setattr("shared.messaging.consumer.POLL_MS", POLL_MS)
    took: list[float] = []
    async with hearing(database, servers, unique_group()) as ears, producing(servers) as producer:
        await eventually(lambda: ears.consumer.is_placed, within=60)
        for nth in range(1, 10):
            one = record(withdrawn(ONE, f"{nth}"), nth)
            begun = time.monotonic()
            await producer.send_and_wait(PROJECTS, one.value, one.key, 0, headers=list(one.headers))
            await eventually(lambda nth=nth: value(database, "select sequence = $1 from heard", nth), within=60)  # type: ignore[misc]
            took.append(time.monotonic() - begun)

        nth = 9
        while not await value(database, "select sequence > 9 from heard"):
            nth += 1
            one = record(withdrawn(ONE, f"{nth}"), nth)
            await producer.send_and_wait(PROJECTS, one.value, one.key, 0, headers=list(one.headers))
            assert nth < 2_000, "never quiet, never heard"
    assert statistics.median(took) < POLL_MS / 1000 / 2


async def test_pitfall_22_a_client_without_its_fast_part_is_refused_at_the_start(
    postgres: PostgresServer, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka falls back silently to pure Python, 50 to 100 times slower.

    Guard: asserted before anything is opened (shared/runtime/guarantees.py)
    """
    made = await migrated(postgres, servers, tmp_path)
    monkeypatch.setattr("shared.runtime.guarantees.DefaultRecordBatch", default_records._DefaultRecordBatchPy)
    with pytest.raises(NotGuaranteed, match="C extension"):
        async with asyncio.timeout(60):
            await serve(made.service, made.settings)


def test_pitfall_23_whoever_is_told_to_stop_has_stopped_before_being_killed() -> None:
    """A graceful end that takes longer than the supervisor waits is no graceful end.

    Guard: the watchdog bounds it below `stop_grace_period` (shared/runtime/watchdog.py, docker-compose.yml)
    """
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    for name in ("submission", "assessment", "matching", "impact"):
        grace = timedelta(seconds=int(compose["services"][name]["stop_grace_period"].removesuffix("s")))
        assert grace.total_seconds() > watchdog.END_WITHIN_SECONDS + watchdog.TICK_SECONDS + watchdog.LOG_WITHIN_SECONDS
        assert grace.total_seconds() > 3 * running.STOP_WITHIN_SECONDS


async def test_pitfall_24_a_backlog_blocks_no_event_loop(database: Database, servers: str) -> None:
    """A loop that is blocked for longer than the session time-out gets the consumer thrown out, sometimes for good.

    Guard: bounded batches, no work that blocks (shared/messaging/consumer.py: `records`)
    """
    sizes: list[int] = []

    async def count(tx: Transaction, events: Sequence[Event[ProjectWithdrawn]]) -> None:
        sizes.append(len(events))

    async with producing(servers) as producer:
        for nth in range(1, 101):
            for one in spread(range(nth, nth + 1)):
                await producer.send(PROJECTS, one.value, one.key, one.partition, headers=list(one.headers))
        await producer.flush()
    longest, last, done = 0.0, time.monotonic(), False

    async def tick() -> None:
        nonlocal longest, last
        while not done:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    ticking = asyncio.create_task(tick())
    async with hearing(
        database, servers, unique_group(), [*toy.REACTIONS[:1], batch(ProjectWithdrawn, count)], records=500
    ) as ears:
        await eventually(lambda: ears.consumer.handled == 3_000, within=60)
        session_seconds = client_of(ears)._session_timeout_ms / 1000
    done = True
    await ticking
    assert max(sizes) <= 500
    assert longest < session_seconds / 3
