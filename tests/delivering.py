"""A replica that only delivers, in a process of its own: `python -m tests.delivering DSN SOURCE SUBSCRIBER`, until killed."""

from __future__ import annotations

import asyncio
import sys

from services.impact.deliveries.operations import LedgerBooks
from shared.clock import system_clock
from shared.feeds.delivering import Deliveries, Pace
from shared.feeds.outbound import Allowed, Outbound
from shared.feeds.outbound_addresses import networks
from shared.storage import Database, connect

ALLOWED = Allowed(networks("127.0.0.0/8"), plain=True)
PACE = Pace(look_every=0.02, turn=1.0, claimed_for=4.0)


async def main(dsn: str, source: str, subscriber: str) -> None:
    """Runs it."""
    database = Database(await connect(dsn, most=4, name="delivering"))
    books = LedgerBooks(database, source, system_clock, lambda: {subscriber})
    await Deliveries(books, Outbound(ALLOWED, seconds=2.0), system_clock, PACE).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
