"""What every test may ask for. A test that asks for no server starts none."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from deploy.local.kafka import Kafka
from tests.ports import free_port
from tests.secured import Secured
from tests.secured import secured_kafka as secured_kafka_
from tests.servers import KafkaServer, PostgresServer, kafka_server, postgres_server
from tests.topics import topics_anew

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


@pytest.fixture(scope="session")
def mortal_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One more, that tests may hold and kill: ask for `own_kafka`."""
    kafka = Kafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port(), with_parent=True)
    try:
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture
async def own_kafka(mortal_kafka: Kafka) -> Kafka:
    """A Kafka that a test may hold and kill: it runs, with nothing in its topics."""
    mortal_kafka.start()
    await topics_anew(mortal_kafka.servers)
    return mortal_kafka


@pytest.fixture(scope="session")
def secured_kafka() -> Iterator[Secured]:
    """One that asks who somebody is, which the session shares: declare first who may what."""
    with secured_kafka_() as secured:
        yield secured
