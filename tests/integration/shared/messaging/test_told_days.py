"""The days of `told` come and go while others read it: a back-up holds up nothing that is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.messaging.producer import Producer
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_away_for_long import NO_PARTITIONS
from tests.integration.shared.messaging.test_checking import checking
from tests.integration.shared.messaging.test_relay import say, until_told
from tests.messaging import Schema, fresh_schema, opened, rows, value
from tests.servers import PostgresServer
from tests.waiting import eventually

ONE = UUID(int=1)
LONG_AGO = "told_20200101"
# What pg_dump does for as long as it lasts: whoever locks `told` locks its days too.
READ = "begin; lock table told in access share mode"
DAYS = "select inhrelid::regclass::text from pg_inherits where inhparent = 'told'::regclass"
WHAT_IT_IS = """
select c.relowner, c.relacl, c.relkind, c.relispartition,
  (select jsonb_agg(jsonb_build_array(a.attname, a.atttypid, a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
   from pg_attribute a left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
   where a.attrelid = c.oid and a.attnum > 0),
  (select array_agg(pg_get_constraintdef(oid) order by conname) from pg_constraint where conrelid = c.oid),
  (select array_agg(p.inhparent::regclass::text || x.indkey::text order by p.inhparent) from pg_index x
   left join pg_inherits p on p.inhrelid = x.indexrelid where x.indrelid = c.oid)
from pg_class c where c.oid = $1::text::regclass
"""


@pytest.fixture
async def owned(postgres: PostgresServer) -> Schema:
    """One of this test's own: its days are missing for a while."""
    return await fresh_schema(postgres)


@pytest.fixture
async def own(owned: Schema) -> AsyncIterator[Database]:
    async with opened(owned) as database:
        yield database


@pytest.fixture
async def other(owned: Schema) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Somebody else at the database, who may keep a transaction open for as long as a back-up does."""
    never = {"idle_in_transaction_session_timeout": "0"}
    connection = await asyncpg.connect(owned.owner_dsn, server_settings=never)
    yield connection
    await connection.close()


def name_of(day: date) -> str:
    return f"told_{day:%Y%m%d}"


def in_days(count: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=count)


async def days(database: Database) -> set[str]:
    return {name for (name,) in await rows(database, DAYS)}


async def sweep(schema: Schema) -> None:
    """As a relay does."""
    relay = await asyncpg.connect(schema.dsn)
    try:
        await relay.execute("select keep_told(35)")
    finally:
        await relay.close()


async def test_while_somebody_reads_for_long_all_goes_on_and_the_day_that_comes_is_made(
    owned: Schema, own: Database, other: asyncpg.Connection[asyncpg.Record], servers: str
) -> None:
    """As a back-up that overlaps midnight: one day is to be made, and one is to go."""
    coming = name_of(in_days(7))
    await owned.alter(
        f"drop table {coming}; create table {LONG_AGO} partition of told for values from ('2020-01-01Z') to ('2020-01-02Z')"
    )
    await other.execute(READ)

    async with telling(owned, servers) as first:
        await say(own, "a")
        await until_told(own, 1)
        await eventually(lambda: value(own, "select to_regclass($1) is not null", coming), within=8)
        producer = Producer(servers, owned.name)
        connection = await asyncpg.connect(owned.dsn)
        await checking(owned, servers, producer)(connection)
        async with telling(owned, servers, producer=producer) as second:
            await say(own, "b")
            await until_told(own, 2)
            assert second.relay.attempts == 1
        await connection.close()
        assert first.relay.attempts == 1, "its connection served it all along"
    assert {coming, LONG_AGO} <= await days(own), "what somebody reads stays"

    await other.execute("commit")
    await sweep(owned)
    assert LONG_AGO not in await days(own)


async def test_a_day_that_is_attached_is_what_one_made_as_a_partition_is(owned: Schema, own: Database) -> None:
    attached, made = name_of(in_days(7)), name_of(in_days(8))
    await owned.alter(f"drop table {attached}")
    await sweep(owned)
    await owned.alter(f"create table {made} partition of told for values from ('{in_days(8)}Z') to ('{in_days(9)}Z')")

    assert await rows(own, WHAT_IT_IS, attached) == await rows(own, WHAT_IT_IS, made)


async def test_two_that_sweep_at_once_make_each_day_once(owned: Schema) -> None:
    await owned.alter(NO_PARTITIONS)
    sweepers = [await asyncpg.connect(owned.dsn) for _ in range(4)]

    await asyncio.gather(*(each.execute("select keep_told(35)") for each in sweepers))

    found = {name for (name,) in await sweepers[0].fetch(DAYS)}
    for each in sweepers:
        await each.close()
    assert found >= {name_of(in_days(count)) for count in range(-1, 7)}


async def test_what_cannot_be_made_now_is_made_later_unless_it_is_needed_now(
    owned: Schema, own: Database, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    today, coming = name_of(in_days(0)), name_of(in_days(7))
    await owned.alter(f"drop table {coming}")
    await other.execute("begin; lock table told in share mode")  # as who makes an index
    await sweep(owned)
    assert coming not in await days(own)
    await other.execute("commit")

    await owned.alter(f"drop table {today}")
    await other.execute("begin; lock table told in share mode")
    with pytest.raises(asyncpg.LockNotAvailableError, match="no partition for"):
        await sweep(owned)
    await other.execute("commit")

    await sweep(owned)
    assert {today, coming} <= await days(own)
