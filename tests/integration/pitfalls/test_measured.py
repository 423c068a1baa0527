"""What was found by measuring on Kafka 4.3, and what keeps ours from it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import InvalidReplicationFactorError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

from deploy.local.errors import RunnerError
from deploy.local.jars import CACHE, kafka_jars
from deploy.local.kafka import Kafka
from deploy.local.ports import HOST
from deploy.setup import create_topics
from shared.storage import Database
from tests.integration.pitfalls.plain import client_of, consuming, held, new_topic, producing
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_broker_trouble import KEYS, limit_size, speak
from tests.integration.shared.messaging.test_consumer import PROJECTS, all_heard, assert_one_effect_each, spread
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.messaging import Schema, rows, value
from tests.ports import free_port
from tests.topics import TOPICS, administering, delete_topics, log_of, write, write_unreadable
from tests.waiting import eventually


async def test_pitfall_31_after_a_refused_batch_order_is_kept(
    database: Database, schema: Schema, servers: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused batch burns a sequence number of the idempotent producer: every later send there fails, for ever.

    Guard: a new producer, and all from the first unconfirmed of a key again, same ids (shared/messaging/producer.py, relay.py)
    """
    topic = await new_topic(servers, max_message_bytes="500")
    async with producing(servers, enable_idempotence=True) as naive:
        await naive.send_and_wait(topic, b"a")
        with pytest.raises(MessageSizeTooLargeError):
            await naive.send_and_wait(topic, b"x" * 5_000)
        for _ in range(3):
            with pytest.raises(OutOfOrderSequenceNumber):
                await naive.send_and_wait(topic, b"small")

    async with telling(schema, servers):
        await speak(database, 3)
        await until_told(database, 3 * len(KEYS))
        await limit_size(servers, 2_000)
        await speak(database, 12, long=True)
        await eventually(lambda: "MessageSizeTooLargeError" in caplog.text, within=60)
        await limit_size(servers, 262_144)
        await until_told(database, 15 * len(KEYS))
    assert versions(await log_of(servers, PROJECTS)) == {str(entity): list(range(1, 16)) for entity in KEYS}


async def test_pitfall_32_who_waits_long_for_an_answer_sends_nothing_twice(
    database: Database, schema: Schema, own_kafka: Kafka
) -> None:
    """A time-out round `send_and_wait` takes nothing back: sent again, the event stands in the log twice.

    Guard: the same future is awaited until it is answered (shared/messaging/producer.py)
    """
    topic = await new_topic(own_kafka.servers)
    async with producing(own_kafka.servers, enable_idempotence=True) as naive:
        await naive.send_and_wait(topic, b"first")
        with held(own_kafka):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(naive.send_and_wait(topic, b"x"), 0.3)
            again = asyncio.create_task(naive.send_and_wait(topic, b"x"))
        await asyncio.wait_for(again, 60)
    assert [one.value for one in await log_of_one(own_kafka.servers, topic)] == [b"first", b"x", b"x"]

    async with telling(schema, own_kafka.servers) as run:
        await say(database, "a")
        await until_told(database, 1)
        with held(own_kafka):
            await say(database, "b", "c")
            await eventually(lambda: time.monotonic() - run.relay.last_pass > 3, within=60, what="it waits")
        await until_told(database, 3)
    log = await log_of(own_kafka.servers, PROJECTS)
    assert [dict(one.headers)["ce_sequence"] for one in log] == [b"1", b"2", b"3"]


async def log_of_one(servers: str, topic: str) -> list[Any]:
    """What stands in its first partition."""
    async with consuming(servers, topic) as consumer:
        found: list[Any] = []
        await eventually(consumer.assignment, within=60)
        end = (await consumer.end_offsets([TopicPartition(topic, 0)]))[TopicPartition(topic, 0)]
        while len(found) < end:
            found.append(await consumer.getone())
        return found


async def test_pitfall_33_a_header_whose_name_is_no_text_stops_no_consumer(database: Database, servers: str) -> None:
    """It makes every poll of aiokafka fail, of all partitions; under FastStream the partition dies, and `ping` is true.

    Guard: partitions are read apart, the bad place is found, kept as a dead letter, passed (shared/messaging/consumer.py)
    """
    await write(servers, spread(range(1, 3)))
    for partition in (0, 3):
        third = [one for one in spread(range(3, 4)) if one.partition == partition]
        await write_unreadable(servers, PROJECTS, partition, third)
    await write(servers, [one for one in spread(range(3, 4)) if one.partition not in (0, 3)])
    await write_unreadable(servers, PROJECTS, 3)
    await write(servers, spread(range(4, 6)))
    async with consuming(servers, PROJECTS) as naive:
        for _ in range(3):
            with pytest.raises(UnicodeDecodeError):
                await _read_on(naive)

    async with hearing(database, servers, unique_group()) as ears:
        await all_heard(database, 5)
        await write_unreadable(servers, PROJECTS, 5)
        await write(servers, spread(range(6, 7)))
        await all_heard(database, 6)
        assert not ears.task.done()
    await assert_one_effect_each(database, 6)
    letters = await rows(database, "select part, off, value from dead_letter order by part, off")
    assert letters == [(0, 15, None), (3, 15, None), (3, 16, None), (5, 25, None)]


async def _read_on(consumer: AIOKafkaConsumer) -> None:
    while True:
        await consumer.getmany(timeout_ms=30_000)


