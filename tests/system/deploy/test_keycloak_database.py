"""Keycloak's database is its own: its role gets in there and nowhere else, and nobody else's role gets in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.keycloak import database as keycloak
from tests.servers import PostgresServer


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A superuser; afterwards the server is as it was."""
    connection = await asyncpg.connect(postgres.admin_dsn)
    yield connection
    await connection.execute(f"drop database if exists {keycloak.DATABASE} with (force)")
    await connection.execute(f"drop role if exists {keycloak.ROLE}, of_another")
    await connection.close()


async def test_it_is_made_and_may_be_made_again_with_another_password(
    postgres: PostgresServer, administrator: asyncpg.Connection[asyncpg.Record]
) -> None:
    for password in ("it's one", "another"):
        await keycloak.prepare(administrator, password)
        own = await asyncpg.connect(postgres.dsn(keycloak.ROLE, password, keycloak.DATABASE))
        await own.execute("create table if not exists theirs (id int)")
        await own.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn(keycloak.ROLE, "it's one", keycloak.DATABASE))


async def test_nobody_elses_role_gets_in(
    postgres: PostgresServer, administrator: asyncpg.Connection[asyncpg.Record]
) -> None:
    await keycloak.prepare(administrator, "secret")
    await administrator.execute("create role of_another login password 'other'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(postgres.dsn("of_another", "other", keycloak.DATABASE))
