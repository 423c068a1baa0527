"""What a crash of Postgres takes back goes with all that belongs to it, and comes back from the log: each effect once.

Neither the relay nor who only hears waits until a commit is on the disk (docs/decisions/0011). Here nothing is, until asked.
"""

from __future__ import annotations

import logging
from uuid import UUID

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from shared.contracts.event import Stream
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.test_checking import checked
from tests.integration.shared.messaging.test_consumer import all_heard
from tests.integration.shared.messaging.test_relay import until_told
from tests.messaging import Schema, fresh_schema, life, opened, rows, value, withdrawn
from tests.topics import log_of, write
from tests.waiting import eventually

LIVES = [UUID(int=number) for number in range(1, 31)]
PROJECTS = Stream.PROJECTS.topic
TWICE = """
select count(*), count(distinct (key, sequence)), count(distinct (part, off)),
  (select count(*) from outbox), (select sum(sequence) from said) from told
"""


@pytest.fixture
async def schema(own_postgres: Postgres) -> Schema:
    """In a server that writes nothing to the disk before somebody waits for it."""
    schema = await fresh_schema(own_postgres, toy.TABLES)
    admin = await asyncpg.connect(own_postgres.admin_dsn)
    await admin.execute("alter system set wal_writer_delay = '10s'")
    await admin.execute("select pg_reload_conf()")
    await admin.close()
    return schema


async def crash(postgres: Postgres) -> None:
    """And come back."""
    postgres.kill()
    postgres.begin()
    await eventually(postgres.ready)


async def test_confirmations_that_a_crash_takes_back_are_found_in_the_log_and_nothing_is_told_again(
    own_postgres: Postgres, schema: Schema, servers: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The write-ahead log is one: who loses `told` loses `confirmed` with it, and gets the rows of the outbox back."""
    caplog.set_level(logging.INFO)
    async with opened(schema) as database:
        for nth in range(1, 4):
            async with database.transaction() as tx:
                for entity in LIVES:
                    tx.say(withdrawn(entity, f"{nth}"))
            async with checked(schema, servers) as run:
                await eventually(lambda: run.relay.confirmed == len(LIVES))
                await crash(own_postgres)
                await until_told(database, nth * len(LIVES))

        count = 3 * len(LIVES)
        assert await rows(database, TWICE) == [(count, count, count, 0, count)]
    assert len(await log_of(servers, PROJECTS)) == count
    assert "are not told again" in caplog.text, "a crash took something back"


async def test_effects_that_a_crash_takes_back_go_with_their_place_and_are_heard_again_once(
    own_postgres: Postgres, schema: Schema, servers: str
) -> None:
    """By itself, though nothing more comes: the consumer looks after what it heard until the disk has it."""
    heard_again = 0
    async with opened(schema) as database:
        for nth in range(1, 4):
            await write(servers, [record for entity in LIVES for record in life(entity, [f"{nth}"], nth)])
            async with hearing(database, servers, unique_group()) as run:
                await eventually(lambda: run.consumer.handled >= len(LIVES))
                await crash(own_postgres)
                await all_heard(database, nth)
                heard_again += run.consumer.handled - len(LIVES)

        assert await value(database, "select count(*) from echo") == 3 * len(LIVES)
        assert await rows(database, "select distinct words from life") == [(["1", "2", "3"],)]
    assert heard_again, "a crash took something back"


async def test_what_was_said_while_hearing_is_on_the_disk_before_anybody_sees_it(
    own_postgres: Postgres, schema: Schema, servers: str
) -> None:
    """It may be told at once, and what was told cannot be taken back."""
    await write(servers, [record for entity in LIVES for record in life(entity, ["zeg het"])])
    async with opened(schema) as database:
        async with hearing(database, servers, unique_group()) as run:
            await eventually(lambda: value(database, "select count(*) > 0 from outbox"))
            seen = await rows(database, "select key, sequence, value from outbox order by id")
            run.consumer.stop()
            own_postgres.kill()
        own_postgres.begin()
        await eventually(own_postgres.ready)
        assert await rows(database, "select key, sequence, value from outbox order by id") == seen
