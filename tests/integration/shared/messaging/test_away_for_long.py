"""An owner that was away for longer than partitions of `told` are made ahead, or of which little is kept, still starts."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Stream
from shared.messaging.producer import Producer
from shared.storage import Database
from tests.integration.shared.messaging.test_adopting import adopted
from tests.integration.shared.messaging.test_checking import back_up, checked, checking, cut, restore, told
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.messaging import Schema, rows
from tests.topics import log_of

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS.topic
NO_PARTITIONS = """
do $$ declare name text; begin
  for name in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'told'::regclass
  loop execute format('drop table %I', name); end loop;
end $$
"""


@pytest.fixture
async def away(database: Database, schema: Schema, servers: str) -> None:
    """It crashed between the broker's answer and its own commit, more than a week ago: no partition is made for today."""
    await say(database, "a", "b")
    await back_up(schema)
    async with checked(schema, servers):
        await until_told(database, 2)
    await restore(schema)
    await schema.alter(NO_PARTITIONS)


@pytest.mark.usefixtures("away")
async def test_what_stands_in_the_log_is_settled_though_the_owner_was_away_for_more_than_a_week(
    database: Database, schema: Schema, servers: str
) -> None:
    async with checked(schema, servers):
        await until_told(database, 2)
        await say(database, "c")
        await until_told(database, 3)

    assert await rows(database, "select sequence, off from told order by sequence") == [(1, 0), (2, 1), (3, 2)]


@pytest.mark.usefixtures("away")
async def test_the_log_of_a_back_up_of_more_than_a_week_ago_can_be_adopted(database: Database, servers: str) -> None:
    assert (await adopted(database, servers)).settled == 2


async def test_an_owner_that_says_little_tells_a_lost_end_again_though_older_days_are_not_kept_any_more(
    database: Database, schema: Schema, servers: str
) -> None:
    await told(database, schema, servers, *"abcde")
    await schema.alter("delete from told where sequence <= 2")
    await cut(servers, keep=4)

    producer = Producer(servers, schema.name)
    check = checking(schema, servers, producer)
    connection = await asyncpg.connect(schema.dsn)
    await check(connection)
    await connection.close()
    await producer.stop()

    assert check.seen == 4 + 1, "whoever watches sees both reading and telling move"
    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2, 3, 4, 5]}
    assert await rows(database, "select outcome from audit") == [("1 events told again, from offset 4 on",)]
