"""What would let a commit or an event vanish is refused at the start, in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record import default_records

from deploy.local import postgres as server
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from shared.contracts.registry import TOPIC_SETTINGS
from shared.runtime.guarantees import NotGuaranteed, assert_durable, assert_fast_client, assert_log_is_kept
from shared.storage import Database, connect
from tests.messaging import opened
from tests.replicas import Toy
from tests.servers import KafkaServer, PostgresServer
from tests.topics import administering
from tests.waiting import eventually

KEPT = {name: str(value) for name, value in TOPIC_SETTINGS.items()} | {"unclean.leader.election.enable": "false"}


@pytest.fixture
async def admin(kafka: KafkaServer) -> AsyncIterator[AIOKafkaAdminClient]:
    async with administering(kafka.servers) as client:
        yield client


@pytest.fixture
def careless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A Postgres that somebody made fast."""
    monkeypatch.setitem(server.SETTINGS, "fsync", "off")
    postgres = Postgres(tmp_path / "postgres", free_port(), with_parent=True)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


async def assert_of(database: Database) -> None:
    async with database.reading() as tx:
        await assert_durable(tx)


async def test_postgres_as_we_run_it_is_durable(database: Database) -> None:
    await assert_of(database)


async def test_a_commit_that_postgres_does_not_wait_for_is_refused(toy: Toy, postgres: PostgresServer) -> None:
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await admin.execute(f"alter role {toy.schema.name} set synchronous_commit = off")
        async with opened(toy.schema) as database:
            with pytest.raises(NotGuaranteed, match=r"synchronous_commit = off[.] Switch it on"):
                await assert_of(database)
    finally:
        await admin.execute(f"alter role {toy.schema.name} reset synchronous_commit")
        await admin.close()


async def test_a_postgres_that_does_not_write_to_disk_is_refused(careless: Postgres) -> None:
    pool = await connect(careless.admin_dsn, most=1)
    try:
        with pytest.raises(NotGuaranteed, match=r"fsync = off[.] Switch it on: commits could be lost"):
            await assert_of(Database(pool))
    finally:
        await pool.close()


def test_a_kafka_client_without_its_fast_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_fast_client()
    monkeypatch.setattr(
        "shared.runtime.guarantees.DefaultRecordBatch",
        default_records._DefaultRecordBatchPy,
    )
    with pytest.raises(NotGuaranteed, match="C extension"):
        assert_fast_client()


async def made(admin: AIOKafkaAdminClient, settings: Mapping[str, str]) -> str:
    """A new topic with these settings."""
    topic = f"topic-{uuid4().hex}"
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=dict(settings))])
    await eventually(lambda: is_there(admin, topic), what=f"{topic} is there")
    return topic


async def is_there(admin: AIOKafkaAdminClient, topic: str) -> bool:
    return topic in await admin.list_topics()


async def test_a_topic_as_the_set_up_makes_it_is_kept(admin: AIOKafkaAdminClient) -> None:
    await assert_log_is_kept(admin, [await made(admin, KEPT)])


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("unclean.leader.election.enable", "true", "allows unclean.leader.election.enable. Switch it off."),
        ("retention.ms", "604800000", "does not keep its events for ever. Set retention.ms to -1."),
        ("retention.bytes", "1000000", "does not keep its events for ever. Set retention.bytes to -1."),
        ("cleanup.policy", "compact", "does not keep every event. Set cleanup.policy to delete."),
        ("cleanup.policy", "compact,delete", "does not keep every event. Set cleanup.policy to delete."),
    ],
)
async def test_a_topic_that_could_lose_events_is_refused(
    admin: AIOKafkaAdminClient, setting: str, value: str, complaint: str
) -> None:
    fine, bad = await made(admin, KEPT), await made(admin, {**KEPT, setting: value})
    with pytest.raises(NotGuaranteed) as refused:
        await assert_log_is_kept(admin, [fine, bad])
    assert str(refused.value) == f"Topic {bad} {complaint}"


async def test_a_topic_that_is_not_there_is_named_with_what_to_do(admin: AIOKafkaAdminClient) -> None:
    with pytest.raises(NotGuaranteed, match=r"Topic topic-x is not there .*Run the set-up first"):
        await assert_log_is_kept(admin, ["topic-x"])
