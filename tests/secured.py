"""A Kafka that asks who somebody is, brought to what a test declares by the job that operators run."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.access.__main__ import members
from deploy.access.applying import apply
from deploy.access.settings import AccessSettings
from deploy.certs.folder import KAFKA, served
from deploy.certs.making import make
from deploy.local import passwords
from deploy.local.guarding import ADMINISTRATOR, MECHANISM, SCRAM
from deploy.local.kafka import Kafka
from deploy.local.ports import HOST
from deploy.setup import SERVICES, create_topics
from shared.access import read_access
from shared.clock import system_clock
from shared.messaging.brokers import Brokers, Login, client_settings
from tests.ports import free_port
from tests.topics import administering
from tests.waiting import eventually

REAUTHENTICATED_MS = 5_000


@dataclass(frozen=True)
class Secured:
    """The broker, and the folder with the declaration and the passwords."""

    kafka: Kafka
    folder: Path
    port_outside: int

    @property
    def outside(self) -> str:
        """The address for outsiders: encrypted, with the certificates in `folder`/certs."""
        return f"{HOST}:{self.port_outside}"

    def as_(self, user: str, password: str | None = None) -> Brokers:
        """How this user comes to it: with its own password, or with that of the test."""
        file = self.folder / "passwords" / user
        return Brokers(self.kafka.servers, Login(user, (lambda: password) if password is not None else file.read_text))

    def settings(self, **changed: object) -> AccessSettings:
        """What the job is given."""
        given = {
            "kafka_servers": self.kafka.servers,
            "kafka_security": "SASL_PLAINTEXT",
            "kafka_user": ADMINISTRATOR,
            "kafka_password_file": self.folder / "passwords" / ADMINISTRATOR,
            "access_password_dir": self.folder / "passwords",
            "access_file": self.folder / "access.yaml",
        }
        return AccessSettings.model_validate(given | changed)

    def declare(self, text: str) -> None:
        """Writes it, and a password for each who is in it and for the services, as an operator does."""
        file = self.folder / "access.yaml"
        file.write_text(text, encoding="utf-8")
        access = read_access(file)
        passwords.ensure(self.folder / "passwords", [*SERVICES, *access.publishers, *access.subscribers])

    async def apply(self, text: str, *, dry_run: bool = False, **changed: object) -> list[str]:
        """What the job says when this is declared."""
        self.declare(text)
        return await self.again(dry_run=dry_run, **changed)

    async def again(self, *, dry_run: bool = False, **changed: object) -> list[str]:
        """What the job says when it runs once more. When this returns the broker has heard of what was changed."""
        said: list[str] = []
        settings = self.settings(**changed)
        count = await apply(settings, members(), said.append, dry_run=dry_run)
        assert count == len([line for line in said if not line.startswith(" ")])
        if count and not dry_run:
            await eventually(lambda: _is_done(settings))
        return said


async def _is_done(settings: AccessSettings) -> bool:
    """Whether the broker has heard of all: the controller answers a moment before."""
    return await apply(settings, members(), lambda _: None, dry_run=True) == 0


@contextmanager
def secured_kafka() -> Iterator[Secured]:
    """One that runs, for as long as the context lasts; of the users, the administrator is there."""
    with tempfile.TemporaryDirectory(prefix="secured-") as name:
        folder, outside = Path(name), free_port()
        kafka = Kafka(folder / "kafka", free_port(), free_port(), passwords=folder / "passwords", with_parent=True)
        kafka.properties = {"connections.max.reauth.ms": str(REAUTHENTICATED_MS), **_encrypted(kafka, folder, outside)}
        try:
            kafka.start()
            yield Secured(kafka, folder, outside)
        finally:
            kafka.stop()


def _encrypted(kafka: Kafka, folder: Path, port: int) -> dict[str, str]:
    """One more listener, as docker-compose.yml has it for outsiders."""
    (folder / "certs").mkdir()
    make(folder / "certs", served("localhost", HOST), system_clock())
    ours = [f"SASL_PLAINTEXT://{HOST}:{kafka.port}", f"OUTSIDE://{HOST}:{port}"]
    return {
        "listeners": ",".join([*ours, f"CONTROLLER://{HOST}:{kafka.controller_port}"]),
        "advertised.listeners": ",".join(ours),
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,OUTSIDE:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
        "listener.name.outside.ssl.keystore.type": "PEM",
        "listener.name.outside.ssl.keystore.location": str(folder / "certs" / KAFKA),
        f"listener.name.outside.{MECHANISM.lower()}.sasl.jaas.config": f"{SCRAM} required;",
    }


async def with_topics(secured: Secured) -> None:
    """Makes the topics of the platform."""
    async with administering(secured.as_(ADMINISTRATOR)) as admin:
        await create_topics(admin, 1, 1)


@asynccontextmanager
async def producing(brokers: Brokers, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of an outsider. Raises: KafkaError when it is not let in."""
    producer = AIOKafkaProducer(
        **client_settings(brokers), acks="all", enable_idempotence=True, request_timeout_ms=20_000, **settings
    )
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def write(brokers: Brokers, topic: str, value: bytes = b"x") -> None:
    """One record. Raises: KafkaError when it is not allowed."""
    async with producing(brokers) as producer:
        await producer.send_and_wait(topic, value, b"key")


async def read(brokers: Brokers, topic: str, group: str | None = None) -> bytes:
    """The first record that there is. Raises: KafkaError when it is not allowed."""
    consumer = AIOKafkaConsumer(
        topic,
        **client_settings(brokers),
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        request_timeout_ms=20_000,
    )
    try:
        await consumer.start()

        async def first() -> list[Any]:
            return [record for records in (await consumer.getmany(timeout_ms=200)).values() for record in records]

        records = await eventually(first, what=f"there is something in {topic}")
        if group is not None:
            await consumer.commit()
        value: bytes = records[0].value
        return value
    finally:
        await consumer.stop()


def some_group(prefix: str) -> str:
    """A group that nobody else uses."""
    return f"{prefix}{uuid4().hex}"
