"""What a poll brings, also when there is a record in it that the client library cannot read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

Strange = Callable[[Any], bool]
"""Whether a record is known to come from somebody else than the services: whoever reads passes over it."""
APART_MS = 500


async def poll(consumer: AIOKafkaConsumer, timeout_ms: int) -> tuple[list[Any], int]:
    """The records that came, and how many cannot be read at all: a header's name that is no UTF-8 fails the whole poll."""
    places = {tp: await consumer.position(tp) for tp in consumer.assignment()}
    try:
        polled = await consumer.getmany(timeout_ms=timeout_ms)
    except UnicodeDecodeError:
        for partition, offset in places.items():
            consumer.seek(partition, offset)
    else:
        return [record for records in polled.values() for record in records], 0
    found: list[Any] = []
    unreadable = 0
    for partition in places:
        unreadable += await _apart(consumer, partition, found)
    return found, unreadable


async def _apart(consumer: AIOKafkaConsumer, partition: TopicPartition, found: list[Any]) -> int:
    """One by one, to the end of the partition; what cannot be read is passed, and counted."""
    unreadable = 0
    end = (await consumer.end_offsets([partition]))[partition]
    while (at := await consumer.position(partition)) < end:
        try:
            polled = await consumer.getmany(partition, timeout_ms=APART_MS, max_records=1)
        except UnicodeDecodeError:
            consumer.seek(partition, at + 1)
            unreadable += 1
            continue
        found += polled.get(partition, [])
    return unreadable
