"""Our places as Kafka is told of them: exact offsets, for those who watch the lag. Our own stand in Postgres."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError

from shared.messaging.heard import Position

TELL_EVERY_SECONDS = 1.0
TELL_WITHIN_SECONDS = 2.0


class Offsets:
    """What one member of a group has told, and what it learnt: `ends` of partitions, and when Kafka last answered."""

    def __init__(self, client: Callable[[], AIOKafkaConsumer]) -> None:
        self._client = client
        self._telling: asyncio.Task[None] | None = None
        self._told_at = 0.0
        self.ends: dict[TopicPartition, int] = {}
        self.answered_at = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether it is time to tell again."""
        return time.monotonic() - self._told_at > TELL_EVERY_SECONDS

    async def tell(self, at: Mapping[TopicPartition, Position]) -> None:
        """Tells these places, unless an earlier telling is still under way. Raises nothing."""
        self._told_at = time.monotonic()
        if at and (self._telling is None or self._telling.done()):
            # Not cancelled when it takes long: aiokafka goes on with it all the same, and its failure would be lost.
            self._telling = asyncio.create_task(self._tell({tp: position.next for tp, position in at.items()}))
            await asyncio.wait([self._telling], timeout=TELL_WITHIN_SECONDS)

    async def _tell(self, offsets: Mapping[TopicPartition, int]) -> None:
        with suppress(KafkaError, IllegalStateError, ConsumerStoppedError):
            await self._client().commit(offsets)
            self.answered_at = time.monotonic()
            self.ends = await self._client().end_offsets(list(offsets))  # a partition may have stopped being fetched
