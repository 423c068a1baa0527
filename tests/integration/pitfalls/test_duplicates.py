"""How one event comes to have two effects on this stack, and what keeps ours from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import RecordMetadata
from faststream.kafka import KafkaMessage
from faststream.kafka.parser import AioKafkaParser
from faststream.middlewares import AckPolicy

from shared.contracts.event import Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.producer import Outgoing, Producer
from shared.storage import Database
from tests.integration.pitfalls.plain import (
    client_of,
    consuming,
    faststream,
    new_topic,
    producing,
    records_of,
)
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_consumer import (
    LIVES,
    Slow,
    all_heard,
    assert_one_effect_each,
    counted,
    spread,
)
from tests.integration.shared.messaging.test_relay import KILL_RELAY, say, until_told
from tests.integration.shared.messaging.toy import words
from tests.messaging import Record, Schema, life, record, rows, value, withdrawn
from tests.topics import PARTITIONS, log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE, TWO = LIVES[:2]


async def test_pitfall_08_who_joins_gets_nothing_that_is_under_way(
    database: Database, other: Database, servers: str
) -> None:
    """Rebalances wait for no handler: the newcomer reads again what is under way at the other member.

    Guard: Drain lets the batch in flight finish; session and rebalance time-outs leave it room (shared/messaging/draining.py)
    """
    topic, group = await new_topic(servers, 2), unique_group()
    await write(servers, [*records_of(topic, ["a"]), *records_of(topic, ["b"], partition=1)])
    async with consuming(servers, topic, group=group) as busy:
        await eventually(lambda: len(busy.assignment()) == 2, within=60)
        under_way = [await busy.getone(), await busy.getone()]
        async with consuming(servers, topic, group=group) as newcomer:
            again = await asyncio.wait_for(newcomer.getone(), 60)
    assert again.value in {one.value for one in under_way}

    group, slow = unique_group(), Slow()
    await write(servers, spread(range(1, 6)))
    async with hearing(database, servers, group, [*toy.REACTIONS, each(ProjectWithdrawn, slow)], records=60) as first:
        await slow.reached.wait()
        client = client_of(first)
        assert client._coordinator._rebalance_timeout_ms >= 3 * client._session_timeout_ms >= 30_000
        async with hearing(other, servers, group) as second:
            await eventually(lambda: not first.consumer.at, within=60, what="the first one is asked to let go")
            assert not second.consumer.is_placed
            slow.open.set()
            await eventually(lambda: first.consumer.is_placed and second.consumer.is_placed, within=60)
            await all_heard(database, 5)
            assert len(first.consumer.at) == len(second.consumer.at) == PARTITIONS // 2
            await counted(5 * len(LIVES), first, second)
            await write(servers, spread(range(6, 8)))
            await all_heard(database, 7)
    await assert_one_effect_each(database, 7)


async def test_pitfall_09_who_stops_finishes_its_batch_first(database: Database, servers: str) -> None:
    """With several workers FastStream closes its consumers before the handlers finish: each deploy doubles.

    Guard: one worker; `stop` ends the loop after the batch, and only then the client (shared/messaging/consumer.py)
    """
    topic, group, slow = await new_topic(servers), unique_group(), Slow()
    naive = faststream(servers)

    @naive.subscriber(topic, group_id=group, auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL, max_workers=2)
    async def handle(body: str) -> None:
        slow.reached.set()
        await slow.open.wait()

    await write(servers, records_of(topic, ["under way"]))
    await naive.start()
    await slow.reached.wait()
    stopping = asyncio.create_task(naive.stop())
    (subscriber,) = naive.subscribers
    await eventually(lambda: not subscriber.consumer_subgroup, within=60)  # type: ignore[attr-defined] # of that kind
    async with consuming(servers, topic, group=group) as newcomer:
        assert (await asyncio.wait_for(newcomer.getone(), 60)).value == b"under way"
    slow.open.set()
    await stopping

    group, slow = unique_group(), Slow()
    await write(servers, life(ONE, "abc"))
    async with hearing(database, servers, group, [*toy.REACTIONS, each(ProjectWithdrawn, slow)]) as first:
        await slow.reached.wait()
        first.consumer.stop()
        done, _ = await asyncio.wait([first.task], timeout=0.5)
        assert not done
        slow.open.set()
        await first.stop()
    assert await value(database, "select next from positions where part = 0") == 3
    async with hearing(database, servers, group) as second:
        await write(servers, life(TWO, "x"))
        await eventually(lambda: words(database, TWO), within=60)
        await counted(1, second)
    assert await words(database, ONE) == ["a", "b", "c"]


class NeverAnswers(Producer):
    """It tells, and then waits for ever for the broker's answer: as an idempotent producer may."""

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        await super().send(records)
        await asyncio.Event().wait()
        return []


