"""Kafka through its clients as they come: to show what goes wrong where none of our guards stands."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from faststream.kafka import KafkaBroker

from deploy.local.kafka import Kafka
from tests.integration.shared.messaging.running import Hearing
from tests.messaging import Record
from tests.topics import administering
from tests.waiting import eventually


async def new_topic(servers: str, partitions: int = 1, **settings: str) -> str:
    """A topic that nobody else uses. Settings with _ where Kafka has a full stop."""
    topic = f"plain-{uuid4().hex}"
    config = {name.replace("_", "."): value for name, value in settings.items()}
    async with administering(servers) as admin:
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])

        async def is_there() -> bool:
            (found,) = await admin.describe_topics([topic])
            return not found["error_code"] and len(found["partitions"]) == partitions

        await eventually(is_there, within=60)
    return topic


def records_of(topic: str, words: Sequence[str], partition: int = 0) -> list[Record]:
    """One record a word."""
    return [Record(topic, partition, nth, b"key", word.encode(), []) for nth, word in enumerate(words)]


@asynccontextmanager
async def producing(servers: str, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as aiokafka makes it."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, **settings)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(
    servers: str,
    *topics: str,
    group: str | None = None,
    **settings: Any,
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that reads from the beginning and commits nothing by itself."""
    settings = {"enable_auto_commit": False, "auto_offset_reset": "earliest", "heartbeat_interval_ms": 200, **settings}
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, **settings)
    consumer.subscribe(topics)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def faststream(servers: str, **settings: Any) -> KafkaBroker:
    """A broker as FastStream makes it, quiet and quick to stop."""
    return KafkaBroker(servers, logger=None, graceful_timeout=0.1, **settings)


async def committed(servers: str, group: str, topic: str, partition: int = 0) -> int | None:
    """What Kafka remembers of a group, or None."""
    async with administering(servers) as admin:
        offsets = await admin.list_consumer_group_offsets(group)
        found = offsets.get(TopicPartition(topic, partition))
        return None if found is None else int(found.offset)


@contextmanager
def held(kafka: Kafka) -> Iterator[None]:
    """It takes nothing and answers nothing, and says no word about it."""
    process = kafka.daemon.process()
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def client_of(run: Hearing) -> AIOKafkaConsumer:
    """The client that our consumer runs on: its settings in force."""
    return run.consumer._consumer
