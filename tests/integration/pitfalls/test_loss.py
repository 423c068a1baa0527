"""How events get lost on this stack, and what keeps ours from it."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from faststream.kafka import KafkaMessage
from faststream.middlewares import AckPolicy

from deploy.local.kafka import Kafka
from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.producer import Producer
from shared.storage import Database, Transaction
from tests.integration.pitfalls.plain import (
    client_of,
    committed,
    consuming,
    faststream,
    held,
    new_topic,
    records_of,
)
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_consumer import LIVES, Slow, all_heard, assert_one_effect_each, spread
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.integration.shared.messaging.test_setbacks import keys_of_one_shard
from tests.integration.shared.messaging.toy import words
from tests.messaging import Record, Schema, life, outbox, record, rows, value, withdrawn
from tests.topics import PARTITIONS, TOPICS, log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE = LIVES[0]


async def test_pitfall_01_what_was_fetched_and_not_done_does_not_count_as_done(
    database: Database, other: Database, servers: str
) -> None:
    """By default FastStream commits what it fetched, from the latest record on, with acks=1: a crash loses it.

    Guard: own place in the transaction of the effect; MANUAL, earliest, acks=all, idempotent (shared/messaging/consumer.py)
    """
    topic, group, slow = await new_topic(servers), unique_group(), Slow()
    naive = faststream(servers)

    @naive.subscriber(topic, group_id=group, auto_offset_reset="earliest", auto_commit_interval_ms=50)
    async def handle(body: str) -> None:
        slow.reached.set()
        await slow.open.wait()

    await write(servers, records_of(topic, ["never done"]))
    async with naive:
        await naive.start()
        await slow.reached.wait()
        await eventually(lambda: committed(servers, group, topic), within=60)

    group, slow = unique_group(), Slow()
    await write(servers, spread(range(1, 6)))
    async with hearing(database, servers, group, [*toy.REACTIONS, each(ProjectWithdrawn, slow)], records=40) as dying:
        await slow.reached.wait()
        client = client_of(dying)
        assert (client._enable_auto_commit, client._auto_offset_reset) == (False, "earliest")
        await dying.cut_off()
    assert await value(database, "select count(*) from positions where next > 0") == 0
    async with hearing(other, servers, group):
        await all_heard(other, 5)
    await assert_one_effect_each(database, 5)
    ours = Producer(servers, "test")
    sender = (await ours._ready())._sender
    await ours.stop()
    assert (sender._acks, sender._txn_manager is not None) == (-1, True)


@pytest.mark.parametrize("odd", [None, b"\xff\xfe"], ids=["null", "not UTF-8"])
async def test_pitfall_02_an_odd_header_takes_no_good_record_with_it(
    database: Database, servers: str, odd: bytes | None
) -> None:
    """FastStream's parser raises before any policy acts: in batch mode the good records of that poll vanish too.

    Guard: raw records, and a decoder that never raises (shared/messaging/envelope.py)
    """
    topic, got = await new_topic(servers), list[list[str]]()
    naive = faststream(servers)

    @naive.subscriber(topic, group_id=unique_group(), auto_offset_reset="earliest", batch=True, batch_timeout_ms=20)
    async def handle(body: list[str]) -> None:
        got.append(body)

    _, good = records_of(topic, ["bad", "good"])
    await write(servers, [good, Record(topic, 0, 0, b"k", b"bad", [("x", odd)])])
    async with naive:
        await naive.start()
        client = next(iter(naive.subscribers)).consumer  # type: ignore[attr-defined] # of a Kafka subscriber
        await eventually(client.assignment, within=60)
        (part,) = client.assignment()
        await eventually(lambda: _passed(client, part, 2), within=60)
        await write(servers, records_of(topic, ["later"]))
        await eventually(lambda: got == [["later"]], within=60)

    fine, other_ = record(withdrawn(ONE, "a"), 1), record(withdrawn(LIVES[1]), 1)
    nulled = Record(PROJECTS, 0, 0, other_.key, other_.value, [("ce_id", odd), ("x", odd)])
    await write(servers, [Record(PROJECTS, 0, 0, b"k", b"v", [("x", odd)]), nulled, fine])
    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select count(*) = 1 from heard"), within=60)
    assert await words(database, ONE) == ["a"]
    assert await value(database, "select count(*) from dead_letter") == 2


async def _passed(client: object, part: object, offset: int) -> bool:
    return await client.position(part) == offset  # type: ignore[attr-defined, no-any-return] # untyped library


class FullFor:
    """Postgres has no room the first few times, or always."""

    __name__ = "full"

    def __init__(self, times: int) -> None:
        self.left, self.asked = times, 0

    async def __call__(self, tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        self.asked += 1
        if self.left:
            self.left -= 1
            await tx.execute("do $$ begin raise exception 'full' using errcode = '53100'; end $$")


async def test_pitfall_03_only_what_had_its_effect_is_committed(database: Database, servers: str) -> None:
    """A commit without offsets commits the fetch position of ALL assigned partitions, done or not.

    Guard: commits name each partition's own offset, after its effect (shared/messaging/consumer.py)
    """
    topic, group = await new_topic(servers, 2), unique_group()
    await write(servers, [*records_of(topic, ["done"]), *records_of(topic, ["not done"], partition=1)])
    async with consuming(servers, topic, group=group) as naive:
        polled = [one for _ in range(2) for one in (await naive.getmany(timeout_ms=30_000, max_records=1)).values()]
        assert len(polled) == 2
        await naive.commit()  # after the first of them
    assert [await committed(servers, group, topic, part) for part in (0, 1)] == [1, 1]

    group, full = unique_group(), FullFor(1_000)
    await write(servers, life(ONE, "a"))
    async with hearing(database, servers, group, [each(ProjectWithdrawn, full)]) as ears:
        await eventually(lambda: full.asked > 5, within=60)
        await ears.stop()
    assert await committed(servers, group, PROJECTS) in (None, 0)


async def test_pitfall_04_what_fails_for_a_while_is_not_skipped(database: Database, servers: str) -> None:
    """ACK and REJECT_ON_ERROR commit on an error; with MANUAL the next acknowledgement passes over what failed.

    Guard: a batch is run again until it is done; nothing is polled meanwhile (shared/messaging/consumer.py)
    """
    topic, group, done = await new_topic(servers), unique_group(), list[str]()
    naive = faststream(servers)

    @naive.subscriber(topic, group_id=group, auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL)
    async def handle(body: str, message: KafkaMessage) -> None:
        if body == "fails once":
            raise OSError(body)
        done.append(body)
        await message.ack()

    await write(servers, records_of(topic, ["fails once", "next"]))
    async with naive:
        await naive.start()
        await eventually(lambda: committed(servers, group, topic), within=60)
    assert (done, await committed(servers, group, topic)) == (["next"], 2)

    full = FullFor(3)
    await write(servers, life(ONE, "ab"))
    async with hearing(database, servers, unique_group(), [*toy.REACTIONS, each(ProjectWithdrawn, full)], records=1):
        await eventually(lambda: value(database, "select sequence = 2 from heard"), within=60)
    assert (await words(database, ONE), full.left) == (["a", "b"], 0)


async def test_pitfall_05_every_topic_is_subscribed_to(database: Database, servers: str) -> None:
    """With several workers and an acknowledging policy of the broker's, FastStream hears the first topic alone.

    Guard: one worker, the policy stands at the subscriber (shared/messaging/subscribing.py)
    """
    naive = faststream(servers, ack_policy=AckPolicy.MANUAL)
    assert naive.subscriber("a", "b", "c", group_id="g", max_workers=3).topic_names == ["a"]

    async with hearing(database, servers, unique_group(), streams=list(Stream)) as ears:
        await eventually(lambda: ears.consumer.is_placed, within=60)
        assert sorted((tp.topic, tp.partition) for tp in ears.consumer.at) == [
            (topic, part) for topic in sorted(TOPICS) for part in range(PARTITIONS)
        ]


async def test_pitfall_06_what_commits_late_is_told_too(database: Database, schema: Schema, servers: str) -> None:
    """Who reads an outbox by `seq > last` passes over a row whose transaction commits after a later one.

    Guard: the relay claims whatever stands there, in order, and deletes it (shared/messaging/relay.py)
    """
    late, early = await keys_of_one_shard(database, 2)
    async with telling(schema, servers), database.pool.acquire() as connection:
        slow = connection.transaction()
        await slow.start()
        tx = Transaction(connection)
        tx.say(withdrawn(late, "late"))
        await outbox().append(tx)
        await say(database, "early", entity=early)
        await until_told(database, 1)
        last = await value(database, "select max(seq) from told")
        await slow.commit()
        await until_told(database, 2)

    assert await rows(database, "select key from told where seq > $1", last) == [], (
        "`seq > last` would not have seen it"
    )
    assert versions(await log_of(servers, PROJECTS)) == {str(late): [1], str(early): [1]}


async def test_pitfall_07_a_row_stays_until_the_broker_has_confirmed_it(
    database: Database, schema: Schema, own_kafka: Kafka
) -> None:
    """What was only handed to the producer is lost with it.

    Guard: a row leaves the outbox with the broker's RecordMetadata for it (shared/messaging/relay.py)
    """
    async with telling(schema, own_kafka.servers) as dying:
        await say(database, "a")
        await until_told(database, 1)
        with held(own_kafka):
            await say(database, "b")
            await eventually(lambda: time.monotonic() - dying.relay.last_pass > 1, within=60, what="it was handed over")
            assert await rows(database, "select sequence from outbox") == [(2,)]
            await dying.cut_off()
    await eventually(own_kafka.ready, within=60)

    async with telling(schema, own_kafka.servers):
        await until_told(database, 2)
    assert versions(await log_of(own_kafka.servers, PROJECTS)) == {str(UUID(int=1)): [1, 2]}
