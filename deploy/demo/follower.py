"""Follows the six topics from the moment it starts, and keeps everything that comes by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.demo.events import TOPIC_NAMES, Record, Seen, Sequences
from deploy.demo.failing import DemoFailed
from deploy.demo.polling import Strange, poll
from shared.contracts.event import EventData
from shared.messaging.brokers import Servers, client_settings

D = TypeVar("D", bound=EventData)
POLL_MS = 200


class Came(Generic[D]):
    """An event that was waited for: its data, and when it came by the clock of the event loop."""

    def __init__(self, seen: Seen, data: D, moment: float) -> None:
        self.seen, self.data, self.moment = seen, data, moment


def partitions_of(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """All partitions of the six topics. Raises: DemoFailed, when a topic is not there."""
    found = []
    for topic in TOPIC_NAMES:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise DemoFailed(f"Op Kafka bestaat het onderwerp {topic} niet.", "Start het platform met `make up`.")
        found += [TopicPartition(topic, number) for number in sorted(numbers)]
    return found


async def connected(servers: Servers) -> AIOKafkaConsumer:
    """A consumer outside any group, that reads what it is told to. Raises: DemoFailed, when Kafka does not answer."""
    consumer = AIOKafkaConsumer(
        *TOPIC_NAMES,
        **client_settings(servers),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
    except KafkaError as error:
        with suppress(Exception):
            await consumer.stop()
        raise DemoFailed(
            f"Kafka antwoordt niet op {servers} ({type(error).__name__}).",
            "Draait het platform? `make up` start het, of `docker compose up -d --wait`.",
        ) from None
    consumer.unsubscribe()
    return consumer


class Follower:
    """`async with Follower(servers) as follower`: from then on nothing that is said goes unseen.

    Where `strange` is given, others write there too: it says what of theirs is passed over, and so is what nobody can read.
    """

    def __init__(self, servers: Servers, strange: Strange | None = None) -> None:
        self._servers, self._strange = servers, strange
        self._seen: list[tuple[Seen, float]] = []
        self._faults: list[str] = []
        self._sequences = Sequences()
        self._grown = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def mark(self) -> int:
        """How much was seen so far; what comes later has a higher place."""
        return len(self._seen)

    @property
    def faults(self) -> tuple[str, ...]:
        """What was wrong with what came by: a gap, a fork, something that the contracts do not know."""
        return tuple(self._faults)

    async def __aenter__(self) -> Self:
        self._consumer = await connected(self._servers)
        partitions = partitions_of(self._consumer)
        self._consumer.assign(partitions)
        for partition, end in (await self._consumer.end_offsets(partitions)).items():
            self._consumer.seek(partition, end)
        self._following = asyncio.create_task(self._follow(self._consumer))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, at: TracebackType | None) -> None:
        if self._following:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        if self._consumer:
            with suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._consumer.stop(), 5)

    async def expect(
        self,
        kind: type[D],
        subject: UUID | None,
        where: Callable[[D], bool],
        *,
        since: int,
        within: Callable[[], float],
    ) -> Came[D]:
        """The first such event that came after `since`. `within` says in seconds how long to wait, asked again and again.

        Raises: TimeoutError; DemoFailed, when what came by is not in order.
        """
        clock = asyncio.get_running_loop().time
        began, looked = clock(), since
        while True:
            self.check()
            for seen, moment in self._seen[looked:]:
                data = seen.data
                if isinstance(data, kind) and subject in (None, seen.subject) and where(data):
                    return Came(seen, data, moment)
            looked = len(self._seen)
            if clock() - began > within():
                raise TimeoutError
            self._grown.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), POLL_MS / 1000)

    def check(self) -> None:
        """Raises: DemoFailed, when what came by is not in order, or is not followed any more."""
        if self._faults:
            raise DemoFailed(f"Op Kafka klopt iets niet: {' '.join(self._faults)}")
        if self._following and self._following.done() and not self._following.cancelled():
            raise DemoFailed(f"Kafka wordt niet meer gevolgd: {self._following.exception()!r}")

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            records, unreadable = await poll(consumer, POLL_MS)
            if unreadable and self._strange is None:
                self._faults.append(f"{unreadable} berichten op Kafka zijn niet te lezen.")
            for record in records:
                if self._strange is None or not self._strange(record):
                    self._take(record)
            self._grown.set()

    def _take(self, record: Record) -> None:
        try:
            seen = Seen.read(record)
        except (ValueError, KeyError) as error:
            self._faults.append(f"Een bericht op {record.topic} is niet te lezen ({type(error).__name__}).")
            return
        if self._sequences.is_new(seen):
            if fault := self._sequences.fault(seen):
                self._faults.append(fault)
            self._seen.append((seen, asyncio.get_running_loop().time()))
