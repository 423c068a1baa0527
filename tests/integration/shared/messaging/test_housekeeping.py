"""An outbox that is emptied all the time stays small at constant cost; what keeps it from that is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from shared.messaging import relay
from shared.runtime.alarms import Alarms
from shared.storage import Database
from tests.integration.shared.messaging.running import Telling, telling
from tests.messaging import Schema, fresh_schema, opened, value, withdrawn
from tests.servers import PostgresServer
from tests.waiting import eventually

KEYS = [UUID(int=number) for number in range(1, 251)]
AT_ONCE = len(KEYS)
NOBODY_VACUUMS = """
select current_setting('autovacuum') = 'off'
  and not exists (select from pg_stat_activity where backend_type like 'autovacuum%')
"""


@pytest.fixture(autouse=True)
async def nothing_but_the_relay(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Vacuums, as soon as there is enough: on a slow disk it rests for long, and who analyzes keeps it from rows."""
    monkeypatch.setattr(relay, "VACUUM_SHARE", 0)
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await admin.execute("alter system set autovacuum = off")
        await admin.execute("select pg_reload_conf()")
        await eventually(lambda: admin.fetchval(NOBODY_VACUUMS), what="whoever was at it has ended")
        yield
    finally:
        await admin.execute("alter system reset autovacuum")
        await admin.execute("select pg_reload_conf()")
        await admin.close()


async def told(database: Database, run: Telling, rounds: int) -> int:
    """Says so many times 250 events, each time when those before were told; returns the outbox's largest size."""
    largest = 0
    for _ in range(rounds):
        upto = run.relay.confirmed + AT_ONCE
        async with database.transaction() as tx:
            for entity in KEYS:
                tx.say(withdrawn(entity))
        run.relay.wake()
        await until_confirmed(run, upto)
        largest = max(largest, await size(database))
    return largest


async def until_confirmed(run: Telling, count: int) -> None:
    await eventually(lambda: run.relay.confirmed >= count, what="all that was said is told")


async def size(database: Database) -> int:
    """Of the outbox's table, in bytes."""
    found: int = await value(database, "select pg_relation_size('outbox')")
    return found


async def test_however_much_is_said_the_outbox_takes_no_more_room_than_between_two_vacuums(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "VACUUM_AFTER", 2_000)
    async with telling(schema, servers, told_days=0) as run:
        at_first = await told(database, run, 12)
        later = await told(database, run, 48)
    assert later < at_first * 1.5


async def test_behind_an_old_transaction_it_swells_which_is_named_and_goes_on_when_that_has_ended(
    postgres: PostgresServer, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = await fresh_schema(postgres)  # an outbox that was never larger
    monkeypatch.setattr(relay, "VACUUM_AFTER", 1_000)
    never = {"application_name": "psql", "idle_in_transaction_session_timeout": "0"}
    forgotten = await asyncpg.connect(postgres.admin_dsn, server_settings=never)
    pid = forgotten.get_server_pid()
    async with opened(schema) as database, telling(schema, servers, told_days=0) as run:
        usual = await told(database, run, 10)
        await forgotten.execute("begin isolation level repeatable read")
        await forgotten.fetchval("select count(*) from pg_class")
        swollen = await told(database, run, 20)
        named = await Alarms(database).name_old_transactions(older_than=0)
        await forgotten.close()
        afterwards = await told(database, run, 20)
    assert swollen > 2 * usual
    assert pid in [one.pid for one in named if one.application == "psql"]
    assert afterwards <= swollen * 1.2
