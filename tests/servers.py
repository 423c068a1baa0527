"""The Postgres and the Kafka of a test session: embedded, or containers when INFRA=containers."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from tests.ports import free_port

IN_CONTAINERS = os.environ.get("INFRA") == "containers"


class PostgresServer(Protocol):
    """What a test needs to reach Postgres; `password` is the superuser's."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def password(self) -> str: ...
    @property
    def admin_dsn(self) -> str: ...
    def dsn(self, role: str, password: str, database: str = ...) -> str: ...


class KafkaServer(Protocol):
    """What a test needs to reach Kafka: `host:port`."""

    @property
    def servers(self) -> str: ...


@contextmanager
def postgres_server(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[PostgresServer]:
    """Run a Postgres for as long as the context lasts. `settings` differ from those of the local runner."""
    if IN_CONTAINERS:
        from tests.containers import postgres_container  # noqa: PLC0415 -- its packages are needed only here

        with postgres_container() as container:
            yield container
        return
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = Postgres(Path(folder), free_port(), with_parent=True, settings=settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def kafka_server() -> Iterator[KafkaServer]:
    """Run a Kafka of one node for as long as the context lasts."""
    if IN_CONTAINERS:
        from tests.containers import kafka_container  # noqa: PLC0415 -- as above

        with kafka_container() as container:
            yield container
        return
    with tempfile.TemporaryDirectory(prefix="kafka-") as folder:
        server = Kafka(Path(folder), free_port(), free_port(), with_parent=True)
        try:
            server.start()
            yield server
        finally:
            server.stop()
