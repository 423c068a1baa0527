"""What the broker does wrong is waited for: nothing is lost, nothing overtakes, and stopping stays bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from shared.contracts.event import Stream
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import Telling, hearing, telling, unique_group
from tests.integration.shared.messaging.test_relay import until_told, versions
from tests.messaging import Schema, fresh_schema, life, opened, rows, value, withdrawn
from tests.topics import administering, log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
KEYS = [UUID(int=number) for number in range(1, 21)]


async def speak(database: Database, turns: int, long: bool = False) -> None:
    """Each key says one thing a turn."""
    for turn in range(turns):
        async with database.transaction() as tx:
            for entity in KEYS:
                tx.say(withdrawn(entity, "x" * 3_000 if long and turn % 3 == 1 else f"{turn}"))


async def limit_size(servers: str, size: int) -> None:
    """What the topic takes in one batch from here on."""
    resource = ConfigResource(ConfigResourceType.TOPIC, PROJECTS, {"max.message.bytes": str(size)})
    async with administering(servers) as admin:
        for answer in await admin.alter_configs([resource]):
            assert [error_code for error_code, *_ in answer.resources] == [0]


async def until_confirmed(run: Telling, count: int) -> None:
    await eventually(lambda: run.relay.confirmed >= count)


async def test_when_the_broker_is_killed_while_it_is_told_nothing_is_missing_or_out_of_order(
    database: Database, schema: Schema, own_kafka: Kafka
) -> None:
    async with (
        telling(schema, own_kafka.servers) as run,
        hearing(database, own_kafka.servers, unique_group()) as ears,
    ):
        speaking = asyncio.create_task(speak(database, 60))
        await until_confirmed(run, 200)
        own_kafka.kill()
        await speaking
        own_kafka.begin()
        await eventually(own_kafka.ready)
        await until_told(database, 60 * len(KEYS))
        done = "select count(*) = $1 from heard where sequence = 60"
        await eventually(lambda: value(database, done, len(KEYS)))
        assert not ears.task.done()

    assert versions(await log_of(own_kafka.servers, PROJECTS)) == {str(k): list(range(1, 61)) for k in KEYS}
    assert await toy.words(database, KEYS[0]) == [str(turn) for turn in range(60)]
    assert await rows(database, "select * from parked") == []


async def test_what_starts_before_the_broker_waits_for_it(
    database: Database, schema: Schema, own_kafka: Kafka, recwarn: pytest.WarningsRecorder
) -> None:
    own_kafka.stop()

    async with (
        telling(schema, own_kafka.servers) as run,
        hearing(database, own_kafka.servers, unique_group()) as ears,
    ):
        await speak(database, 2)
        assert not ears.consumer.is_placed
        own_kafka.begin()
        await eventually(own_kafka.ready)
        await until_confirmed(run, 2 * len(KEYS))
        await eventually(lambda: value(database, "select count(*) = $1 from heard where sequence = 2", len(KEYS)))

    assert [str(warning.message) for warning in recwarn] == []


@contextmanager
def disk_full(postgres: Postgres, table: Path) -> Iterator[None]:
    """As long as this lasts, every write of this table finds no space left on the device: Postgres says 53100."""
    there, aside = postgres.folder / "data" / table, postgres.folder / "aside"
    there.rename(aside)
    there.symlink_to("/dev/full")
    try:
        yield
    finally:
        aside.replace(there)


async def test_sharp_10_when_postgres_is_full_and_then_the_broker_dies_nothing_is_parked_and_nothing_is_missing(
    own_postgres: Postgres, own_kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    """Guard: what passes is waited for (shared/storage/faults.py); rows stay until confirmed (shared/messaging/relay.py)"""
    schema, group = await fresh_schema(own_postgres, toy.TABLES), unique_group()
    words = [f"zeg {nth}" for nth in range(30)]
    await write(own_kafka.servers, [one for entity in KEYS for one in life(entity, words)])

    async with opened(schema) as database, telling(schema, own_kafka.servers) as run:
        echo = Path(await value(database, "select pg_relation_filepath('echo')"))
        with disk_full(own_postgres, echo):
            async with hearing(database, own_kafka.servers, group, records=100):
                await eventually(lambda: caplog.text.count("a batch waits: DiskFullError") > 2)
        assert await rows(database, "select * from heard") == []
        assert await rows(database, "select * from parked") == []
        await database.pool.expire_connections()

        async with hearing(database, own_kafka.servers, group, records=100):
            await until_confirmed(run, 200)
            own_kafka.kill()
            own_kafka.begin()
            await eventually(own_kafka.ready)
            await until_told(database, 60 * len(KEYS))

        assert await rows(database, "select * from parked") == []
        assert await toy.words(database, KEYS[7]) == words
    said = versions(await log_of(own_kafka.servers, Stream.ADOPTIONS.topic))
    assert said == {str(entity): list(range(1, 61)) for entity in KEYS}
