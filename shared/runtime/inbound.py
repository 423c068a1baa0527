"""The consumer of inbound topics: one of its own, so that nothing from outside is in the way of what services tell each other.

It is made for the topics that are declared and there, and made anew when those change, when it fails, or when it is stuck:
whatever becomes of it, the service goes on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping

from aiokafka.errors import ConsumerStoppedError, KafkaError
from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.brokers import Servers
from shared.messaging.consumer import Consumer
from shared.messaging.passing_places import PassingPlaces
from shared.messaging.producer import will_pass
from shared.publishing.inbound import Inbound, Intake
from shared.runtime.starting import administering

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 5.0
ASK_WITHIN_SECONDS = 10.0
READY_WITHOUT_SECONDS = 30.0
RECORDS = 200
END_WITHIN_SECONDS = 6.0
MADE_BY = "python -m deploy.access apply"

Topics = Mapping[str, Inbound]


class InboundTopics(Collector):
    """Hears inbound topics for as long as the service runs. `wanted` says which there should be, at this moment."""

    def __init__(
        self,
        servers: Servers,
        group: str,
        wanted: Callable[[], Topics],
        intake: Callable[[Topics], Intake],
        places: PassingPlaces,
        *,
        stalled_seconds: float = 90,
    ) -> None:
        """`stalled_seconds`: for how long the consumer may stand still before it is made anew."""
        self._servers, self._group, self._wanted = servers, group, wanted
        self._intake, self._places, self._stalled = intake, places, stalled_seconds
        self._stopping, self._has_looked = asyncio.Event(), False
        self._begun = time.monotonic()
        self._last_move, self._moved_at = (0.0, 0, 0), 0.0
        self.consumer: Consumer[Intake] | None = None
        self.missing = frozenset[str]()
        self.made_anew = 0

    def stop(self) -> None:
        """Ends `run` after the batch that is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped. What fails is said, and tried again."""
        while not self._stopping.is_set():
            try:
                if there := await self._there():
                    await self._hear(there)
                else:
                    self._has_looked = True
                    await self._pause()
            except Exception as error:
                if will_pass(error):
                    log.warning("inbound topics wait: %s", type(error).__name__)
                else:
                    log.exception("hearing inbound topics failed and is begun anew")
                self.made_anew += 1
                await self._pause()

    async def problem(self) -> str | None:
        """What is not in order yet; None once it has looked at them, and where there are none.

        What is missing or closed is no reason to stay away: after half a minute it is ready without.
        """
        is_late = time.monotonic() - self._begun > READY_WITHOUT_SECONDS
        if self._has_looked or is_late or not self._wanted():
            return None
        return "inbound topics were not looked at yet"

    async def _there(self) -> Topics:
        """Those that are wanted and there. Raises: KafkaError."""
        wanted = self._wanted()
        if not wanted:
            self._name_missing(frozenset())
            return {}
        async with administering(self._servers, ASK_WITHIN_SECONDS) as admin:
            found = set(await admin.list_topics())
        self._name_missing(frozenset(wanted) - found)
        return {name: topic for name, topic in wanted.items() if name in found}

    def _name_missing(self, missing: frozenset[str]) -> None:
        if new := missing - self.missing:
            log.warning("inbound topics are missing: %s. To make them: %s", ", ".join(sorted(new)), MADE_BY)
        self.missing = missing

    async def _hear(self, topics: Topics) -> None:
        """For as long as these are the topics to hear. Raises: what the consumer ends with."""
        consumer = Consumer(
            self._servers, self._group, sorted(topics), self._intake(topics), self._places, records=RECORDS
        )
        self.consumer = consumer
        hearing = asyncio.create_task(consumer.run())
        try:
            while not (hearing.done() or self._stopping.is_set() or self._is_stuck(consumer)):
                await self._pause(hearing)
                self._has_looked = self._has_looked or consumer.is_placed
                if topics.keys() != await self._still_there(consumer, topics):
                    break
        finally:
            consumer.stop()
            _, late = await asyncio.wait([hearing], timeout=END_WITHIN_SECONDS)
            if late:
                hearing.cancel()
                await asyncio.wait([hearing], timeout=END_WITHIN_SECONDS)
            self.consumer = None
        if hearing.done() and not hearing.cancelled() and (error := hearing.exception()):
            raise error

    async def _still_there(self, consumer: Consumer[Intake], topics: Topics) -> set[str]:
        """Which topics should be heard now; where Kafka does not answer, those that are."""
        wanted = self._wanted()
        try:
            async with asyncio.timeout(ASK_WITHIN_SECONDS):
                found = await consumer.topics()
        except (TimeoutError, KafkaError, ConsumerStoppedError):
            return set(topics)
        self._name_missing(frozenset(wanted) - found)
        return wanted.keys() & found

    def _is_stuck(self, consumer: Consumer[Intake]) -> bool:
        """Whether a batch does not come to its end. An attempt that is made again is no standing still."""
        now, move = time.monotonic(), (consumer.turned_at, consumer.retried, self.made_anew)
        if move != self._last_move or not consumer.under_way:
            self._last_move, self._moved_at = move, now
        still = now - self._moved_at
        if still < self._stalled:
            return False
        log.error("hearing inbound topics stood still for %.0f s and is begun anew", still)
        self.made_anew += 1
        return True

    async def _pause(self, *until: asyncio.Task[None]) -> None:
        """Until something has to be looked at."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([stopping, *until], timeout=LOOK_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    def collect(self) -> Iterator[Metric]:
        """What waits in inbound topics, and what is not in order with them."""
        lag = sum(self.consumer.lag().values()) if self.consumer else 0
        yield GaugeMetricFamily("inbound_lag_records", "Records of outside systems still to be heard here.", lag)
        yield GaugeMetricFamily(
            "inbound_topics_missing", "Inbound topics that are declared and not there.", len(self.missing)
        )
        yield CounterMetricFamily(
            "inbound_made_anew", "Times that hearing inbound topics was begun anew after a failure.", self.made_anew
        )
