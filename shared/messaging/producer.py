"""A Kafka producer that keeps the order of keys, whatever it meets.

aiokafka's idempotent producer is dead for a partition after its first failed batch (a sequence number is burnt), and the
first batch of a new producer on a partition may be refused while the second is accepted. So: on any error a new producer,
and the first record on each partition is awaited alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import RecordMetadata

from shared.messaging.stopping import stopped_within

log = logging.getLogger(__name__)
STOP_SECONDS = 3.0
_partition_of = DefaultPartitioner()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be told."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Producer:
    """Sends records in the order given, and says of each where it stands or why not."""

    def __init__(self, servers: str, client_id: str) -> None:
        self._servers, self._client_id = servers, client_id
        self._producer: AIOKafkaProducer | None = None
        self._warm: set[tuple[str, int]] = set()
        self._partitions: dict[str, list[int]] = {}

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=262_144,
                request_timeout_ms=40_000,
                retry_backoff_ms=50,
                metadata_max_age_ms=10_000,
            )
            try:
                await producer.start()
            except BaseException:
                await stopped_within(STOP_SECONDS, producer.stop())
                raise
            self._producer, self._warm, self._partitions = producer, set(), {}
        return self._producer

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        """Where each record stands, or the error that kept it from there.

        Raises: KafkaError when no broker answers at all.
        """
        producer = await self._ready()
        failed: dict[tuple[str, int], BaseException] = {}
        waiting = [await self._sent(producer, record, failed) for record in records]
        answers = iter(
            await asyncio.gather(*(w for w in waiting if isinstance(w, asyncio.Future)), return_exceptions=True)
        )
        outcome = [next(answers) if isinstance(w, asyncio.Future) else w for w in waiting]
        if any(isinstance(answer, BaseException) for answer in outcome):
            await self.renew()
        return outcome

    async def _sent(
        self, producer: AIOKafkaProducer, record: Outgoing, failed: dict[tuple[str, int], BaseException]
    ) -> asyncio.Future[RecordMetadata] | BaseException:
        """Hands one record over. After a failure its partition gets no more: that would reverse the order of a key."""
        try:
            place = (record.topic, await self._partition(producer, record))
        except Exception as error:
            return error
        if place in failed:
            return failed[place]
        try:
            future: asyncio.Future[RecordMetadata] = await producer.send(
                record.topic, record.value, record.key, place[1], headers=record.headers
            )
            if place not in self._warm:
                # Shielded: giving up waiting would not take the record back, and sending it again would double it.
                await asyncio.shield(future)
                self._warm.add(place)
        except Exception as error:
            failed[place] = error
            return error
        return future

    async def _partition(self, producer: AIOKafkaProducer, record: Outgoing) -> int:
        partitions = self._partitions.get(record.topic)
        if partitions is None:
            partitions = self._partitions[record.topic] = sorted(await producer.partitions_for(record.topic))
        partition: int = _partition_of(record.key, partitions, partitions)
        return partition

    async def renew(self) -> None:
        """Puts the producer aside; the next `send` makes a new one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stopped_within(STOP_SECONDS, producer.stop())

    async def stop(self) -> None:
        """Waits a bounded time for what is under way; what is not confirmed stays in the outbox."""
        await self.renew()