async def test_pitfall_10_what_is_sent_again_is_the_same_event(
    database: Database, schema: Schema, servers: str
) -> None:
    """A batch of an idempotent producer never expires: who gives up waiting and sends again makes a copy.

    Guard: one owner a shard, ids that Postgres gave once (shared/messaging/shards.py, migrations/0001), `heard`
    """
    async with telling(schema, servers, producer=NeverAnswers(servers, "test")) as first:
        await say(database, "a")
        await eventually(lambda: _log_has(servers, 1), within=60)
        async with telling(schema, servers) as second:
            await say(database, "b")
            await eventually(lambda: second.relay.last_pass > 0 and value(database, "select count(*) = 2 from outbox"))
            # The first one waits with all shards in hand: what it owns nobody else tells.
            owned = "select count(distinct pid) from pg_locks where locktype = 'advisory' and objid < 16 and granted"
            assert await value(database, owned) == 1
            assert second.relay.confirmed == 0
            await eventually(lambda: value(database, KILL_RELAY), within=60)
            await until_told(database, 2)
        await first.cut_off()

    copies = [dict(record.headers) for record in await log_of(servers, PROJECTS)]
    of_first = [copy["ce_id"] for copy in copies if copy["ce_sequence"] == b"1"]
    assert len(of_first) > 1
    assert len(set(of_first)) == 1
    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select sequence = 2 from heard"), within=60)
    assert await words(database, ONE) == ["a", "b"]


async def _log_has(servers: str, count: int) -> bool:
    return len(await log_of(servers, PROJECTS)) >= count


async def test_pitfall_11_a_duplicate_breaks_no_transaction_not_even_in_its_own_batch(
    database: Database, servers: str
) -> None:
    """A duplicate key that is caught has aborted the transaction: all the rest of the batch is lost with it.

    Guard: versions are compared, batch included, before anything is written (shared/messaging/placing.py)
    """
    async with database.pool.acquire() as naive:
        attempt = naive.transaction()
        await attempt.start()
        insert = "insert into heard (stream, entity, sequence) values (9, $1, 1)"
        await naive.execute(insert, TWO)
        with pytest.raises(asyncpg.UniqueViolationError):
            await naive.execute(insert, TWO)
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await naive.execute("select 1")
        await attempt.rollback()

    first, second, third = life(ONE, "abc")
    elsewhere = life(TWO, "xy")
    await write(servers, [first, elsewhere[0], first, second, first, elsewhere[1], second, elsewhere[0], third])
    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.handled == 9, within=60)
    assert await words(database, ONE) == ["a", "b", "c"]
    assert await words(database, TWO) == ["x", "y"]
    assert await value(database, "select count(*) from echo") == 5
    assert await rows(database, "select * from parked") == []


async def test_pitfall_12_an_event_is_told_from_another_by_its_own_id(database: Database, servers: str) -> None:
    """FastStream's `message_id` is offset and timestamp: two events may bear one, and a copy of one bears another.

    Guard: the event's id, which Postgres gave once, is what is compared (shared/messaging/envelope.py)
    """
    first = record(withdrawn(ONE, "a"), 1)
    fork = record(withdrawn(ONE, "b"), 1, changed={"ce_id": b"00000000-0000-7000-8000-000000000000"})
    copied = record(withdrawn(TWO, "x"), 1)
    async with producing(servers) as producer:
        for partition, one in ((0, first), (1, fork), (2, copied), (2, copied)):
            await producer.send_and_wait(
                PROJECTS, one.value, one.key, partition, timestamp_ms=1_000, headers=list(one.headers)
            )
    parser, stand = AioKafkaParser(KafkaMessage, None), await log_of(servers, PROJECTS)
    ids = [(await parser.parse_message(one)).message_id for one in stand]
    assert ids == ["0-1000", "0-1000", "0-1000", "1-1000"]

    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.handled == 4, within=60)
    assert await value(database, "select count(*) from life") == 2
    ((entity, reason),) = await rows(database, "select entity, reason from parked")
    assert (entity, reason[:5]) == (ONE, "fork:"), "seen although offset and instant are the same; the copy is no fork"


async def test_pitfall_13_a_duplicate_is_known_however_old_it_is(
    database: Database, schema: Schema, servers: str
) -> None:
    """What keeps ids for minutes applies again what is replayed after them.

    Guard: `heard` keeps the version that each entity reached, for ever (shared/messaging/heard.py)
    """
    await write(servers, _lives(range(1, 51)))
    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.handled == 100, within=60)
    await schema.alter("delete from positions")
    before = await _everything(database)

    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.handled == 100, within=60)
    assert await _everything(database) == before
    assert len(before["heard"]) == 2, "one row an entity, however many events"


def _lives(versions: range) -> list[Record]:
    return [record(withdrawn(entity, f"zeg {nth}"), nth) for nth in versions for entity in (ONE, TWO)]


async def _everything(database: Database) -> dict[str, Any]:
    names = ("life", "echo", "outbox", "said", "parked", "dead_letter")
    found: dict[str, Any] = {name: await rows(database, f"select * from {name} t order by t::text") for name in names}
    return {**found, "heard": await rows(database, "select entity, sequence, event_id from heard order by entity")}
