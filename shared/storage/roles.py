"""Two login roles a service: the owner migrates its schema, the service itself only reads and writes rows.

A role sees no other schema. One more, `verifier`, reads of every schema which versions were said and heard, and no content.
Run by an administrator, as often as one likes.
"""

from __future__ import annotations

import asyncpg

from shared.storage.open_transactions import let_see

SCHEMA = """
create schema if not exists {schema} authorization {owner};
revoke all on schema {schema} from public;
grant temporary on database {database} to {owner};  -- for the copy in which a rebuild works
grant usage on schema {schema} to {service}, verifier;
alter default privileges for role {owner} in schema {schema}
  grant select, insert, update, delete on tables to {service};
alter default privileges for role {owner} in schema {schema} grant usage, select on sequences to {service};
alter default privileges for role {owner} revoke execute on functions from public;
alter default privileges for role {owner} in schema {schema} grant execute on functions to {service};
"""
ROLE = """
alter role {role} with login nosuperuser nocreatedb nocreaterole noinherit password {password};
alter role {role} set search_path = {schema};
grant connect on database {database} to {role};
"""
SESSION = """
alter role {service} set idle_in_transaction_session_timeout = '10s';
alter role {service} set lock_timeout = '10s';
alter role {service} set statement_timeout = '60s';
"""
VERIFIER = "verifier"
LET_VERIFY = """
alter role verifier with login nosuperuser nocreatedb nocreaterole noinherit connection limit 20 password {password};
alter role verifier set default_transaction_read_only = on;
alter role verifier set idle_in_transaction_session_timeout = '10s';
alter role verifier set statement_timeout = '10min';
grant connect on database {database} to verifier;
"""


async def _quoted(connection: asyncpg.Connection[asyncpg.Record], kind: str, value: str) -> str:
    quoted: str = await connection.fetchval(f"select quote_{kind}($1)", value)
    return quoted


async def _role(
    connection: asyncpg.Connection[asyncpg.Record], database: str, role: str, schema: str, password: str
) -> None:
    name = await _quoted(connection, "ident", role)
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f"create role {name}")
    await connection.execute(
        ROLE.format(
            role=name,
            schema=await _quoted(connection, "ident", schema),
            database=await _quoted(connection, "ident", database),
            password=await _quoted(connection, "literal", password),
        )
    )


async def prepare(
    connection: asyncpg.Connection[asyncpg.Record], database: str, service: str, password: str, owner_password: str
) -> None:
    """Creates or mends the roles and the schema of one service. `connection` is an administrator's, in that database."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext('roles'))")
        await connection.execute(f"revoke all on database {await _quoted(connection, 'ident', database)} from public")
        await _ensure_verifier(connection)
        await _role(connection, database, f"{service}_owner", service, owner_password)
        await _role(connection, database, service, service, password)
        names = {
            "schema": await _quoted(connection, "ident", service),
            "service": await _quoted(connection, "ident", service),
            "owner": await _quoted(connection, "ident", f"{service}_owner"),
            "database": await _quoted(connection, "ident", database),
        }
        await connection.execute(SCHEMA.format(**names))
        await connection.execute(SESSION.format(**names))
        await let_see(connection, names["schema"], names["service"])


async def _ensure_verifier(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Lets migrations grant something to it, whether or not it may log in."""
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", VERIFIER):
        await connection.execute("create role verifier nologin noinherit")


async def let_verify(connection: asyncpg.Connection[asyncpg.Record], database: str, password: str) -> None:
    """Lets the role that compares services log in. Its rights come with the migrations of each schema."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext('roles'))")
        await _ensure_verifier(connection)
        await connection.execute(
            LET_VERIFY.format(
                database=await _quoted(connection, "ident", database),
                password=await _quoted(connection, "literal", password),
            )
        )
