"""What would let a commit or an event vanish is refused at the start, in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import postgres as server
from deploy.local.postgres import Postgres
from shared.contracts.event import Stream
from shared.contracts.registry import TOPIC_SETTINGS
from shared.messaging.producer import Outgoing, Producer
from shared.runtime.guarantees import NotGuaranteed, assert_copies_confirm, assert_durable, assert_log_is_kept
from shared.storage import Database, connect
from tests.messaging import opened
from tests.ports import free_port
from tests.replicas import Toy
from tests.servers import KafkaServer, PostgresServer
from tests.topics import administering, topics_anew
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


async def test_rule_21_postgres_as_we_run_it_is_durable(database: Database) -> None:
    """Guard: settings of the embedded Postgres (deploy/local/postgres.py)"""
    await assert_of(database)


async def test_rule_21_a_commit_that_postgres_does_not_wait_for_is_refused(toy: Toy, postgres: PostgresServer) -> None:
    """Guard: assert_durable, at the start of a replica (shared/runtime/guarantees.py)"""
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await admin.execute(f"alter role {toy.schema.name} set synchronous_commit = off")
        async with opened(toy.schema) as database:
            with pytest.raises(NotGuaranteed, match=r"synchronous_commit = off[.] Switch it on"):
                await assert_of(database)
    finally:
        await admin.execute(f"alter role {toy.schema.name} reset synchronous_commit")
        await admin.close()


async def test_rule_21_a_postgres_that_does_not_write_to_disk_is_refused(careless: Postgres) -> None:
    """Guard: assert_durable, at the start of a replica (shared/runtime/guarantees.py)"""
    pool = await connect(careless.admin_dsn, most=1)
    try:
        with pytest.raises(NotGuaranteed, match=r"fsync = off[.] Switch it on: commits could be lost"):
            await assert_of(Database(pool))
    finally:
        await pool.close()


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
async def test_rule_21_a_topic_that_could_lose_events_is_refused(
    admin: AIOKafkaAdminClient, setting: str, value: str, complaint: str
) -> None:
    """Guard: assert_log_is_kept, at the start of a replica (shared/runtime/guarantees.py)"""
    fine, bad = await made(admin, KEPT), await made(admin, {**KEPT, setting: value})
    with pytest.raises(NotGuaranteed) as refused:
        await assert_log_is_kept(admin, [fine, bad])
    assert str(refused.value) == f"Topic {bad} {complaint}"


def test_rule_21_of_several_copies_at_least_two_must_confirm() -> None:
    """Guard: assert_copies_confirm, at the start of a replica (shared/runtime/guarantees.py)"""
    three = {"topic": "t", "partitions": [{"replicas": [1, 2, 3]}, {"replicas": [2, 3, 1]}]}
    alone = {"topic": "t", "partitions": [{"replicas": [1]}]}
    assert_copies_confirm(three, least=2)
    assert_copies_confirm(alone, least=1)
    with pytest.raises(
        NotGuaranteed, match=r"has 3 copies, of which one may confirm alone. Set min.insync.replicas to 2"
    ):
        assert_copies_confirm(three, least=1)


async def test_rule_21_every_copy_in_sync_confirms_what_is_told(kafka: KafkaServer) -> None:
    """Guard: acks and idempotence of the relay's producer (shared/messaging/producer.py)"""
    await topics_anew(kafka.servers)
    producer = Producer(kafka.servers, "rule-21")
    try:
        (answer,) = await producer.send([Outgoing(Stream.PROJECTS.topic, b"k", b"v", [])])
        assert not isinstance(answer, BaseException)
        assert producer._producer is not None
        assert producer._producer._sender._acks == -1, "acks=all"
        assert producer._producer._txn_manager is not None, "idempotence"
    finally:
        await producer.stop()


async def test_a_topic_that_is_not_there_is_named_with_what_to_do(admin: AIOKafkaAdminClient) -> None:
    with pytest.raises(NotGuaranteed, match=r"Topic topic-x is not there .*Run the set-up first"):
        await assert_log_is_kept(admin, ["topic-x"])
