"""What Kafka keeps refusing holds up nothing else, and is told in order once it is taken."""

from __future__ import annotations

from uuid import UUID

import pytest

from deploy.setup import create_topics
from shared.contracts.event import Stream
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_broker_trouble import limit_size
from tests.integration.shared.messaging.test_relay import until_told, versions
from tests.messaging import Schema, ended, rows, value, withdrawn
from tests.topics import administering, delete_topics, log_of
from tests.waiting import eventually

PROJECTS, ADOPTIONS = Stream.PROJECTS.topic, Stream.ADOPTIONS.topic
IN_ONE_SHARD = """
select key from (select lpad(to_hex(n), 32, '0')::uuid as key from generate_series(1, 9000) n) made
where (hashtext(key::text) & 2147483647) % 16 = 3 order by key limit $1
"""


async def keys_of_one_shard(database: Database, count: int) -> list[UUID]:
    """So many that the relay cannot claim them all at once, if it is more than a hundred or so."""
    return [key for (key,) in await rows(database, IN_ONE_SHARD, count)]


async def say_adoptions(database: Database, entities: list[UUID], words: str = "ab") -> None:
    for word in words:
        async with database.transaction() as tx:
            for entity in entities:
                tx.say(ended(entity, word))


async def say_project(database: Database, entity: UUID) -> None:
    async with database.transaction() as tx:
        tx.say(withdrawn(entity, "x"))


async def told_of(database: Database, topic: str) -> int:
    count: int = await value(database, "select count(*) from told where topic = $1", topic)
    return count


async def create_anew(servers: str) -> None:
    async with administering(servers) as admin:
        await create_topics(admin, 1, 1)


async def test_a_topic_that_is_not_there_does_not_hold_up_what_stands_behind_it(
    database: Database, schema: Schema, servers: str
) -> None:
    *keys, last = await keys_of_one_shard(database, 201)
    await delete_topics(servers, [ADOPTIONS])
    await say_adoptions(database, keys)
    await say_project(database, last)

    async with telling(schema, servers):
        await eventually(lambda: told_of(database, PROJECTS))
        assert await told_of(database, ADOPTIONS) == 0
        await create_anew(servers)
        await until_told(database, 401)

    assert versions(await log_of(servers, ADOPTIONS)) == {str(key): [1, 2] for key in keys}
    assert await rows(database, "select * from stopped") == []


async def test_a_topic_that_vanishes_while_it_is_told_does_not_hold_up_the_others(
    database: Database, schema: Schema, servers: str
) -> None:
    first, second, other = await keys_of_one_shard(database, 3)

    async with telling(schema, servers):
        await say_adoptions(database, [first, second], "a")
        await say_project(database, other)
        await until_told(database, 3)
        await delete_topics(servers, [ADOPTIONS])
        await say_adoptions(database, [first, second], "bc")
        await say_project(database, other)
        await eventually(lambda: _is_told(database, PROJECTS, 2))
        await create_anew(servers)
        await until_told(database, 8)

    assert versions(await log_of(servers, ADOPTIONS)) == {str(first): [2, 3], str(second): [2, 3]}


async def _is_told(database: Database, topic: str, count: int) -> bool:
    return await told_of(database, topic) == count


async def test_keys_that_the_broker_refuses_stop_alone(
    database: Database, schema: Schema, servers: str, caplog: pytest.LogCaptureFixture
) -> None:
    probe, *keys = await keys_of_one_shard(database, 41)
    large, small = keys[:12], keys[12:]
    all_small = "select count(*) = $1 from told where key = any($2)"

    async with telling(schema, servers):
        await limit_size(servers, 2_000)
        await eventually(lambda: _refused(database, probe, caplog))
        async with database.transaction() as tx:
            for key in (*large, *small):
                tx.say(withdrawn(key, "x" * (3_000 if key in large else 30)))
        await eventually(lambda: value(database, all_small, len(small), [str(key) for key in small]))
        assert await value(database, "select count(*) from told where key = any($1)", [str(key) for key in large]) == 0
        await limit_size(servers, 262_144)
        said: int = await value(database, "select sum(sequence)::int from said")
        await until_told(database, said)

    log = versions(await log_of(servers, PROJECTS))
    assert {key: log.get(str(key)) for key in keys} == {key: [1] for key in keys}


async def _refused(database: Database, probe: UUID, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether the broker knows of its limit yet."""
    async with database.transaction() as tx:
        tx.say(withdrawn(probe, "x" * 3_000))
    return "MessageSizeTooLargeError" in caplog.text
