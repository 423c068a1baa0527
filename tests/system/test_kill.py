"""Each service is killed twice while the demo plays, at moments drawn by a seed: with its outbox full, and with lag.

How it is made sure that the outbox is not empty: Kafka stands still (SIGSTOP) while the service does what it then has to say;
the commit is seen in its outbox; then it is killed (SIGKILL), and only then does Kafka go on. The answer to that request never
reaches the demo, which must ask again with the same key. How it is made sure that there is lag: the service is killed before a
step in which another one says something that it hears, and is started only when its place lies behind the end of the log.
"""

from __future__ import annotations

import asyncio
import io
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from deploy.demo.check import check
from deploy.demo.follower import connected, partitions_of
from deploy.demo.run import play, wired
from deploy.demo.screen import Screen
from deploy.setup import declared
from tests.platform import Platform
from tests.reckoning import faults
from tests.waiting import eventually


@dataclass(frozen=True)
class Moment:
    """Something that happens in the demo: a request as method and path, or the title of a step; and how often at least."""

    what: str
    times: int = 1

    def drawn(self, seed: str) -> int:
        """How many of them pass before the one that is meant."""
        return random.Random(seed).randrange(self.times)


SPEAKS: Mapping[str, Moment] = {
    "submission": Moment(r"POST /v1/projects/[^/]+/submissions", 6),
    "assessment": Moment(r"POST /v1/releases"),
    "matching": Moment(r"POST /v1/adoptions(/[^/]+/partnerships/[^/]+/confirmations)?", 10),
    "impact": Moment(r"POST /v1/adoptions/[^/]+/observations", 10),
}
HEARS: Mapping[str, Moment] = {
    "submission": Moment(r"De vijf besluiten .*"),
    "assessment": Moment(r".* wordt ingediend", 5),
    "matching": Moment(r"De vijf besluiten .*"),
    "impact": Moment(r".* neemt .* over", 4),
}


@dataclass
class Killer(httpx.AsyncBaseTransport):
    """Carries the demo's requests, and kills one service at its two moments."""

    platform: Platform
    service: str
    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    lost_key: str | None = None
    replayed: list[str] = field(default_factory=list)
    waiting: int = 0
    lag: int = 0

    def __post_init__(self) -> None:
        self._speaks, self._hears = SPEAKS[self.service], HEARS[self.service]
        self._before_speaking = self._speaks.drawn(f"{self.service} speaks")
        self._before_hearing = self._hears.drawn(f"{self.service} hears")
        self._starting: list[asyncio.Task[None]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Passes it on. The chosen one is done, and its answer lost."""
        key = request.headers.get("Idempotency-Key")
        if self._is_chosen(request):
            await self._alive()
            await self._kill_speaking(request)
            self.lost_key = key
            raise httpx.ReadError("the service was killed")
        response = await self.inner.handle_async_request(request)
        if key and response.headers.get("Idempotency-Replayed"):
            self.replayed.append(key)
        return response

    async def before(self, title: str) -> None:
        """Called with each step's title. The chosen one finds the service dead."""
        if re.fullmatch(self._hears.what, title):
            self._before_hearing -= 1
            if self._before_hearing == -1:
                await self._alive()
                self.platform.kill(self.service)
                self._starting.append(asyncio.create_task(self._start_behind()))

    async def aclose(self) -> None:
        """When the demo is over, everything runs again."""
        await self._alive()
        await self.inner.aclose()

    def _is_chosen(self, request: httpx.Request) -> bool:
        to = self.platform.settings.port(self.service)
        if request.url.port != to or not re.fullmatch(self._speaks.what, f"{request.method} {request.url.path}"):
            return False
        self._before_speaking -= 1
        return self._before_speaking == -1

    async def _kill_speaking(self, request: httpx.Request) -> None:
        with self.platform.kafka_held():
            done = await self.inner.handle_async_request(request)
            await done.aread()
            assert done.is_success, done.text
            self.waiting = len(await self.platform.fetch(self.service, "select from outbox"))
            self.platform.kill(self.service)
        self._starting.append(asyncio.create_task(self.platform.start(self.service)))

    async def _start_behind(self) -> None:
        self.lag = await eventually(lambda: lag_of(self.platform, self.service), within=60, what="there is lag")
        await self.platform.start(self.service)

    async def _alive(self) -> None:
        await asyncio.gather(*self._starting)


async def lag_of(platform: Platform, service: str) -> int:
    """How many records it has still to read."""
    consumer = await connected(platform.places.brokers)
    try:
        ends = await consumer.end_offsets([p for p in partitions_of(consumer) if p.topic in declared(service).topics])
    finally:
        await consumer.stop()
    rows = await platform.fetch(service, "select topic, part, next from positions")
    read = {(row["topic"], row["part"]): row["next"] for row in rows}
    return sum(max(0, end - read.get((at.topic, at.partition), 0)) for at, end in ends.items())


@pytest.mark.parametrize("service", SPEAKS)
async def test_a_service_killed_with_work_in_hand_loses_nothing_and_doubles_nothing(
    platform: Platform, service: str
) -> None:
    killer, shown = Killer(platform, service), io.StringIO()
    await play(platform.places, Screen(shown), before=killer.before, transport=killer)
    assert killer.waiting > 0, "the outbox was empty when it was killed"
    assert killer.lag > 0, "it had heard everything when it was killed"
    assert killer.lost_key in killer.replayed, "the demo was given no answer of before"
    assert "met dezelfde sleutel" in shown.getvalue()
    await eventually(lambda: all_told_and_heard(platform), what="everything is told and heard")
    assert await faults(platform) == []
    async with wired(platform.places, Screen(shown)) as wire:
        assert await check(wire, Screen(shown)) == []


async def all_told_and_heard(platform: Platform) -> bool:
    """Whether nothing is under way any more."""
    waits = [await platform.fetch(name, "select from outbox") for name in SPEAKS]
    return not any(waits) and sum([await lag_of(platform, name) for name in SPEAKS]) == 0
