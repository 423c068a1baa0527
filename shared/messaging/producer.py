"""A Kafka producer that keeps the order of keys, whatever it meets.

aiokafka's idempotent producer is dead for a partition after its first failed batch (a sequence number is burnt), and the
first batch of a new producer on a partition may be refused while the second is accepted. So: on any error a new producer,
and the first record on each partition is awaited alone.

It also waits 40 s for a topic that is gone, in which nothing else would be told. So: no topic is waited for so long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import RecordMetadata

from shared.contracts.registry import TOPICS
from shared.messaging.brokers import Servers, client_settings
from shared.messaging.stopping import stopped_within
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
STOP_SECONDS = 3.0
TOPIC_SECONDS = 1.0
"""How long a topic may take to be known; and how often it is looked at whether one that does not answer is gone."""
TOPIC_REFUSES = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError, InvalidTopicError)
"""Errors that all records of a topic meet: it is not there, or we have no right to write to it."""
PARTITIONS = {topic.name: topic.partitions for topic in TOPICS.values()}
"""Fixed for ever: a topic that grew would have its keys moved, and later events overtake earlier ones."""
KEYS_REMEMBERED = 65_536
"""Of which the partition is known: to work it out, as all clients of Kafka do, takes a fifth of the time of telling."""
_partitioner = DefaultPartitioner()


def will_pass(error: Exception) -> bool:
    """Whether trying again can help without anybody doing anything here: all errors of Kafka count, as a broker may be away."""
    return isinstance(error, KafkaError) or is_transient(error)


class Behind(Exception):
    """Not sent, or not judged by itself: an earlier record of its partition failed."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be told."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Producer:
    """Sends records in the order given, and says of each where it stands or why not.

    Several may share one: they send in turns, as whoever meets an error gives up all that is under way.
    """

    def __init__(self, servers: Servers, client_id: str) -> None:
        self._servers, self._client_id = servers, client_id
        self._producer: AIOKafkaProducer | None = None
        self._warm: set[tuple[str, int]] = set()
        self._turn = asyncio.Lock()
        self.renewed = 0

    @property
    def is_dead(self) -> bool:
        """Whether the task that sends has ended: what is handed over then is never sent, and nothing is raised."""
        sender = getattr(self._producer, "_sender", None)  # aiokafka offers no other way to see it
        return sender is not None and sender.sender_task is not None and sender.sender_task.done()

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **client_settings(self._servers),
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
            self._producer, self._warm = producer, set()
        return self._producer

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        """Where each record stands, or the error that kept it from there (one of TOPIC_REFUSES: the whole topic's).

        Raises: KafkaError when no broker answers at all.
        """
        async with self._turn:
            return await self._send(records)

    async def _send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        producer = await self._ready()
        topics = {topic: await _partitions(producer, topic) for topic in dict.fromkeys(r.topic for r in records)}
        failed: dict[tuple[str, int], BaseException] = {}
        sent = [await self._sent(producer, record, topics[record.topic], failed) for record in records]
        under_way = {each: r.topic for each, r in zip(sent, records, strict=True) if isinstance(each, asyncio.Future)}
        answers = await _answers(producer, under_way)
        outcome = [answers[each] if isinstance(each, asyncio.Future) else each for each in sent]
        if failed or any(isinstance(answer, BaseException) for answer in answers.values()):
            # Each was answered or given up: without this, stopping would wait for a topic that is gone, and never end.
            producer._message_accumulator.fail_all(Behind())  # noqa: SLF001 - aiokafka offers no other way to give up
            await self.renew()
            _blame_first(records, outcome, topics)
        return outcome

    async def _sent(
        self,
        producer: AIOKafkaProducer,
        record: Outgoing,
        partitions: list[int] | BaseException,
        failed: dict[tuple[str, int], BaseException],
    ) -> asyncio.Future[RecordMetadata] | BaseException:
        """Hands one record over. After a failure its partition gets no more: that would reverse the order of a key."""
        if isinstance(partitions, BaseException):
            return partitions
        place = _place_of(record, partitions)
        if place in failed:
            return failed[place]
        try:
            future: asyncio.Future[RecordMetadata] = await producer.send(
                record.topic, record.value, record.key, place[1], headers=record.headers
            )
        except Exception as error:
            failed[place] = error
            return error
        if place not in self._warm:
            answer = (await _answers(producer, {future: record.topic}))[future]
            if isinstance(answer, BaseException):
                failed[place] = answer
                return answer
            self._warm.add(place)
        return future

    async def renew(self) -> None:
        """Puts the producer aside; the next `send` makes a new one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            self.renewed += 1
            await stopped_within(STOP_SECONDS, producer.stop(), partial(_abandoned, producer))

    async def stop(self) -> None:
        """Waits a bounded time for what is under way, and for nobody's turn; what is not confirmed stays in the outbox."""
        await self.renew()


