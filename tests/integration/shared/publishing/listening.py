"""The toy as it hears inbound topics and tells refusals, and the topics as an outside system and a test see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic

from shared.clock import system_clock
from shared.contracts.event import EventData
from shared.messaging.consumer import Consumer
from shared.messaging.outbox import Outbox
from shared.publishing.inbound import Intake
from shared.runtime.outside import Outside
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.starting import opened
from shared.storage import Database
from shared.storage.migrations import apply
from tests.integration.shared.publishing.sending import ACCESS
from tests.integration.shared.publishing.toy.service import toy
from tests.messaging import CLUSTER, LETTERS, PASSWORD, Record, empty_schema, rows
from tests.servers import PostgresServer
from tests.topics import administering
from tests.waiting import eventually

STOP_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Publisher:
    """A fund with a name of its own, so that its topics are new."""

    name: str

    @property
    def inbound(self) -> str:
        """Where it publishes."""
        return f"inbound.{self.name}.adoption-ended"

    @property
    def refusals(self) -> str:
        """Where it reads what was refused."""
        return f"refusals.{self.name}"

    def record(self, event: Mapping[str, Any], value: bytes | None = b"as it is", **headers: bytes | None) -> Record:
        """An event as it lies in Kafka, in binary mode; `value` in the place of its data, and headers changed."""
        named: dict[str, bytes | None] = {
            f"ce_{name}": str(text).encode() for name, text in event.items() if name != "data"
        }
        data = json.dumps(event["data"]).encode() if value == b"as it is" else value
        return Record(self.inbound, 0, 0, None, data, list({**named, **headers}.items()))


@dataclass(frozen=True)
class Ground:
    """Where the toy stands: its schema, its settings, and the fund that may publish into it."""

    service: Service
    settings: Settings
    database: Database
    fund: Publisher

    async def words(self) -> list[str]:
        """What had an effect, once for each time that it had."""
        return [word for (word,) in await rows(self.database, "select word from ended order by word")]

    async def told(self) -> list[dict[str, Any]]:
        """What the fund reads of refusals."""
        found = await log_of(self.settings.kafka_servers, self.fund.refusals)
        return [json.loads(record.value) for record in found]

    def declare(self, *funds: Publisher) -> None:
        """These funds may publish, and nobody else."""
        self.settings.access_file.write_text(declared(*funds), encoding="utf-8")


def new_fund() -> Publisher:
    """One that nobody knows yet."""
    return Publisher(f"fonds-{uuid4().hex[:12].translate(LETTERS)}")


def declared(*funds: Publisher) -> str:
    """The declarations of these funds."""
    of_the_example = ACCESS.partition("- name: ander-fonds")[0].partition("publishers:\n")[2]
    return "publishers:\n" + "".join(of_the_example.replace("name: fonds", f"name: {fund.name}") for fund in funds)


async def make_topics(servers: str, *names: str, partitions: int = 1, **configs: str) -> None:
    """Makes them, and waits until they are there."""
    async with administering(servers) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs) for name in names])
        await eventually(lambda: _all_there(admin, names), what=f"{names} are there")


async def _all_there(admin: Any, names: Sequence[str]) -> bool:  # noqa: ANN401 - of an untyped library
    return set(names) <= set(await admin.list_topics())


@asynccontextmanager
async def ground(postgres: PostgresServer, servers: str, folder: Path) -> AsyncIterator[Ground]:
    """A toy of its own, and a fund of its own with its topics."""
    schema = await empty_schema(postgres)
    service, fund = toy(schema.name), new_fund()
    owner = await asyncpg.connect(schema.owner_dsn)
    await apply(owner, service.migrations)
    await owner.close()
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    settings = Settings(
        database_host=postgres.host,
        database_port=postgres.port,
        database_name="postgres",
        database_password_file=folder / "password",
        kafka_servers=servers,
        oidc_issuer="https://issuer.test",
        access_file=folder / "access.yaml",
    )
    await make_topics(servers, fund.inbound, fund.refusals)
    database = await opened(settings, service)
    try:
        on = Ground(service, settings, database, fund)
        on.declare(fund)
        yield on
    finally:
        await database.pool.close()


@asynccontextmanager
async def hearing(on: Ground) -> AsyncIterator[Outside]:
    """Hears and tells until it is left, in an orderly way."""
    outbox = Outbox(on.settings.source("toy"), list[type[EventData]](on.service.says))
    outside = Outside(on.service, on.settings, on.database, outbox=outbox, cluster=CLUSTER, clock=system_clock)
    task = asyncio.create_task(outside.run())
    try:
        yield outside
    finally:
        outside.stop()
        _, late = await asyncio.wait([task], timeout=STOP_WITHIN_SECONDS)
        assert not late, "it does not stop"
        task.result()


async def log_of(servers: str, topic: str) -> list[Any]:
    """All that stands in a topic of one partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[Any] = []
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def until_words(on: Ground, *words: str) -> None:
    """Waits until these had their effect, each once."""
    await eventually(lambda: _are(on, sorted(words)), what=f"{words} had their effect")


async def _are(on: Ground, words: list[str]) -> bool:
    return await on.words() == words


async def until_told(on: Ground, count: int) -> list[dict[str, Any]]:
    """Waits until the fund can read of so many refusals."""

    async def enough() -> list[dict[str, Any]]:
        found = await on.told()
        return found if len(found) >= count else []

    found: list[dict[str, Any]] = await eventually(enough, what=f"{count} refusals are told")
    return found


async def beyond(count: Any, least: int) -> bool:  # noqa: ANN401 - a coroutine function
    """Whether it counts so many by now."""
    return bool(await count() >= least)


def is_placed(consumer: Consumer[Intake] | None) -> bool:
    """Whether it stands at its place in all that it hears."""
    return consumer is not None and consumer.is_placed
