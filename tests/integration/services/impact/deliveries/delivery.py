"""What the tests of deliveries share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.impact.deliveries.operations import LedgerBooks
from shared.feeds.delivering import Deliveries, Pace
from shared.feeds.outbound import Allowed, Outbound
from shared.feeds.outbound_addresses import networks
from tests.standing import SOURCE, Standing
from tests.waiting import eventually

Json = dict[str, Any]
Subscribes = Callable[..., Awaitable[Json]]
SUBSCRIBER = "dashboard"
ALLOWED = Allowed(networks("127.0.0.0/8"), plain=True)
QUICK = Pace(look_every=0.02, turn=2.0, claimed_for=30.0)


@dataclass
class Delivery:
    """A replica's deliveries, by the clock of the service that stands."""

    impact: Standing
    subscriber: httpx.AsyncClient
    pace: Pace = QUICK
    seconds: float = 10.0
    declared: set[str] = field(default_factory=lambda: {SUBSCRIBER})
    looks: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Delivery]:
        """For as long as the test takes."""
        books = LedgerBooks(self.impact.database, SOURCE, self._looks, lambda: self.declared)
        self.deliveries = Deliveries(books, Outbound(ALLOWED, seconds=self.seconds), lambda: self.impact.now, self.pace)
        running = asyncio.create_task(self.deliveries.run())
        try:
            yield self
        finally:
            self.deliveries.stop()
            await running

    def _looks(self) -> datetime:
        """What time it is, as the replica asks whenever it looks what there is to do."""
        self.looks += 1
        return self.impact.now

    def passes(self, **time: float) -> None:
        """Lets time pass."""
        self.impact.now += timedelta(**time)

    async def until(self, webhook: Json, holds: Callable[[Json], object], *, step: float = 0) -> Json:
        """How a webhook stands once this holds. `step` hours pass each time that it does not, and all that was due is done."""
        seen = self.looks

        def all_is_done() -> bool:
            return self.looks > seen + 1 and not self.deliveries._turns

        async def told() -> Json | None:
            nonlocal seen
            found: Json = (await self.subscriber.get(f"/webhooks/{webhook['id']}")).json()
            if holds(found):
                return found
            if found["linesBehind"] and all_is_done():
                self.passes(hours=step)
                seen = self.looks
            return None

        found: Json = await eventually(told, what=f"webhook {webhook['id']}")
        return found
