"""Comparing what this service heard with what the owners of its streams said: on demand, and four times an hour."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import asyncpg
from aiokafka.errors import KafkaError
from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS
from shared.messaging.reading import opened_log
from shared.messaging.verified import Verified
from shared.messaging.verifying import Verification
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
EVERY_SECONDS, WAIT_SECONDS = 900.0, 30.0
ALONE = "select pg_try_advisory_lock(hashtext('verify'), hashtext($1))"
OWNERS: dict[Stream, str] = {stream: topic.owner for stream, topic in TOPICS.items()}


class UnderWay(Exception):
    """Another comparison of this service runs at this moment."""


class LastVerified(Collector):
    """What this replica's latest comparison found, for Prometheus; and how long ago that was, counted from its start."""

    def __init__(self) -> None:
        self.verified: Verified | None = None
        self._since = time.monotonic()

    def keep(self, found: Verified) -> None:
        """It is the latest."""
        self.verified, self._since = found, time.monotonic()

    def forget(self) -> None:
        """Another replica compares: what this one found before says nothing any more."""
        self.verified = None

    def collect(self) -> Iterator[Metric]:
        """Both families; before the first comparison the first has no value."""
        yield GaugeMetricFamily(
            "verify_missing",
            "Entities that miss versions here, or are ahead of their owner, at the last comparison.",
            None if self.verified is None else self.verified.wrong,
        )
        yield GaugeMetricFamily(
            "verify_age_seconds", "Time since this replica compared last.", time.monotonic() - self._since
        )


@asynccontextmanager
async def _verifier(settings: Settings, name: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(
        settings.verifier_dsn(), server_settings={"application_name": f"{name} verify", "jit": "off"}
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=2)


async def _verified(
    connection: asyncpg.Connection[asyncpg.Record], service: Service, settings: Settings, wait: float
) -> Verified:
    heard = {kind.STREAM: OWNERS[kind.STREAM] for kind in service.heard_events}
    async with opened_log(settings.brokers, service.topics) as of:
        return await Verification(connection, of, service.name, dict(sorted(heard.items()))).run(wait)


async def verified(service: Service, settings: Settings, wait: float) -> Verified:
    """One comparison; what is under way has `wait` seconds to come. Raises: NoSecret, KafkaError."""
    async with _verifier(settings, service.name) as connection:
        return await _verified(connection, service, settings, wait)


async def compare(service: Service, settings: Settings, last: LastVerified, wait: float = WAIT_SECONDS) -> Verified:
    """The same, kept in `last`; what somebody must heal is logged as an error. One replica does so at a time.

    Raises: UnderWay, NoSecret, KafkaError.
    """
    async with _verifier(settings, service.name) as connection:
        if not await connection.fetchval(ALONE, service.name):
            raise UnderWay
        found = await _verified(connection, service, settings, wait)
    last.keep(found)
    log.log(logging.ERROR if found.wrong else logging.INFO, "compared said with heard: %s", found)
    for line in found.lines():
        log.error("%s", line)
    return found


async def keep_comparing(service: Service, settings: Settings, last: LastVerified, stopping: asyncio.Event) -> None:
    """Every 15 minutes until stopped, if the verifier's password is configured."""
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), EVERY_SECONDS)
            return
        if settings.database_verifier_password_file is None or not service.topics:
            continue
        try:
            await compare(service, settings, last)
        except UnderWay:
            last.forget()
        except Exception as error:
            if is_transient(error) or isinstance(error, KafkaError):
                log.warning("comparing said with heard failed and is tried again: %s", type(error).__name__)
            else:
                log.exception("comparing said with heard failed and is tried again")
