"""The log as tests see it: topics made anew, records written by hand, and everything that stands in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from deploy.setup import create_topics
from shared.contracts.event import Stream
from shared.messaging.brokers import Servers, client_settings
from tests.messaging import Record
from tests.waiting import eventually

TOPICS = [stream.topic for stream in Stream]
PARTITIONS = 6


@asynccontextmanager
async def administering(servers: Servers) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administrator's client."""
    admin = AIOKafkaAdminClient(**client_settings(servers))
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def delete_topics(servers: str, topics: Sequence[str] = TOPICS) -> None:
    """Takes them away, with all that stood in them."""
    async with administering(servers) as admin:
        await admin.delete_topics(list(topics))
        await eventually(lambda: _none_of(admin, topics), what=f"{topics} are gone")


async def _none_of(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> bool:
    return not set(topics) & set(await admin.list_topics())


async def topics_anew(servers: str) -> None:
    """All six topics, with nothing in them."""
    await delete_topics(servers)
    async with administering(servers) as admin:
        await create_topics(admin, 1, 1)


async def write(servers: str, records: Iterable[Record]) -> None:
    """Appends these to their partitions, in this order. Their offsets are what the log makes of them."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)  # which keeps the order
    await producer.start()
    try:
        answers = [
            await producer.send(record.topic, record.value, record.key, record.partition, headers=list(record.headers))
            for record in records
        ]
        for answer in answers:
            await answer
    finally:
        await producer.stop()


class NotText(str):
    """A header's name that only other languages' clients can write: its bytes are no UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """What goes over the wire."""
        return b"\xff\xfe"


async def write_unreadable(servers: str, topic: str, partition: int, before: Sequence[Record] = ()) -> None:
    """Appends one batch: these records, and one with a header whose name is not UTF-8."""
    batch = BatchBuilder(100_000, 0)
    batch._builder = _DefaultRecordBatchBuilderPy(
        2, 0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0, batch_size=100_000
    )
    for record in before:
        batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers))
    batch.append(timestamp=None, key=b"k", value=b"v", headers=[(NotText("x"), b"y")])
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def log_of(servers: str, topic: str) -> list[Any]:
    """Everything that stands in a topic, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = [TopicPartition(topic, nth) for nth in range(PARTITIONS)]
        consumer.assign(parts)
        end = await consumer.end_offsets(parts)
        found: list[Any] = []
        while any([await consumer.position(part) < end[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()
