"""The whole journey, from an empty registry to published impact."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from deploy.demo import adoptions, board, funding, gemeenten, impact, organisations, projects, table
from deploy.demo.cast import Cast
from deploy.demo.client import Keys, Wire
from deploy.demo.follower import Follower
from deploy.demo.journey import Journey
from deploy.demo.places import Places
from deploy.demo.polling import Strange
from deploy.demo.screen import Screen
from deploy.demo.stage import Stage

Chapter = Callable[[Journey], Awaitable[None]]
CHAPTERS: Sequence[Chapter] = (
    organisations.play,
    projects.play,
    board.play,
    gemeenten.play,
    adoptions.take_over,
    adoptions.form,
    funding.play,
    impact.play,
    table.close,
)
ANSWER_WITHIN_S = 15.0


@asynccontextmanager
async def wired(
    places: Places, screen: Screen, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Wire]:
    """Requests of one run to the services; no proxy of this machine's is asked. Raises: RunnerError."""
    trust = places.installation.trust if places.installation else True
    async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False, transport=transport, verify=trust) as http:
        yield Wire(http, places, Keys(uuid4()), screen.trouble)


async def play(
    places: Places,
    screen: Screen,
    chapters: Sequence[Chapter] = CHAPTERS,
    *,
    before: Callable[[str], Awaitable[None]] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    strange: Strange | None = None,
) -> Journey:
    """Plays the chapters, one after another.

    `before` is called with each step's title; `transport` carries the requests, where they must not go straight;
    `strange` names what others have written to the topics.

    Raises: DemoFailed.
    """
    async with wired(places, screen, transport) as wire, Follower(places.brokers, strange) as follower:
        journey = Journey(Stage(screen, wire, follower, before), Cast(wire))
        for chapter in chapters:
            await chapter(journey)
        return journey
