"""The toy service on a schema of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import Postgres
from shared.messaging import listener as listening
from shared.messaging.listener import Listener
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.messaging import Schema, fresh_schema, opened
from tests.ports import free_port
from tests.servers import KafkaServer, PostgresServer
from tests.topics import topics_anew


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried as often as ever before it is parked, but without waiting in between."""
    monkeypatch.setattr(listening, "AGAIN_AFTER_SECONDS", tuple(0.0 for _ in listening.AGAIN_AFTER_SECONDS))


@pytest.fixture(scope="module")
async def toy_schema(postgres: PostgresServer) -> Schema:
    """The toy's schema."""
    return await fresh_schema(postgres, toy.TABLES)


@pytest.fixture
async def schema(toy_schema: Schema) -> Schema:
    """The toy's schema, in which nothing was heard or said."""
    await toy_schema.empty()
    return toy_schema


@pytest.fixture
async def database(schema: Schema) -> AsyncIterator[Database]:
    """The toy's database."""
    async with opened(schema) as database:
        yield database


@pytest.fixture
def listener(database: Database) -> Listener:
    """The toy's ears."""
    return toy.listener(database)


@pytest.fixture
async def servers(kafka: KafkaServer) -> str:
    """The session's Kafka, with nothing in its topics."""
    await topics_anew(kafka.servers)
    return kafka.servers


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A Postgres that a test may kill."""
    postgres = Postgres(tmp_path / "postgres", free_port(), with_parent=True)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
