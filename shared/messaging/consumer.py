"""The consumer: polls, hands whole polls to the listener, and keeps its place in Postgres.

FastStream builds, starts and stops the Kafka consumer; the loop is ours (docs/decisions/0002): it never skips a record on
an error, drains before a partition goes, and passes a record that the client library cannot read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError
from typing_extensions import TypeVar

from shared.messaging.brokers import Servers
from shared.messaging.draining import Drain
from shared.messaging.heard import Displaced, Overtaken, Position
from shared.messaging.listener import Listener
from shared.messaging.offsets import Offsets
from shared.messaging.places import Places, reading_from
from shared.messaging.polling import Batch, Hears, Polled, Unreadable, poll_in_parts
from shared.messaging.setbacks import pauses
from shared.messaging.stopping import stopped_within
from shared.messaging.subscribing import subscribed
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
POLL_MS = 500
APART_MS = 1_000
STOP_WITHIN_SECONDS = 3.0
PAUSE_SECONDS = 0.5
UNREADABLE = (UnicodeDecodeError, CorruptRecordException)
"""With these a poll fails, and would again: of some partition the next record cannot be read."""


def _unseen(batch: Polled, seconds: float) -> None:
    """Nobody measures."""


H = TypeVar("H", bound=Hears, default=Listener)


class Consumer(Generic[H]):
    """One member of a service's group. Raises out of `run` only what an operator must look at."""

    def __init__(
        self,
        servers: Servers,
        group: str,
        topics: Sequence[str],
        listener: H,
        places: Places,
        *,
        records: int = 500,
    ) -> None:
        self.listener, self._places, self._records = listener, places, records
        self._busy, self._stopping, self._kept = asyncio.Lock(), False, True  # kept: the disk has all effects so far
        self._unplaced: frozenset[TopicPartition] = frozenset()
        self._assignment, self._ahead = 0, cast("asyncio.Task[Batch] | None", None)
        self.offsets = Offsets(lambda: self._consumer)
        self.at = dict[TopicPartition, Position]()
        self.is_joined = False  # whether the group has given it an assignment, perhaps an empty one
        self.turned_at = time.monotonic()
        self.handled = self.retried = 0
        self.under_way: Polled = {}  # for those who watch: what the batch in flight holds
        self.observe: Callable[[Polled, float], None] = _unseen
        self._broker, self._subscriber = subscribed(servers, group, topics, Drain(self))

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise ConsumerStoppedError
        return consumer

    @property
    def is_placed(self) -> bool:
        """Whether it has an assignment (perhaps an empty one) and stands at its own place in every part of it."""
        return self.is_joined and not self._unplaced

    async def topics(self) -> set[str]:
        """Those that Kafka has now. Raises: KafkaError; ConsumerStoppedError while it has no client."""
        found: set[str] = await self._consumer.topics()
        return found

    def lag(self) -> dict[TopicPartition, int]:
        """Records still to be heard, by partition, as far as the last fetch knows, or who asked without fetching."""
        client = self._subscriber.consumer
        marks = {tp: max(client.highwater(tp) or 0, self.offsets.ends.get(tp, 0)) for tp in self.at} if client else {}
        return {tp: max(0, mark - self.at[tp].next) for tp, mark in marks.items()}

    def join(self, assigned: frozenset[TopicPartition]) -> None:
        """These partitions are ours; they stay paused until they are placed."""
        self._consumer.pause(*assigned)
        self._unplaced, self.is_joined = assigned, True

    def _displace(self) -> None:
        """The database went back: all of it is placed anew, and what was taken back is heard again."""
        log.warning("the database went back to before what was heard last: it is read again from the place there")
        if self.at:  # else they have just gone to somebody else
            assigned, self.at = frozenset(self.at), {}
            self.join(assigned)

    async def leave(self) -> None:
        """Waits for the batch in flight, tells Kafka where we are, and lets go."""
        self._unplaced, self.is_joined = frozenset(), False
        self._assignment += 1
        leaving, self.at = self.at, {}
        async with self._busy:
            await self.offsets.tell(leaving)

    async def run(self) -> None:
        """Hears until stopped. Raises: LogChanged when the log is not the one that was read before."""
        try:
            await self._started()
            while not self._stopping:
                await self._turn()
        except ConsumerStoppedError:
            return
        finally:
            self._stopping = True
            await self._forget_ahead()
            await self._close()

    async def _close(self) -> None:
        client = self._subscriber.consumer
        abandon = client._client.close if client else None  # noqa: SLF001 - its own stop reaches this only in the end
        await stopped_within(STOP_WITHIN_SECONDS, self._broker.stop(), abandon)

    async def _started(self) -> None:
        waits = pauses()
        while not self._stopping:
            try:
                await self._broker.start()
                return
            except KafkaError as error:
                log.warning("the consumer waits for Kafka: %s", type(error).__name__)
                await self._close()  # the next attempt makes a new client
                await asyncio.sleep(next(waits))

    def stop(self) -> None:
        """Ends `run` after the batch that is under way."""
        self._stopping = True

    async def _turn(self) -> None:
        self.turned_at = time.monotonic()
        if self._unplaced:
            await self._forget_ahead()
            await self._place()
        try:
            await self._hear_next()
        except KafkaError as error:
            self._bear(error, "polling failed", KafkaError)
            await self._go_back()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _hear_next(self) -> None:
        try:
            ahead, self._ahead = self._ahead, None
            batch = await (ahead or self._poll(self.at))
            if batch.count >= self._records:  # there is more: poll and decode it while Postgres works
                self._ahead = asyncio.create_task(self._poll(batch.after))
            await self._handle(batch)
        except UNREADABLE:
            await self._pass_unreadable()

    async def _poll(self, at: Mapping[TopicPartition, Position], *only: TopicPartition, most: int = 0) -> Batch:
        """The next records after these places, decoded. Raises: LogChanged; UnicodeDecodeError; KafkaError."""
        batch = Batch(self._assignment, dict(at))
        wait, most = APART_MS if only else POLL_MS, most or self._records
        await poll_in_parts(self._consumer, partial(self._add, batch), wait, most, *only)
        return batch

    def _add(self, batch: Batch, polled: Polled) -> None:
        if batch.assignment == self._assignment:
            batch.add(polled, self._places, self.listener.decoder)

    async def _forget_ahead(self) -> None:
        """What was read ahead is read again, from the place that holds then."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            await asyncio.wait([ahead])
            _ = ahead.cancelled() or ahead.exception()

    async def _go_back(self) -> None:
        """To our places: a poll may fail after the client has handed out a part of it, and has gone on itself."""
        await self._forget_ahead()
        for partition in self.at:
            self._seek(partition)

    async def _place(self) -> None:
        async with self._busy:
            assigned, waits = self._unplaced, pauses()
            while assigned and self._unplaced == assigned and not self._stopping:
                try:
                    placed = await self._places.of(self._consumer, assigned)
                except Exception as error:
                    self._bear(error, "partitions wait to be placed", KafkaError)
                    await asyncio.sleep(next(waits))
                    continue
                if self._unplaced == assigned:
                    self.at, self._unplaced = placed, frozenset()
                    for partition in placed:
                        self._seek(partition)
                    self._consumer.resume(*placed)

    def _seek(self, partition: TopicPartition) -> None:
        if partition in self.at:
            self._consumer.seek(partition, reading_from(self.at[partition]))

    async def _handle(self, batch: Batch) -> None:
        """Until it is done, or its partitions go. Never skips: what fails for a while is run again."""
        if batch.positions:
            await self._hear(batch)
            self.under_way = {}
        if self.offsets.is_due:
            await self._keep()
            await self.offsets.tell(self.at)

    async def _keep(self) -> None:
        """Sees to it that what was heard is on the disk, also when nothing more comes (docs/decisions/0011)."""
        async with self._busy:
            if self._kept or not self.at:
                return
            try:
                self._kept = await self._places.keep(self.at)
                if not self._kept:
                    self._displace()
            except Exception as error:
                self._bear(error, "effects wait to be kept")

    def _bear(self, error: Exception, what: str, *passing: type[Exception]) -> None:
        """Counts a failure that passes by itself. Raises: any other."""
        if not (isinstance(error, passing) or is_transient(error)):
            raise error
        log.warning("%s: %s", what, type(error).__name__)
        self.retried += 1

    async def _hear(self, batch: Batch) -> None:
        async with self._busy:
            waits = pauses()
            while not self._stopping and batch.assignment == self._assignment:
                self.under_way, begun = batch.records, time.monotonic()
                try:
                    await self.listener.hear_decoded(batch.decoded, list(batch.positions.values()))
                except Displaced:
                    self._displace()
                    return
                except Exception as error:
                    self._bear(error, "a batch waits", Overtaken)
                    await asyncio.sleep(next(waits))
                    continue
                self._kept, self.handled = False, self.handled + batch.count
                if batch.assignment == self._assignment:
                    self.at.update(batch.positions)
                self.observe(batch.records, time.monotonic() - begun)
                return

    async def _pass_unreadable(self) -> None:
        """Each partition goes back to its place, and is read apart.

        A header's name that is not UTF-8 is passed. A wrong checksum is not: behind it stands an event.
        """
        await self._go_back()
        for partition, behind in self.lag().items():
            if behind:
                await self._read_apart(partition)

    async def _read_apart(self, partition: TopicPartition) -> None:
        """One poll of one partition; where that fails, record by record up to the bad one."""
        try:
            await self._handle(await self._poll(self.at, partition))
            return
        except UNREADABLE:
            self._seek(partition)
        for _ in range(self._records):  # among so many it is; what was damaged on its way only is whole by now
            if partition not in self.at or self._stopping:
                return
            try:
                await self._handle(await self._poll(self.at, partition, most=1))
            except UNREADABLE as error:
                offset = await self._consumer.position(partition)
                if isinstance(error, CorruptRecordException):
                    log.error("%s/%d is damaged at %d: it waits for a copy that can be read", *partition, offset)
                    self.retried += 1
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    batch = Batch(self._assignment, dict(self.at))
                    self._add(batch, {partition: [Unreadable(partition, offset)]})
                    await self._handle(batch)
                self._seek(partition)
                return
