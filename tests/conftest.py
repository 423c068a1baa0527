"""What every test may ask for. A test that asks for no server starts none."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import KafkaServer, PostgresServer, kafka_server, postgres_server

# The same examples at every run; no deadline, since a machine may be busy.
settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running Postgres 18 that the whole session shares: make a database of your own in it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A running Kafka 4.3 that the whole session shares: use topics and groups of your own."""
    with kafka_server() as server:
        yield server
