"""Reading the log from any place to any other, as somebody who belongs to no group and moves nobody's position."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from shared.messaging.brokers import Servers, client_settings
from shared.messaging.stopping import stopped_within

log = logging.getLogger(__name__)
CHUNK = 5_000
POLL_MS = 500
SILENT_SECONDS = 30.0
"""How long a broker may give nothing: aiokafka waits for one that is away for ever, and says nothing."""
PROGRESS_SECONDS = 10.0
STOP_SECONDS = 3.0
REQUEST_MS = 10_000

Bounds = dict[TopicPartition, tuple[int, int]]


class Log:
    """All partitions of some topics."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def bounds(self, topics: Iterable[str]) -> Bounds:
        """The first and the next offset of each partition. Raises: KafkaError."""
        partitions = [tp for topic in sorted(set(topics)) for tp in self._partitions(topic)]
        first = await self._consumer.beginning_offsets(partitions)
        end = await self._consumer.end_offsets(partitions)
        return {tp: (first[tp], end[tp]) for tp in partitions}

    async def read(self, tp: TopicPartition, start: int, end: int) -> AsyncIterator[list[Any]]:
        """The records from `start` up to and not including `end`, chunk by chunk. One that nobody can read is left out.

        Raises: KafkaError, also when a broker gives nothing for 30 s.
        """
        self._consumer.assign([tp])
        self._consumer.seek(tp, start)
        at, most, moved, told = start, CHUNK, time.monotonic(), time.monotonic()
        while at < end:
            try:
                polled = await self._consumer.getmany(tp, timeout_ms=POLL_MS, max_records=most)
            except UnicodeDecodeError:  # a header's name that is no UTF-8: looked for one by one, and passed
                at, most = (await self._passed(tp), CHUNK) if most == 1 else (at, 1)
                self._consumer.seek(tp, at)
                continue
            now = time.monotonic()
            if (reached := await self._consumer.position(tp)) > at:
                at, moved = reached, now
            elif now - moved > SILENT_SECONDS:
                raise KafkaTimeoutError(f"{tp.topic}/{tp.partition} gives nothing at {at}")
            if now - told > PROGRESS_SECONDS:
                log.info("reading %s/%d: at %d of %d", tp.topic, tp.partition, at, end)
                told = now
            if records := [record for record in polled.get(tp, ()) if record.offset < end]:
                yield records

    def _partitions(self, topic: str) -> list[TopicPartition]:
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise UnknownTopicOrPartitionError(topic)
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    async def _passed(self, tp: TopicPartition) -> int:
        after: int = await self._consumer.position(tp) + 1
        return after


@asynccontextmanager
async def opened_log(servers: Servers, topics: Iterable[str]) -> AsyncIterator[Log]:
    """A reader of these topics. Raises: KafkaError when no broker answers, or a topic is not there."""
    consumer = AIOKafkaConsumer(
        *sorted(set(topics)),
        **client_settings(servers),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        request_timeout_ms=REQUEST_MS,
    )
    try:
        await consumer.start()  # waits until it knows the partitions of its topics
        consumer.unsubscribe()
        yield Log(consumer)
    finally:
        await stopped_within(STOP_SECONDS, consumer.stop())
