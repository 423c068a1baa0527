"""The consumer: polls, hands whole polls to the listener, and keeps its place in Postgres.

FastStream builds, starts and stops the Kafka consumer; the loop is ours (docs/decisions/0002): it never skips a record on
an error, drains before a partition goes, and passes a record that the client library cannot read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker
from faststream.middlewares import AckPolicy

from shared.messaging.heard import Overtaken, Position
from shared.messaging.listener import Listener
from shared.messaging.places import Places, reading_from
from shared.messaging.stopping import stopped_within
from shared.storage.faults import is_transient

if TYPE_CHECKING:
    from faststream.kafka.subscriber.usecase import BatchSubscriber

log = logging.getLogger(__name__)
POLL_MS = 500
APART_MS = 1_000
COMMIT_EVERY_SECONDS = 1.0
COMMIT_WITHIN_SECONDS = 2.0
STOP_WITHIN_SECONDS = 3.0
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0
PAUSE_SECONDS = 0.5


class Drain(ConsumerRebalanceListener):  # type: ignore[misc] # untyped library
    """Lets the batch in flight finish before its partitions go, and has new ones placed before they are read."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - all of them go
        """Nothing is handled from here until the next assignment."""
        await self._consumer.leave()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Paused at once, before any await: not a record may come in from another place than ours."""
        self._consumer.join(frozenset(assigned))


class Consumer:
    """One member of a service's group. Raises out of `run` only what an operator must look at."""

    def __init__(
        self, servers: str, group: str, topics: Sequence[str], listener: Listener, places: Places, *, records: int = 500
    ) -> None:
        self._listener, self._places, self._records = listener, places, records
        self._busy, self._stopping = asyncio.Lock(), False
        self._unplaced: frozenset[TopicPartition] = frozenset()
        self._committed_at = 0.0
        self.at: dict[TopicPartition, Position] = {}
        self._joined = False
        self._committing: asyncio.Task[None] | None = None
        self._moved: dict[TopicPartition, float] = {}
        self.turned_at = self.answered_at = time.monotonic()
        self.handled = 0
        self._broker = KafkaBroker(servers, apply_types=False, consumer_only=True, client_id=group, logger=None)
        self._subscriber: BatchSubscriber = self._broker.subscriber(
            *topics,
            batch=True,
            group_id=group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            listener=Drain(self),
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            rebalance_timeout_ms=30_000,
            max_poll_interval_ms=300_000,
            title=group,
        )

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise ConsumerStoppedError
        return consumer

    @property
    def is_placed(self) -> bool:
        """Whether it has an assignment (perhaps an empty one) and stands at its own place in every part of it."""
        return self._joined and not self._unplaced

    def lag(self) -> dict[TopicPartition, int]:
        """Records still to be heard, by partition, as far as the last fetch knows."""
        marks = {tp: self._consumer.highwater(tp) for tp in self.at}
        return {tp: max(0, (mark or 0) - self.at[tp].next) for tp, mark in marks.items()}

    def stalled(self, seconds: float) -> list[TopicPartition]:
        """Partitions in which something is to be heard and nothing was for so long."""
        before = time.monotonic() - seconds
        return [tp for tp, lag in self.lag().items() if lag and self._moved[tp] < before]

    def join(self, assigned: frozenset[TopicPartition]) -> None:
        """These partitions are ours; they stay paused until they are placed."""
        self._consumer.pause(*assigned)
        self._unplaced, self._joined = assigned, True

    async def leave(self) -> None:
        """Waits for the batch in flight, tells Kafka where we are, and lets go."""
        self._unplaced = frozenset()
        leaving, self.at = self.at, {}
        async with self._busy:
            await self._commit(leaving)

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
            await self._close()

    async def _close(self) -> None:
        await stopped_within(STOP_WITHIN_SECONDS, self._broker.stop())

    async def _started(self) -> None:
        wait = FIRST_WAIT
        while not self._stopping:
            try:
                await self._broker.start()
                return
            except KafkaError as error:
                log.warning("the consumer waits for Kafka: %s", type(error).__name__)
                await self._close()  # the next attempt makes a new client
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    def stop(self) -> None:
        """Ends `run` after the batch that is under way."""
        self._stopping = True

    async def _turn(self) -> None:
        self.turned_at = time.monotonic()
        if self._unplaced:
            await self._place()
        try:
            polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=self._records)
            await self._handle(polled)
        except UnicodeDecodeError:
            await self._pass_unreadable()
        except KafkaError as error:
            log.warning("polling failed: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _place(self) -> None:
        async with self._busy:
            assigned, wait = self._unplaced, FIRST_WAIT
            while assigned and self._unplaced == assigned and not self._stopping:
                try:
                    placed = await self._places.of(self._consumer, assigned)
                except Exception as error:
                    if not (is_transient(error) or isinstance(error, KafkaError)):
                        raise
                    log.warning("partitions wait to be placed: %s", type(error).__name__)
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, LONGEST_WAIT)
                    continue
                if self._unplaced == assigned:
                    self._resume(placed)

    def _resume(self, placed: Mapping[TopicPartition, Position]) -> None:
        self.at, self._unplaced = dict(placed), frozenset()
        self._moved = dict.fromkeys(placed, time.monotonic())
        for partition in placed:
            self._seek(partition)
        self._consumer.resume(*placed)

    def _seek(self, partition: TopicPartition) -> None:
        if partition in self.at:
            self._consumer.seek(partition, reading_from(self.at[partition]))

    async def _handle(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Until it is done, or its partitions go. Never skips: what fails for a while is run again."""
        if polled:
            await self._hear(polled)
        if time.monotonic() - self._committed_at > COMMIT_EVERY_SECONDS:
            await self._commit(self.at)

    async def _hear(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        async with self._busy:
            wait = FIRST_WAIT
            while not self._stopping:
                ours = {tp: records for tp, records in polled.items() if tp in self.at}
                fresh, positions = self._places.fresh(self.at, ours)
                if not positions:
                    return
                try:
                    await self._listener.hear(fresh, list(positions.values()))
                except Exception as error:
                    if not (isinstance(error, Overtaken) or is_transient(error)):
                        raise
                    log.warning("a batch waits: %s", type(error).__name__)
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, LONGEST_WAIT)
                    continue
                self._advance(positions, len(fresh))
                return

    def _advance(self, positions: Mapping[TopicPartition, Position], count: int) -> None:
        self.handled += count
        for partition, position in positions.items():
            if partition in self.at:
                self.at[partition] = position
                self._moved[partition] = time.monotonic()

    async def _commit(self, at: Mapping[TopicPartition, Position]) -> None:
        """Exact offsets, for those who watch the lag; our own place stands in Postgres."""
        self._committed_at = time.monotonic()
        if at and (self._committing is None or self._committing.done()):
            offsets = {tp: position.next for tp, position in at.items()}
            # Not cancelled when it takes long: aiokafka goes on with it all the same, and its failure would be lost.
            self._committing = asyncio.create_task(self._told_kafka(offsets))
            await asyncio.wait([self._committing], timeout=COMMIT_WITHIN_SECONDS)

    async def _told_kafka(self, offsets: Mapping[TopicPartition, int]) -> None:
        with suppress(KafkaError, IllegalStateError, ConsumerStoppedError):
            await self._consumer.commit(offsets)
            self.answered_at = time.monotonic()

    async def _pass_unreadable(self) -> None:
        """A header's name that is not UTF-8 makes the whole poll fail, and what it had of other partitions is lost to us.

        So each goes back to its place, and is read apart.
        """
        for partition in self.at:
            self._seek(partition)
        for partition, behind in self.lag().items():
            if behind:
                await self._read_apart(partition)

    async def _read_apart(self, partition: TopicPartition) -> None:
        """One poll of one partition; where that fails, record by record up to the bad one, which is passed."""
        try:
            await self._handle(await self._consumer.getmany(partition, timeout_ms=APART_MS, max_records=self._records))
            return
        except UnicodeDecodeError:
            self._seek(partition)
        while partition in self.at and not self._stopping:
            try:
                await self._handle(await self._consumer.getmany(partition, timeout_ms=APART_MS, max_records=1))
            except UnicodeDecodeError:
                offset = await self._consumer.position(partition)
                await self._handle({partition: [Unreadable(partition, offset)]})
                self._seek(partition)
                return


class Unreadable:
    """Stands for a record that the client library cannot read: only its place is known."""

    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    def __init__(self, place: TopicPartition, offset: int) -> None:
        self.topic, self.partition, self.offset = place.topic, place.partition, offset
