"""A transaction that was left open is named, whoever left it; what it asked is not."""

from __future__ import annotations

import logging

import asyncpg
import pytest

from shared.runtime.alarms import Alarms
from shared.storage import Database
from shared.storage.open_transactions import open_transactions
from tests.messaging import Schema
from tests.servers import PostgresServer
from tests.waiting import eventually

SECRET = "930000013"


@pytest.fixture
async def forgotten(postgres: PostgresServer) -> asyncpg.Connection[asyncpg.Record]:
    """A session of the administrator, of which a service may see nothing."""
    connection = await asyncpg.connect(postgres.admin_dsn, server_settings={"application_name": "psql"})
    await connection.execute("begin")
    await connection.fetchval("select $1::text", SECRET)
    return connection


async def test_it_is_named_once_with_pid_program_age_and_state(
    database: Database, forgotten: asyncpg.Connection[asyncpg.Record], caplog: pytest.LogCaptureFixture
) -> None:
    pid = forgotten.get_server_pid()
    alarms = Alarms(database)
    try:
        with caplog.at_level(logging.ERROR):
            assert await alarms.name_old_transactions() == []
            await eventually(lambda: is_old(database, pid))
            fresh = [one for one in await alarms.name_old_transactions(older_than=0.5) if one.pid == pid]
            again = [one for one in await alarms.name_old_transactions(older_than=0.5) if one.pid == pid]
    finally:
        await forgotten.close()

    (one,) = fresh
    assert again == []
    assert (one.application, one.state) == ("psql", "idle in transaction")
    (line,) = [line for line in caplog.messages if str(pid) in line]
    assert line.startswith(f"a transaction of psql (pid {pid}) has been open for ")
    assert line.endswith(f"select pg_terminate_backend({pid})")
    assert SECRET not in line


async def is_old(database: Database, pid: int) -> bool:
    async with database.reading() as tx:
        return pid in [one.pid for one in await open_transactions(tx, 0.5)]


async def test_a_service_sees_no_statement_of_another_role(
    database: Database, schema: Schema, forgotten: asyncpg.Connection[asyncpg.Record]
) -> None:
    pid = forgotten.get_server_pid()
    try:
        async with database.reading() as tx:
            columns = dict((await tx.fetch("select * from open_transactions(0) where pid = $1", pid))[0])
            directly = await tx.fetchval("select query from pg_stat_activity where pid = $1", pid)
    finally:
        await forgotten.close()
    assert set(columns) == {"pid", "application", "began", "age", "state"}
    assert directly == "<insufficient privilege>"
