"""Two readers of the same journey: the log alone, and the services asked. What they see must be the same."""

from __future__ import annotations

import asyncio
from uuid import UUID

from deploy.demo.asking import Reader
from deploy.demo.cast import Cast
from deploy.demo.client import Wire
from deploy.demo.overview import differences
from deploy.demo.polling import Strange
from deploy.demo.readback import read_back
from deploy.demo.screen import Screen

TRIES = 3
PAUSE_S = 1.0


async def check(wire: Wire, screen: Screen, strange: Strange | None = None) -> list[str]:
    """Compares them, and shows what differs; nothing when they are the same. What is under way gets a moment to arrive.

    Raises: DemoFailed, when the log itself is not in order, or a service does not answer.
    """
    screen.chapter("Tweede lezer: alleen Kafka, van voren af aan")
    found: list[str] = []
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(PAUSE_S)
        found = await compare(wire, screen, strange)
        if not found:
            break
    for difference in found:
        screen.trouble(difference)
    screen.line("gelijk" if not found else f"{len(found)} verschillen")
    return found


async def compare(wire: Wire, screen: Screen, strange: Strange | None = None) -> list[str]:
    """Every adoption on either side."""
    log, reader = await read_back(wire.places.brokers, strange), Reader(Cast(wire))
    asked = {UUID(adoption["id"]): adoption for adoption in await reader.adoptions()}
    screen.line(f"{log.events} gebeurtenissen gelezen, elk één keer en zonder gaten; {len(log.started)} overnames")
    found = [f"De overname {adoption} staat maar aan één kant." for adoption in asked.keys() ^ log.started.keys()]
    for adoption in asked.keys() & log.started.keys():
        answer = await reader.answer(asked[adoption])
        found += differences(log.overview(adoption), answer.overview)
    return found
