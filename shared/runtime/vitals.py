"""What of a replica is looked at: whether it is ready, and what must not stand still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from dataclasses import dataclass

import asyncpg
from aiokafka.errors import ConsumerStoppedError, KafkaError

from shared.messaging.checking import LogCheck
from shared.messaging.consumer import Consumer
from shared.messaging.hearing import Admission
from shared.messaging.relay import Relay
from shared.runtime.health import Check, moving
from shared.runtime.service import Service
from shared.runtime.stillness import Marks
from shared.storage import Database
from shared.storage.migrations import missing

SILENT_SECONDS = 30.0
LONG_SECONDS = 5.0
"""A batch that takes longer moves as long as its reactions do. No shorter one hides a partition that is not read any more."""
TOPICS_WITHIN_SECONDS = 1.5


@dataclass(slots=True)
class Vitals:
    """The moving parts of one replica."""

    service: Service
    database: Database
    consumer: Consumer
    relay: Relay
    admission: Admission
    check: LogCheck

    def ready(self) -> dict[str, Check]:
        """What must be in order before anything is asked of it."""
        return {
            "database": self._postgres,
            "consumer": self._placed,
            "kafka": self._kafka,
            "topics": self._topics,
            "relay": moving(lambda: self.relay.last_pass, "the relay"),
        }

    def marks(self) -> Marks:
        """What moves when all is well: each partition in which there is something to hear is looked at by itself.

        An attempt that failed and is made again counts as a move: it waits for something, and says so in the log.
        """
        marks: dict[str, Hashable] = {"the relay": (self.relay.last_pass, self.relay.attempts, self.check.seen)}
        if self.admission.problem:
            return marks
        retried, turned_at = self.consumer.retried, self.consumer.turned_at
        calls = self.consumer.listener.calls if time.monotonic() - turned_at > LONG_SECONDS else None
        marks["the consumer"] = (self.admission.looked_at, turned_at, retried, calls)
        if not self.consumer.is_joined:
            marks["the consumer's membership of its group"] = retried
        for place, lag in self.consumer.lag().items():
            if lag:
                marks[f"{place.topic}/{place.partition}"] = (self.consumer.at[place].next, retried, calls)
        return marks

    async def _postgres(self) -> str | None:
        try:
            async with asyncio.timeout(3), self.database.reading() as tx:
                lacking = await missing(tx, self.service.migrations)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return f"Postgres does not answer ({type(error).__name__})"
        return f"migrations are missing: {', '.join(lacking)}; run migrate" if lacking else None

    async def _placed(self) -> str | None:
        if self.admission.problem:
            return self.admission.problem
        return None if self.consumer.is_placed else "no partitions were assigned yet"

    async def _kafka(self) -> str | None:
        silent = time.monotonic() - self.consumer.offsets.answered_at
        away = self.consumer.at and silent > SILENT_SECONDS
        return f"Kafka has not answered for {silent:.0f} s; events wait" if away else None

    async def _topics(self) -> str | None:
        """Whether Kafka still has all that are read and written. Where it does not answer, that is said by the others."""
        needed = {*self.service.topics, *(kind.STREAM.topic for kind in self.service.says)}
        try:
            async with asyncio.timeout(TOPICS_WITHIN_SECONDS):
                gone = needed - await self.consumer.topics()
        except (TimeoutError, KafkaError, ConsumerStoppedError):
            return None
        return f"topics are gone: {', '.join(sorted(gone))}; restore them, or run the set-up" if gone else None