class Counts(ConsumerRebalanceListener):  # type: ignore[misc] # untyped library
    """How often partitions came."""

    def __init__(self) -> None:
        self.times = 0

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """They go."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """They come."""
        self.times += 1


async def test_pitfall_34_two_members_live_beside_each_other(database: Database, other: Database, servers: str) -> None:
    """Two live consumers with one static id throw each other out many times a second.

    Guard: no static ids (shared/messaging/subscribing.py)
    """
    topic, group, counts = await new_topic(servers), unique_group(), Counts()
    twins = [
        AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=group, group_instance_id="same", heartbeat_interval_ms=200,
            retry_backoff_ms=20,
        )
        for _ in range(2)
    ]  # fmt: skip
    for twin in twins:
        twin.subscribe([topic], listener=counts)
        await twin.start()
    await eventually(lambda: counts.times > 6, within=60, what="they throw each other out")
    await asyncio.gather(*(twin.stop() for twin in twins), return_exceptions=True)

    group = unique_group()
    async with hearing(database, servers, group) as first, hearing(other, servers, group) as second:
        await eventually(lambda: len(first.consumer.at) == len(second.consumer.at) == 3, within=60)
        assert client_of(first)._group_instance_id is None
        rounds = first.consumer._assignment
        for nth in range(1, 4):
            await write(servers, spread(range(nth, nth + 1)))
            await all_heard(database, nth)
        assert first.consumer._assignment == rounds
    await assert_one_effect_each(database, 3)


async def test_pitfall_35_a_broker_that_answers_no_more_is_seen_until_it_does(
    database: Database, own_kafka: Kafka
) -> None:
    """An outage is silent: polls bring nothing, commits wait. And a drain longer than its time loses its commit.

    Guard: the age of the last answer; `rebalance_timeout_ms` named, thrice the session's (shared/messaging/subscribing.py)
    """
    topic = await new_topic(own_kafka.servers)
    async with consuming(own_kafka.servers, topic, group=unique_group()) as naive:
        await eventually(naive.assignment, within=60)
        assert naive._coordinator._rebalance_timeout_ms == naive._session_timeout_ms
        with held(own_kafka):
            assert await naive.getmany(timeout_ms=200) == {}

    async with hearing(database, own_kafka.servers, unique_group()) as run:
        await eventually(lambda: run.consumer.is_placed, within=60)
        assert client_of(run)._coordinator._rebalance_timeout_ms >= 3 * client_of(run)._session_timeout_ms
        begun = run.consumer.offsets.answered_at
        await eventually(lambda: run.consumer.offsets.answered_at > begun, within=60)
        with held(own_kafka):
            await eventually(lambda: time.monotonic() - run.consumer.offsets.answered_at > 3, within=60)
        await eventually(lambda: time.monotonic() - run.consumer.offsets.answered_at < 2, within=60)


async def test_pitfall_36_what_waits_for_a_dead_broker_can_be_stopped_within_seconds(
    database: Database, schema: Schema, own_kafka: Kafka
) -> None:
    """Without a broker `stop` of a consumer raises CancelledError, and that of a producer with work in hand hangs.

    Guard: every client is stopped within a bounded time, and what its stop leaves open is closed (shared/messaging/stopping.py)
    """
    async with (
        telling(schema, own_kafka.servers) as run,
        hearing(database, own_kafka.servers, unique_group()) as ears,
    ):
        await speak(database, 1)
        await until_told(database, len(KEYS))
        await eventually(lambda: value(database, "select count(*) = $1 from heard", len(KEYS)), within=60)
        listening = client_of(ears)._client
        own_kafka.kill()
        await speak(database, 1)
        await eventually(lambda: time.monotonic() - run.relay.last_pass > 1, within=60, what="it has work in hand")

        begun = time.monotonic()
        await asyncio.gather(ears.stop(), run.cut_off())
        await run.producer.stop()
        took = time.monotonic() - begun
    assert took < 30, "by itself it would hang"
    assert listening._sync_task is None, "it would go on looking for the broker"
    assert await rows(database, "select count(*) from outbox") == [(len(KEYS),)]


async def test_pitfall_37_a_topic_that_kafka_refuses_is_not_taken_for_made(servers: str) -> None:
    """`create_topics` of the admin client never raises.

    Guard: each topic's answer is read (deploy/topics.py)
    """
    await delete_topics(servers)
    async with administering(servers) as admin:
        answer = await admin.create_topics([NewTopic(TOPICS[0], 1, 3)])
        assert answer.topic_errors[0][1] == InvalidReplicationFactorError.errno
        with pytest.raises(InvalidReplicationFactorError, match=TOPICS[0]):
            await create_topics(admin, 3, 1)


@pytest.mark.parametrize("broken", ["truncated", "changed"])
def test_pitfall_39_a_jar_that_is_not_the_listed_one_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The resolver of jars takes a truncated one, and without the last `!` of its endpoint others than asked.

    Guard: an own list of names and SHA-256, compared at every start (deploy/local/jars.py)
    """
    kafka_jars(CACHE)
    shutil.copytree(CACHE / "maven", tmp_path / "maven", copy_function=os.symlink)
    assert len(kafka_jars(tmp_path, lambda _: None)) == 92
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{HOST}:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    jar = next(tmp_path.rglob("slf4j-api-1.7.36.jar"))
    whole = jar.read_bytes()
    jar.unlink()
    jar.write_bytes(whole[: len(whole) // 2] if broken == "truncated" else whole + b"more")
    with pytest.raises(
        RunnerError, match=r"slf4j-api-1.7.36.jar.* needs the network; check the connection or the proxy"
    ):
        kafka_jars(tmp_path, lambda _: None)
