"""What a service's role may do: its own rows, and not even all of that."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.storage import Database
from shared.storage.roles import prepare
from tests.messaging import PASSWORD, Schema, fresh_schema, rows
from tests.servers import PostgresServer

ENTITY = UUID(int=1)
FORBIDDEN = asyncpg.InsufficientPrivilegeError


async def test_a_service_cannot_read_the_schema_of_another(database: Database, postgres: PostgresServer) -> None:
    other = await fresh_schema(postgres)

    with pytest.raises(FORBIDDEN, match="schema"):
        await rows(database, f"select * from {other.name}.said")


async def test_not_even_the_owner_of_a_schema_can_read_another(schema: Schema, postgres: PostgresServer) -> None:
    other = await fresh_schema(postgres)

    with pytest.raises(FORBIDDEN, match="schema"):
        await other.alter(f"select * from {schema.name}.said")


@pytest.mark.parametrize(
    "sql",
    [
        "create table mine (id int)",
        "create schema mine",
        "create temp table mine (id int)",
        "drop table note",
        "alter table note add more text",
        "alter table said disable trigger said_never_lower",
        "truncate said",
        "truncate heard",
        "create role mine",
    ],
)
async def test_a_service_writes_rows_and_no_definitions(database: Database, sql: str) -> None:
    with pytest.raises(FORBIDDEN):
        async with database.transaction() as tx:
            await tx.execute(sql)


@pytest.mark.parametrize("table", ["said", "heard", "told", "skipped"])
async def test_what_was_said_heard_told_or_skipped_is_never_deleted(database: Database, table: str) -> None:
    with pytest.raises(FORBIDDEN, match=table):
        async with database.transaction() as tx:
            await tx.execute(f"delete from {table}")


@pytest.mark.parametrize("change", ["told set topic = 'x'", "skipped set reason = 'x'", "dead_letter set reason = 'x'"])
async def test_what_is_evidence_is_never_changed(database: Database, change: str) -> None:
    with pytest.raises(FORBIDDEN):
        async with database.transaction() as tx:
            await tx.execute(f"update {change}")


@pytest.mark.parametrize("table", ["said", "heard"])
async def test_rule_09_a_version_rises_and_never_goes_back(database: Database, schema: Schema, table: str) -> None:
    """Guard: a trigger refuses a lower version (shared/messaging/migrations/0001_pre_messaging.sql)."""
    async with database.transaction() as tx:
        await tx.execute(f"insert into {table} (stream, entity, sequence) values (1, $1, 5)", ENTITY)
        await tx.execute(f"update {table} set sequence = 6")

    with pytest.raises(asyncpg.CheckViolationError, match="may not go from 6 to 4"):
        async with database.transaction() as tx:
            await tx.execute(f"update {table} set sequence = 4")
    with pytest.raises(asyncpg.CheckViolationError, match="may not go from 6 to 4"):
        await schema.alter(f"update {table} set sequence = 4")
    assert await rows(database, f"select sequence from {table}") == [(6,)]


async def test_a_service_may_vacuum_its_outbox_and_keep_its_days_of_told(schema: Schema) -> None:
    service = await asyncpg.connect(schema.dsn)
    try:
        await service.execute("vacuum (truncate off, skip_locked) outbox")
        today: date = await service.fetchval("select current_date")
        await schema.alter(f"drop table told_{today + timedelta(days=6):%Y%m%d}")
        await service.execute("select keep_told(35)")
        names = await service.fetch(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'told'::regclass"
        )
        days = [today + timedelta(days=day) for day in range(-1, 8)]
        assert {name for (name,) in names} >= {f"told_{day:%Y%m%d}" for day in days}, "though the day may have ended"
        assert len(names) <= len(days) + 1
    finally:
        await service.close()


async def test_days_that_are_kept_long_enough_go(schema: Schema) -> None:
    await schema.alter(
        "create table told_20200101 partition of told for values from ('2020-01-01Z') to ('2020-01-02Z');"
        "create index on told_20200101 (off)"
    )
    service = await asyncpg.connect(schema.dsn)
    try:
        await service.execute("select keep_told(35)")
        assert await service.fetchval("select to_regclass('told_20200101')") is None
    finally:
        await service.close()


@pytest.mark.parametrize("days", [0, -1, -10_000])
async def test_a_service_cannot_let_go_of_what_was_told_today(database: Database, days: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="at least a day"):
        await rows(database, "select keep_told($1)", days)


async def test_a_service_does_not_hold_its_locks_for_ever(schema: Schema) -> None:
    service = await asyncpg.connect(schema.dsn)
    try:
        assert await service.fetchval("show idle_in_transaction_session_timeout") == "10s"
        assert await service.fetchval("show lock_timeout") == "10s"
        assert await service.fetchval("show statement_timeout") == "1min"
    finally:
        await service.close()


async def test_roles_may_be_prepared_again_with_another_password(postgres: PostgresServer) -> None:
    schema = await fresh_schema(postgres)
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await prepare(admin, "postgres", schema.name, "ano'ther", PASSWORD)
    finally:
        await admin.close()

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(schema.dsn)
    again = await asyncpg.connect(postgres.dsn(schema.name, "ano'ther"))
    assert await again.fetchval("select count(*) from said") == 0
    await again.close()


async def test_a_role_that_was_given_nothing_cannot_even_connect(schema: Schema, postgres: PostgresServer) -> None:
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await admin.execute(f"create role stranger_{schema.name} login password '{PASSWORD}'")
    finally:
        await admin.close()

    with pytest.raises(FORBIDDEN):
        await asyncpg.connect(postgres.dsn(f"stranger_{schema.name}", PASSWORD))
