"""Postgres and Kafka in containers: the images that docker-compose.yml names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local import kafka, postgres
from deploy.local.ports import HOST
from tests.ports import free_port

testcontainers_config.ryuk_disabled = True  # its image is a third one to fetch; the contexts below clean up
PASSWORD = "superuser"


@dataclass(frozen=True)
class PostgresContainer:
    """A Postgres in a container, seen from outside."""

    port: int
    host: str = HOST
    password: str = PASSWORD

    @property
    def admin_dsn(self) -> str:
        """The address at which the superuser reaches the database `postgres`."""
        return self.dsn(postgres.SUPERUSER, self.password)

    def dsn(self, role: str, password: str, database: str = postgres.SUPERUSER) -> str:
        """Return the address at which `role` reaches `database`."""
        return postgres.dsn(self.host, self.port, role, password, database)


@dataclass(frozen=True)
class KafkaContainer:
    """A Kafka in a container, seen from outside."""

    servers: str


@contextmanager
def postgres_container() -> Iterator[PostgresContainer]:
    """Run postgres:18 with the settings of the embedded one."""
    port = free_port()
    options = " ".join(f"-c {name}={value}" for name, value in postgres.SETTINGS.items())
    container = DockerContainer("postgres:18").with_command(options)
    _publish(container, 5432, port)
    container.with_env("POSTGRES_PASSWORD", PASSWORD).with_env("POSTGRES_INITDB_ARGS", " ".join(postgres.INITDB))
    # The log says it twice: the first time it is the server that only sets itself up.
    container.waiting_for(LogMessageWaitStrategy("database system is ready to accept connections", times=2))
    with container:
        yield PostgresContainer(port)


@contextmanager
def kafka_container() -> Iterator[KafkaContainer]:
    """Run apache/kafka:4.3.1 with the settings of the embedded one."""
    port = free_port()
    settings = {
        **kafka.SETTINGS,
        "node.id": "1",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        **dict.fromkeys((*kafka.COPIES, *kafka.IN_SYNC), "1"),
    }
    container = DockerContainer("apache/kafka:4.3.1")
    _publish(container, 9092, port)
    for name, value in settings.items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    container.waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    with container:
        yield KafkaContainer(f"{HOST}:{port}")


def _publish(container: DockerContainer, inside: int, port: int) -> None:
    """Make a port of the container reachable from this machine only (by itself it would be from everywhere)."""
    container.ports[f"{inside}/tcp"] = (HOST, port)  # type: ignore[assignment]  # docker takes an address too
