"""What was told can be told again, unchanged: it fills a gap, and nobody else sees anything of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.local.ports import HOST, free_port
from shared.contracts.event import Stream
from shared.messaging.operating import Desk, NotThere
from shared.messaging.producer import Producer
from shared.messaging.resending import CHUNK, NotTold
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_relay import until_told
from tests.messaging import Record, Schema, fresh_schema, opened, rows, value, withdrawn
from tests.servers import PostgresServer
from tests.topics import delete_topics, log_of, topics_anew, write
from tests.waiting import eventually

ONE = UUID(int=1)
PROJECTS = Stream.PROJECTS.topic
READ = "select coalesce(sum(next), 0)::int = $1 from positions"


@pytest.fixture
async def producer(servers: str) -> AsyncIterator[Producer]:
    producer = Producer(servers, "operator")
    yield producer
    await producer.stop()


async def told(database: Database, schema: Schema, servers: str, words: str) -> list[Record]:
    """What stands in the log after the relay told these words of one project."""
    async with database.transaction() as tx:
        for word in words:
            tx.say(withdrawn(ONE, word))
    async with telling(schema, servers):
        await until_told(database, len(words))
    log = await log_of(servers, PROJECTS)
    return [Record(r.topic, r.partition, r.offset, r.key, r.value, r.headers) for r in log]


async def test_a_lost_version_that_is_told_again_closes_the_gap_and_is_dropped_by_who_heard_it(
    database: Database, schema: Schema, servers: str, producer: Producer, postgres: PostgresServer
) -> None:
    first, lost, third, fourth = await told(database, schema, servers, "abcd")
    kept = await rows(database, "select * from told order by seq")
    await topics_anew(servers)
    await write(servers, [first, third, fourth])

    async with (
        opened(await fresh_schema(postgres, toy.TABLES)) as other,
        hearing(database, servers, unique_group()),
    ):
        await toy.listener(other).hear([first, lost, third, fourth], [])
        async with hearing(other, servers, unique_group()):
            await eventually(lambda: value(database, READ, 3))
            assert await toy.heard(database, ONE) == (1, "gap")

            answer = await Desk(database, toy.listener(database)).resend(producer, PROJECTS, str(ONE), 2, 2)

            await eventually(lambda: value(database, READ, 4))
            await eventually(lambda: value(other, READ, 4))
        assert await toy.words(other, ONE) == list("abcd")
        assert await toy.parked(other, ONE) == []
        assert await rows(other, "select word from echo") == [(word,) for word in "abcd"]

    assert answer == f"{ONE} told again on {PROJECTS}, 1 version(s): 2"
    assert await toy.words(database, ONE) == list("abcd")
    assert await toy.heard(database, ONE) == (4, "free")
    again = (await log_of(servers, PROJECTS))[-1]
    assert (again.key, again.value, again.headers) == (lost.key, lost.value, lost.headers)
    assert await rows(database, "select * from told order by seq") == kept


async def test_a_life_longer_than_a_chunk_is_told_again_whole_and_in_order(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    count = 2 * CHUNK + 1
    before = await told(database, schema, servers, "x" * count)

    answer = await Desk(database, toy.listener(database)).resend(producer, PROJECTS, str(ONE), 2)

    assert answer == f"{ONE} told again on {PROJECTS}, {count - 1} version(s): 2-{count}"
    after = [(record.value, record.headers) for record in await log_of(servers, PROJECTS)]
    assert after == [(record.value, record.headers) for record in (*before, *before[1:])]


async def test_what_is_not_kept_is_said_in_a_sentence(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    await told(database, schema, servers, "ab")
    desk = Desk(database, toy.listener(database))

    for key, first in ((str(ONE), 3), (str(UUID(int=2)), 1), ("[/x]", 1)):
        with pytest.raises(NotThere, match="nothing that was told is kept"):
            await desk.resend(producer, PROJECTS, key, first)
    assert len(await log_of(servers, PROJECTS)) == 2


async def test_what_kafka_does_not_take_is_said_in_a_sentence(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    await told(database, schema, servers, "ab")
    desk = Desk(database, toy.listener(database))

    with pytest.raises(NotTold, match="Kafka does not answer"):
        await desk.resend(Producer(f"{HOST}:{free_port()}", "operator"), PROJECTS, str(ONE))
    await delete_topics(servers, [PROJECTS])
    with pytest.raises(NotTold, match=r"Kafka refused .* Told again before that: 0"):
        await desk.resend(producer, PROJECTS, str(ONE))
