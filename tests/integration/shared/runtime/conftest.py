"""The toy on a schema of its own, migrated and empty."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.storage import Database
from tests.messaging import opened
from tests.replicas import Toy, migrated
from tests.servers import PostgresServer


@pytest.fixture(scope="module")
async def standing_toy(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """One for the module. It is told of no Kafka."""
    return await migrated(postgres, "127.0.0.1:1", tmp_path_factory.mktemp("toy"))


@pytest.fixture
async def toy(standing_toy: Toy) -> Toy:
    """The same, of which all rows are gone."""
    await standing_toy.schema.empty()
    return standing_toy


@pytest.fixture
async def database(toy: Toy) -> AsyncIterator[Database]:
    """The toy's database."""
    async with opened(toy.schema) as database:
        yield database