def _place_of(record: Outgoing, partitions: Sequence[int]) -> tuple[str, int]:
    """The partition that a record goes to."""
    return record.topic, partitions[_nth_of(record.key, len(partitions))]


@lru_cache(maxsize=KEYS_REMEMBERED)
def _nth_of(key: bytes, count: int) -> int:
    """Which of so many partitions has this key."""
    nth: int = _partitioner(key, range(count), range(count))
    return nth


async def _abandoned(producer: AIOKafkaProducer) -> None:
    """Closes what a stop that did not end has left open: it waits for what is under way before it closes anything."""
    await asyncio.wait([asyncio.create_task(producer._sender.close())])  # noqa: SLF001 - nothing else ends its task
    await producer.client.close()


async def _partitions(producer: AIOKafkaProducer, topic: str) -> list[int] | BaseException:
    """The partitions that keys are spread over, or why nothing can be sent to the topic."""
    try:
        async with asyncio.timeout(TOPIC_SECONDS):
            known: list[int] = sorted(await producer.partitions_for(topic))
    except Exception as error:
        late: BaseException = UnknownTopicOrPartitionError(f"{topic} is not known within {TOPIC_SECONDS:g} s")
        return late if isinstance(error, TimeoutError) else error
    return known[: PARTITIONS.get(topic)]


def _blame_first(
    records: Sequence[Outgoing],
    outcome: list[RecordMetadata | BaseException],
    topics: Mapping[str, list[int] | BaseException],
) -> None:
    """Leaves the error to the first record that failed in each partition: a batch is refused as a whole."""
    blamed: set[tuple[str, int]] = set()
    for nth, (record, answer) in enumerate(zip(records, outcome, strict=True)):
        partitions = topics[record.topic]
        if isinstance(answer, BaseException) and not isinstance(partitions, BaseException):
            place = _place_of(record, partitions)
            if place in blamed:
                outcome[nth] = Behind()
            blamed.add(place)


async def _answers(
    producer: AIOKafkaProducer, under_way: Mapping[asyncio.Future[RecordMetadata], str]
) -> dict[asyncio.Future[RecordMetadata], RecordMetadata | BaseException]:
    """What the broker says of each record. One whose topic is gone meanwhile gets its error without waiting on.

    Whoever stops waiting does not take the record back: it may be told twice, if the topic returns.
    """
    left = set(under_way)
    while left:
        done, _ = await asyncio.wait(left, timeout=TOPIC_SECONDS)
        left -= done
        gone = {
            t for t in {under_way[each] for each in left} if producer.client.cluster.partitions_for_topic(t) is None
        }
        left = {each for each in left if under_way[each] not in gone}
    return {each: _answer(each, topic) for each, topic in under_way.items()}


def _answer(future: asyncio.Future[RecordMetadata], topic: str) -> RecordMetadata | BaseException:
    if not future.done():
        future.add_done_callback(lambda late: late.cancelled() or late.exception())  # seen, and of no interest
        return UnknownTopicOrPartitionError(f"{topic} is gone")
    return future.exception() or future.result()
