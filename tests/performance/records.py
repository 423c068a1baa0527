"""The records that contenders hear, on topics made for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.registry import TOPICS
from tests.performance.toy import TOPIC, ended, entity_of
from tests.topics import topics_anew

SOURCE = "urn:nld:oin:00000099000000000001:systeem:bench"
TIME = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z").encode()
PARTITIONS = {topic.name: topic.partitions for topic in TOPICS.values()}


@dataclass(frozen=True, slots=True)
class Written:
    """A record as a producer takes it."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def written(data: EventData, number: int, sequence: int, value: bytes | None = None) -> Written:
    """The `number`-th event of all, and the `sequence`-th of its entity, with the nine headers of every event."""
    key = str(data.entity).encode()
    return Written(
        data.STREAM.topic,
        key,
        encoded(data) if value is None else value,
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(UUID(int=number + 1)).encode()),
            ("ce_subject", key),
            ("ce_sequence", str(sequence).encode()),
            ("ce_time", TIME),
            ("ce_type", data.ce_type().encode()),
            ("ce_source", SOURCE.encode()),
            ("ce_dataschema", data.dataschema().encode()),
            ("content-type", b"application/json"),
        ],
    )


def adoptions(entities: int, count: int, *, first: int = 1, apart: int = 1, version: int = 1) -> Iterator[Written]:
    """`count` events over `entities` adoptions in turn, each adoption's in order, from `version` on.

    `first` and `apart`: the number of the first adoption, and how far the others lie apart.
    """
    known = [ended(entity_of(first + nth * apart)) for nth in range(entities)]
    values = [encoded(data) for data in known]
    for number in range(count):
        nth = number % entities
        yield written(known[nth], number, number // entities + version, values[nth])


async def fill(servers: str, records: Iterable[Written]) -> None:
    """Puts the records on fresh topics."""
    await topics_anew(servers)
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, max_batch_size=262_144, linger_ms=2
    )
    await producer.start()
    try:
        for record in records:
            await producer.send(record.topic, record.value, record.key, headers=record.headers)
        await producer.flush()
    finally:
        await producer.stop()


async def ends(servers: str, topic: str = TOPIC) -> dict[TopicPartition, int]:
    """Where each partition of the topic ends now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        found: dict[TopicPartition, int] = await consumer.end_offsets(_parts(topic))
        return found
    finally:
        await consumer.stop()


async def versions_since(servers: str, start: dict[TopicPartition, int], topic: str = TOPIC) -> dict[bytes, list[int]]:
    """The versions of each key that came on the topic since, in the order in which they stand there."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = _parts(topic)
        consumer.assign(parts)
        for part in parts:
            consumer.seek(part, start[part])
        end = await consumer.end_offsets(parts)
        found: dict[bytes, list[int]] = {}
        while any([await consumer.position(part) < end[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    found.setdefault(record.key, []).append(int(dict(record.headers)["ce_sequence"]))
        return found
    finally:
        await consumer.stop()


def _parts(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, nth) for nth in range(PARTITIONS[topic])]
