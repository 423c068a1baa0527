"""Schemas of a test's own in the session's Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.storage import Database
from tests.messaging import Schema, empty_schema, fresh_schema, opened
from tests.servers import PostgresServer

NOTES = "create table note (id int primary key, text text not null);"


@pytest.fixture
async def empty(postgres: PostgresServer) -> Schema:
    """Roles and a schema, nothing in it."""
    return await empty_schema(postgres)


@pytest.fixture(scope="module")
async def notes(postgres: PostgresServer) -> Schema:
    """The tables of messaging, and one of a feature."""
    return await fresh_schema(postgres, NOTES)


@pytest.fixture
async def schema(notes: Schema) -> Schema:
    """The same, with nothing in them."""
    await notes.empty()
    return notes


@pytest.fixture
async def database(schema: Schema) -> AsyncIterator[Database]:
    async with opened(schema, most=8) as database:
        yield database
