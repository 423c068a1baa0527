"""Toys of one's own, with the session's Kafka emptied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replicas import Toy, migrated
from tests.servers import KafkaServer, PostgresServer
from tests.topics import topics_anew


@pytest.fixture
async def toy(postgres: PostgresServer, kafka: KafkaServer, tmp_path: Path) -> Toy:
    """One that can run, with nothing in its topics."""
    await topics_anew(kafka.servers)
    return await migrated(postgres, kafka.servers, tmp_path)
