"""How events of one key overtake each other on this stack, and what keeps ours from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import RecordMetadata
from faststream.middlewares import AckPolicy

from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.producer import Outgoing, Producer
from shared.runtime.guarantees import NotGuaranteed, assert_log_is_kept
from shared.storage import Database, Transaction
from tests.integration.pitfalls.plain import faststream, new_topic, records_of
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_consumer import LIVES
from tests.integration.shared.messaging.test_relay import KEYS, LosesAnAnswer, say, shards_of, until_told, versions
from tests.integration.shared.messaging.test_setbacks import keys_of_one_shard
from tests.integration.shared.messaging.toy import parked
from tests.messaging import Schema, life, record, rows, value, withdrawn
from tests.topics import PARTITIONS, administering, delete_topics, log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE = LIVES[0]
CLAIM_ONE = "select seq from outbox order by seq limit 1 for update skip locked"


class Held(Producer):
    """It sends nothing until it may."""

    def __init__(self, servers: str) -> None:
        super().__init__(servers, "test")
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        self.reached.set()
        await self.open.wait()
        return await super().send(records)


async def test_pitfall_14_of_several_relays_one_alone_tells_a_key(
    database: Database, schema: Schema, servers: str
) -> None:
    """With SKIP LOCKED a second relay takes a later row of the key that the first one still sends.

    Guard: shards by the hash of the key, one owner each (shared/messaging/shards.py)
    """
    (key,) = await keys_of_one_shard(database, 1)
    for word in "ab":
        await say(database, word, entity=key)
    async with database.pool.acquire() as one, database.pool.acquire() as two, one.transaction(), two.transaction():
        assert await one.fetchval(CLAIM_ONE) < await two.fetchval(CLAIM_ONE), "both send, and the second may be first"

    await schema.empty()
    producers = [Held(servers), Held(servers)]
    async with (
        telling(schema, servers, producer=producers[0]) as first,
        telling(schema, servers, producer=producers[1]) as second,
    ):
        await eventually(lambda: _share(database), within=60, what="both are at work")
        for word in "ab":
            await say(database, word, entity=key)
        await eventually(lambda: any(each.reached.is_set() for each in producers), within=60)
        free = second if producers[0].reached.is_set() else first
        looked = free.relay.last_pass
        await eventually(lambda: free.relay.last_pass > looked + 0.2, within=60, what="the other one looks on")
        assert [each.reached.is_set() for each in producers].count(True) == 1
        for producer in producers:
            producer.open.set()
        await until_told(database, 2)
    assert [dict(one.headers)["ce_sequence"] for one in await log_of(servers, PROJECTS)] == [b"1", b"2"]


async def _share(database: Database) -> bool:
    return [len(shards) for shards in await shards_of(database)] == [8, 8]


async def test_pitfall_14_what_comes_after_a_row_whose_sending_failed_is_told_again_with_it(
    database: Database, schema: Schema, servers: str
) -> None:
    """Retrying one row while later rows of its key go out turns their order round.

    Guard: only what stands before the first failure of its key counts as told (shared/messaging/relay.py)
    """
    await say(database, "a", "b", "c")

    async with telling(schema, servers, producer=LosesAnAnswer(servers, "test")):
        await until_told(database, 3)

    log = await log_of(servers, PROJECTS)
    assert [dict(record.headers)["ce_sequence"] for record in log] == [b"1", b"2", b"3", b"2", b"3"]
    assert len({dict(record.headers)["ce_id"] for record in log}) == 3


async def test_pitfall_15_each_record_goes_to_the_partition_of_its_key(
    database: Database, schema: Schema, servers: str
) -> None:
    """`publish_batch` puts a whole batch on one partition and looks at no key.

    Guard: one `send` a record, to the partition of its key (shared/messaging/producer.py)
    """
    topic = await new_topic(servers, PARTITIONS)
    naive = faststream(servers)
    async with naive:
        await naive.start()
        await naive.publish_batch(*(str(key) for key in KEYS), topic=topic)
    assert len({one.partition for one in await log_of(servers, topic)}) == 1

    async with database.transaction() as tx:
        for key in KEYS:
            tx.say(withdrawn(key))
    async with telling(schema, servers):
        await until_told(database, len(KEYS))
    every, partition_of = list(range(PARTITIONS)), DefaultPartitioner()
    log = await log_of(servers, PROJECTS)
    assert {one.partition for one in log} == set(every)
    assert all(one.partition == partition_of(one.key, every, every) for one in log)


async def test_pitfall_16_what_cannot_be_handled_is_tried_a_few_times_and_holds_up_only_its_key(
    database: Database, servers: str
) -> None:
    """NACK is a hot loop that rewinds every partition of the batch; a topic for retries loses the order of keys.

    Guard: halving under savepoints down to the record at fault, whose key is parked (shared/messaging/listener.py)
    """
    topic, tries = await new_topic(servers), list[str]()
    naive = faststream(servers)

    @naive.subscriber(topic, group_id=unique_group(), auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)
    async def handle(body: str) -> None:
        tries.append(body)
        raise ValueError(body)

    await write(servers, records_of(topic, ["bad", "good"]))
    async with naive:
        await naive.start()
        await eventually(lambda: len(tries) > 100, within=60)
    assert "good" not in tries

    asked = list[str]()

    async def ask(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        asked.append(event.data.reason)

    bad, later = life(ONE, ["kapot", "later"])
    good = [record(withdrawn(entity, "good"), 1) for entity in LIVES[1:]]
    await write(servers, [*good[:15], bad, *good[15:], later])
    async with hearing(database, servers, unique_group(), [each(ProjectWithdrawn, ask), *toy.REACTIONS]) as ears:
        await eventually(lambda: ears.consumer.handled == len(LIVES) + 1, within=60)
    assert await parked(database, ONE) == [(1, "failed"), (2, "gap")]
    assert await value(database, "select count(*) from life") == len(good)
    assert 1 <= asked.count("kapot") < 12


async def test_pitfall_17_no_key_moves_when_a_topic_grows(database: Database, schema: Schema, servers: str) -> None:
    """A partition more, and the hash of most keys points elsewhere: later events overtake the earlier ones.

    Guard: keys are spread over the number of partitions that the registry names (shared/messaging/producer.py)
    """
    before, after, partition_of = list(range(PARTITIONS)), list(range(PARTITIONS + 1)), DefaultPartitioner()
    moving = [
        key for key in KEYS if len({partition_of(str(key).encode(), every, every) for every in (before, after)}) == 2
    ]
    assert len(moving) > len(KEYS) / 2
    for word in "ab":
        await _all_say(database, word)
        async with telling(schema, servers):
            await until_told(database, (1 if word == "a" else 2) * len(KEYS))
        async with administering(servers) as admin:
            if word == "a":
                await admin.create_partitions({PROJECTS: NewPartitions(total_count=PARTITIONS + 1)})
                await eventually(lambda: _has_grown(admin), within=60)

    for key in moving:
        assert await rows(database, "select count(distinct part) from told where key = $1", str(key)) == [(1,)]
    assert versions(await log_of(servers, PROJECTS)) == {str(key): [1, 2] for key in KEYS}


async def _all_say(database: Database, word: str) -> None:
    async with database.transaction() as tx:
        for key in KEYS:
            tx.say(withdrawn(key, word))


async def _has_grown(admin: AIOKafkaAdminClient) -> bool:
    (topic,) = await admin.describe_topics([PROJECTS])
    return len(topic["partitions"]) == PARTITIONS + 1


async def test_pitfall_17_a_topic_with_too_few_partitions_is_refused(servers: str) -> None:
    """One that somebody made with fewer would have to grow, and its keys would move then.

    Guard: the number is compared with the registry at every start (shared/runtime/guarantees.py)
    """
    await delete_topics(servers, [PROJECTS])
    async with administering(servers) as admin:
        await admin.create_topics([NewTopic(PROJECTS, 3, 1, topic_configs={"retention.ms": "-1"})])
        await eventually(lambda: _refused_for_its_number(admin), within=60)


async def _refused_for_its_number(admin: AIOKafkaAdminClient) -> bool:
    with pytest.raises(NotGuaranteed) as refused:
        await assert_log_is_kept(admin, [PROJECTS])
    return f"Topic {PROJECTS} has 3 partitions, not {PARTITIONS}." in str(refused.value)
