"""Keycloak's own database and role: it sees nothing of the platform, and the platform nothing of it."""

from __future__ import annotations

import asyncpg

ROLE = "keycloak"
DATABASE = "keycloak"


async def prepare(administrator: asyncpg.Connection[asyncpg.Record], password: str) -> None:
    """Creates or mends them, as often as one likes. Raises: asyncpg.PostgresError."""
    if not await administrator.fetchval("select 1 from pg_roles where rolname = $1", ROLE):
        await administrator.execute(f"create role {ROLE}")
    quoted = await administrator.fetchval("select quote_literal($1)", password)
    await administrator.execute(
        f"alter role {ROLE} with login nosuperuser nocreatedb nocreaterole noinherit connection limit 50 password {quoted}"
    )
    # While one of its connections changes the schema, another holds a lock in a transaction that does nothing.
    await administrator.execute(f"alter role {ROLE} set idle_in_transaction_session_timeout = '15min'")
    if not await administrator.fetchval("select 1 from pg_database where datname = $1", DATABASE):
        await administrator.execute(f"create database {DATABASE} owner {ROLE}")
    await administrator.execute(f"revoke all on database {DATABASE} from public")
