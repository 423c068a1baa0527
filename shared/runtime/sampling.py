"""Figures that are looked up when somebody asks: what waits in the database, at most every few seconds and within a limit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.backlog import Backlog, backlog
from shared.storage import Database
from shared.storage.faults import is_transient
from shared.storage.open_transactions import open_transactions

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
WITHIN_SECONDS = 2.0
GAUGES = (
    ("outbox_rows", "outbox", "Events that were said and not told yet; counting stops at 100,000."),
    ("outbox_oldest_seconds", "outbox_age", "Age of the oldest of them."),
    ("stopped_keys", "stopped", "Keys of which an event cannot be sent."),
    ("gaps_open", "gaps", "Entities of which a version has not come while later ones wait, or that are half released."),
    ("gap_oldest_seconds", "gap_age", "How long the oldest of them has been so."),
    ("dead_letters", "dead_letters", "Records that nobody could read."),
)
"""Name, field of the backlog, and meaning."""


class Sampling(Collector):
    """What waits in a service's schema. Where the database does not answer, only the failure is counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked_at = -EVERY_SECONDS
        self._looking = asyncio.Lock()
        self._backlog: Backlog | None = None
        self._oldest: float | None = None
        self.failed = 0

    async def refresh(self) -> None:
        """Looks, unless somebody did so a moment ago. Never raises for the database's sake."""
        async with self._looking:
            if time.monotonic() - self._looked_at < EVERY_SECONDS:
                return
            self._looked_at = time.monotonic()
            self._backlog = self._oldest = None
            try:
                async with asyncio.timeout(WITHIN_SECONDS):
                    await self._look()
            except Exception as error:
                self.failed += 1
                if not (is_transient(error) or isinstance(error, TimeoutError)):
                    log.warning("what waits could not be counted: %s", type(error).__name__)

    async def _look(self) -> None:
        async with self._database.reading() as tx:
            self._backlog = await backlog(tx)
        async with self._database.reading() as tx:
            self._oldest = max((one.age for one in await open_transactions(tx, 0)), default=0.0)

    def collect(self) -> Iterator[Metric]:
        """All families, with values as far as they are known."""
        yield CounterMetricFamily("sampling_failed", "Times that the database could not be asked.", self.failed)
        yield GaugeMetricFamily(
            "oldest_transaction_seconds", "Age of the oldest open transaction of the database.", self._oldest
        )
        now = self._backlog
        yield from (
            GaugeMetricFamily(name, meaning, float(getattr(now, field)) if now else None)
            for name, field, meaning in GAUGES
        )
        keys = GaugeMetricFamily("parked_keys", "Entities of which records wait.", labels=["kind"])
        records = GaugeMetricFamily("parked_records", "Records that wait.", labels=["kind"])
        if now is not None:
            for kind, count in now.parked_keys.items():
                keys.add_metric([kind], count)
                records.add_metric([kind], now.parked_records[kind])
        yield keys
        yield records
