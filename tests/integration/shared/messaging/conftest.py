"""The toy service on a schema of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.messaging.listener import Listener
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.messaging import Schema, fresh_schema, opened
from tests.servers import PostgresServer


@pytest.fixture
async def schema(postgres: PostgresServer) -> Schema:
    """The toy's schema, in which nothing was heard or said."""
    return await fresh_schema(postgres, toy.TABLES)


@pytest.fixture
async def database(schema: Schema) -> AsyncIterator[Database]:
    """The toy's database."""
    async with opened(schema) as database:
        yield database


@pytest.fixture
def listener(database: Database) -> Listener:
    """The toy's ears."""
    return toy.listener(database)
