"""The toy service of the messaging tests, on a Kafka and a Postgres that the whole session shares."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.storage import Database
from tests.integration.shared.messaging.conftest import database, listener, no_patience, schema, servers, toy_schema
from tests.messaging import Schema, opened

__all__ = ["database", "listener", "no_patience", "schema", "servers", "toy_schema"]


@pytest.fixture
async def other(schema: Schema) -> AsyncIterator[Database]:
    """The database as another replica sees it."""
    async with opened(schema) as second:
        yield second
