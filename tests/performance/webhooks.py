"""How many messages a second two hundred webhooks get, all healthy, and when 20 of them are dead and 20 are slow.

The part of the impact service that delivers, on a schema of its own; what it delivers to is in a process of its own.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle, islice

from services.impact.deliveries.operations import LedgerBooks
from services.impact.publication.model import Shown
from services.impact.service import service
from shared.clock import system_clock
from shared.feeds.delivering import Deliveries
from shared.feeds.outbound import Allowed, Outbound
from shared.feeds.outbound_addresses import networks
from shared.storage import Database
from tests.performance.measuring import Report, in_turns, tuned_collector
from tests.performance.records import SOURCE
from tests.performance.stage import Stage
from tests.performance.webhook_receivers import HOST
from tests.releasing import Releasing

ALL_HEALTHY = {"healthy": 200, "slow": 0, "dead": 0}
MIXED = {"healthy": 160, "slow": 20, "dead": 20}
BLOCKS, RELEASES = 20, 5
"""Lines that each healthy one gets in a turn: 100."""
LOOK_SECONDS, WITHIN_SECONDS = 0.05, 300.0
SUBSCRIBER = "bench"
CLEAR = "delete from webhook"
ADD = """
with made as (
  insert into webhook (subscriber, address, state, created_at, cursor)
  select $3, address, 'actief', now(), (select last from ledger) from unnest($1::text[]) u(address) returning id)
insert into webhook_secret (webhook, secret) select id, $2 from made
"""
BEHIND = "select count(*) from webhook, ledger where address like '%/healthy/%' and cursor < last"
WAITING = "select count(*) from webhook_waiting join webhook on id = webhook where address like '%/healthy/%'"


@asynccontextmanager
async def receiving() -> AsyncIterator[int]:
    """The port of receivers in another process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.performance.webhook_receivers", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def subscribe(database: Database, port: int, kinds: Mapping[str, int]) -> None:
    """Webhooks of these kinds and no others, in turns; all have proven their address."""
    addresses = [f"http://{HOST}:{port}/{kind}/{nth}" for kind, count in kinds.items() for nth in range(count)]
    async with database.transaction() as tx:
        await tx.execute(CLEAR)
        await tx.execute(ADD, addresses, secrets.token_bytes(32), SUBSCRIBER)


async def caught_up(database: Database) -> None:
    """Until each healthy one has all lines. Raises: TimeoutError."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            async with database.reading() as tx:
                if await tx.fetchval(BEHIND) == 0 == await tx.fetchval(WAITING):
                    return
            await asyncio.sleep(LOOK_SECONDS)


async def speed(database: Database, port: int, kinds: Mapping[str, int]) -> float:
    """Messages that all healthy ones together get in a second, from the first release to the last of them that has all."""
    await subscribe(database, port, kinds)
    allowed = Allowed(networks("127.0.0.0/8"), plain=True)
    books = LedgerBooks(database, SOURCE, system_clock, lambda: {SUBSCRIBER})
    deliveries = Deliveries(books, Outbound(allowed), system_clock)
    running = asyncio.create_task(deliveries.run())
    releasing = Releasing(database)
    try:
        blocks = await releasing.add(BLOCKS)  # connections are made, and the slow and the dead are found out
        await caught_up(database)
        begun = time.perf_counter()
        for shown in islice(cycle((50, 45)), RELEASES):
            blocks = await releasing.follow_up(blocks, Shown(count=shown))
        await caught_up(database)
        return BLOCKS * RELEASES * kinds["healthy"] / (time.perf_counter() - begun)
    finally:
        deliveries.stop()
        await running


async def measure(stage: Stage, report: Report, *, rounds: int) -> Mapping[str, float]:
    """Both in turns: medians of the rounds."""
    async with (
        stage.another("impact", service.migrations, service.says) as room,
        receiving() as port,
    ):
        with tuned_collector():
            found = await in_turns(
                {
                    "healthy": lambda _: speed(room.database, port, ALL_HEALTHY),
                    "mixed": lambda _: speed(room.database, port, MIXED),
                },
                rounds,
            )
    report(
        f"webhooks  200 healthy: {found.rates['healthy']:7,.0f}/s   160 healthy beside 20 slow and 20 dead: "
        f"{found.rates['mixed']:7,.0f}/s  ({found.ratios['mixed']:.2f} x)"
    )
    return {
        "webhooks_healthy_per_s": round(found.rates["healthy"], 1),
        "webhooks_mixed_per_s": round(found.rates["mixed"], 1),
        "webhooks_mixed_ratio": round(found.ratios["mixed"], 3),
    }
