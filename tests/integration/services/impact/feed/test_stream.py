"""Server-sent events on a real socket: resumed, kept awake, ended clearly, and cheap for many."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn

from services.impact.figures.model import Published
from services.impact.service import service
from shared.feeds.openings import Limits
from shared.feeds.replica import openings_of
from shared.feeds.tail import LOOK_EVERY_SECONDS, Line, Tail
from shared.runtime.running import Server
from shared.web.app import build_app
from tests.integration.services.impact.feed.test_http import end, feed
from tests.integration.services.impact.sample import Adopts, correction, count
from tests.releasing import Releasing
from tests.standing import Standing
from tests.waiting import eventually

NextMorning = Callable[[], Awaitable[None]]
pytestmark = pytest.mark.usefixtures("impact")
LIMITS = Limits(most=500, per_client=400, heartbeat_seconds=0.2)


@dataclass
class Reader:
    """An EventSource: what it was told, and the id that it would come back with."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    last_id: str = ""
    heartbeats: int = 0
    is_closed: bool = False

    async def take(self, answer: httpx.Response) -> None:
        """Reads until the stream ends."""
        kind, data = "message", ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.heartbeats += 1
            elif name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data = value
            elif not line and data:
                self.events.append((kind, json.loads(data)))
                kind, data = "message", ""
        self.is_closed = True

    def has(self, events: int) -> bool:
        """Whether it was told so many."""
        return len(self.events) >= events

    @property
    def blocks(self) -> list[str]:
        """The blocks that it was told of, in order."""
        return [data["block"] for _, data in self.events if "block" in data]


@dataclass
class Wire:
    """The service on a socket; `stop` ends it as SIGTERM does."""

    base: str
    stopping: asyncio.Event
    server: Server
    serving: asyncio.Task[None]
    app: Any

    async def stop(self) -> None:
        """No new readers, and those there are told."""
        self.stopping.set()
        self.server.should_exit = True
        await self.serving

    @asynccontextmanager
    async def reading(self, reader: Reader, headers: dict[str, str] | None = None, **asked: str) -> AsyncIterator[None]:
        """A reader that is connected, until it hangs up."""
        async with (
            httpx.AsyncClient(base_url=self.base, timeout=60) as http,
            http.stream("GET", "/feed/stream", params=asked, headers=headers) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            taking = asyncio.create_task(reader.take(answer))
            try:
                yield
            finally:
                taking.cancel()
                await asyncio.wait([taking])

    @property
    def open(self) -> int:
        """How many readers the replica counts."""
        return openings_of(self.app).open


@asynccontextmanager
async def served(impact: Standing) -> AsyncIterator[Wire]:
    """The service on a socket, until the context ends."""
    app = build_app(
        service.title,
        service.answers,
        database=impact.database,
        verifier=impact.app.state.verifier,
        clock=lambda: impact.now,
    )
    stopping = asyncio.Event()
    app.state.stopping, app.state.stream_limits = stopping, LIMITS
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=60))
    serving = asyncio.create_task(server.serve([listening]))
    wire = Wire(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", stopping, server, serving, app)
    yield wire
    if not serving.done():
        await wire.stop()


@pytest.fixture
async def wire(impact: Standing) -> AsyncIterator[Wire]:
    async with served(impact) as wire:
        yield wire


async def test_each_kind_of_line_is_an_event_whose_id_leads_on(
    impact: Standing, wire: Wire, adopts: Adopts, next_morning: NextMorning, anyone: httpx.AsyncClient
) -> None:
    adopted = await adopts()
    start, reader, project = await end(anyone), Reader(), str(adopted.project)
    async with wire.reading(reader, after=start, project=project):
        (made,) = await adopted.records(count(43))
        await next_morning()
        made = await adopted.corrects(made, correction(58))
        await next_morning()
        await adopted.corrects(made, correction(3))
        await eventually(lambda: len(reader.events) == 3)
    lines, last = await feed(anyone, start, project=project)
    assert [kind for kind, _ in reader.events] == ["gepubliceerd", "gecorrigeerd", "ingetrokken"]
    assert [data for _, data in reader.events] == lines
    assert reader.last_id == last


async def test_a_reader_that_comes_back_misses_nothing_and_gets_nothing_twice(
    impact: Standing, wire: Wire, anyone: httpx.AsyncClient
) -> None:
    releasing, start, reader = Releasing(impact.database), await end(anyone), Reader()
    headers = {"Last-Event-ID": start}
    for turn in range(4):
        async with wire.reading(reader, headers):
            await releasing.add(15)
            await eventually(partial(reader.has, 30 * turn + 15))
        headers = {"Last-Event-ID": reader.last_id}
        await releasing.add(15)
    async with wire.reading(reader, headers):
        await eventually(partial(reader.has, 120))
    assert reader.blocks == [str(block.id) for block in releasing.blocks]
    await eventually(lambda: wire.open == 0, what="who hung up is not counted any more")


def counted(tail: Tail[Published]) -> list[int]:
    """After which positions the ledger was read, from now on."""
    queries: list[int] = []
    read_on = tail.read_on

    async def counting(after: int, limit: int) -> Sequence[Line[Published]]:
        queries.append(after)
        return await read_on(after, limit)

    tail.read_on = counting
    return queries


async def test_two_hundred_readers_are_told_of_a_line_by_few_queries(
    impact: Standing, wire: Wire, anyone: httpx.AsyncClient
) -> None:
    readers, start = [Reader() for _ in range(200)], await end(anyone)
    async with httpx.AsyncClient(base_url=wire.base, limits=httpx.Limits(max_connections=None), timeout=60) as http:

        async def follow(reader: Reader) -> None:
            async with http.stream("GET", "/feed/stream", params={"after": start}) as answer:
                await reader.take(answer)

        following = [asyncio.create_task(follow(reader)) for reader in readers]
        await eventually(lambda: wire.open == 200)
        queries = counted(wire.app.state.ledger_tail)
        clock = asyncio.get_running_loop().time
        begun = clock()
        releasing = Releasing(impact.database)
        (block,) = await releasing.add()
        await eventually(lambda: all(reader.blocks == [str(block.id)] for reader in readers))
        assert len(queries) <= 2 + (clock() - begun) / LOOK_EVERY_SECONDS, "it looks as often as for one reader"
        await wire.stop()
        await asyncio.gather(*following)
    assert {json.dumps(reader.events[-1][1]["reason"]) for reader in readers} == {'"stopping"'}
    assert len({reader.last_id for reader in readers}) == 1


async def test_a_reader_without_news_hears_heartbeats_and_is_told_when_the_service_stops(
    wire: Wire, anyone: httpx.AsyncClient
) -> None:
    reader = Reader()
    async with wire.reading(reader, after=await end(anyone), project=str(uuid4())):
        await eventually(lambda: reader.heartbeats >= 2)
        clock = asyncio.get_running_loop().time
        begun = clock()
        await wire.stop()
        await eventually(lambda: reader.is_closed)
        assert clock() - begun < 30, "nobody had to be cut off"
    ((kind, data),) = reader.events
    assert (kind, data["reason"]) == ("end", "stopping")
    assert "Last-Event-ID" in data["detail"]


async def test_a_client_that_has_all_it_may_is_refused_and_another_one_is_not(
    impact: Standing, wire: Wire, anyone: httpx.AsyncClient
) -> None:
    wire.app.state.stream_limits = Limits(per_client=2)
    async with wire.reading(Reader()), wire.reading(Reader()), httpx.AsyncClient(base_url=wire.base) as http:
        await eventually(lambda: wire.open == 2)
        for path in ("/feed/stream", "/feed"):
            answer = await http.get(
                path, params={"after": await end(anyone), **({"wait": 30} if path == "/feed" else {})}
            )
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
            assert answer.json()["title"] == "Te veel lezers tegelijk"
        assert (await http.get("/feed")).status_code == 200, "who does not wait takes nothing"
        token = impact.token([], None, None, None)
        async with wire.reading(Reader(), {"Authorization": f"Bearer {token}"}):
            await eventually(lambda: wire.open == 3)
    await eventually(lambda: wire.open == 0)


async def test_a_proxy_is_told_to_pass_on_each_event_and_what_holds_for_all_answers_holds_here(wire: Wire) -> None:
    async with httpx.AsyncClient(base_url=wire.base) as http:
        head = await http.head("/feed/stream")
        assert (head.status_code, head.content) == (200, b"")
    assert head.headers["x-accel-buffering"] == "no"
    assert "no-transform" in head.headers["cache-control"]
    assert "no-store" in head.headers["cache-control"]
    assert head.headers["api-version"]
    assert head.headers["x-content-type-options"] == "nosniff"
    assert "content-length" not in head.headers
    await eventually(lambda: wire.open == 0, what="who asked for the headers alone follows nothing")


async def test_who_never_reads_costs_no_more_than_its_socket_and_holds_up_nobody(
    impact: Standing, wire: Wire, anyone: httpx.AsyncClient
) -> None:
    start, releasing, reader = await end(anyone), Releasing(impact.database), Reader()
    host, port = wire.base.removeprefix("http://").removesuffix("/v1").split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.sendall(f"GET /v1/feed/stream?after={start} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await eventually(lambda: wire.open == 1)
    async with wire.reading(reader, after=start):
        for _ in range(5):
            await releasing.add(500)
        await eventually(lambda: len(reader.events) == 2_500)
        assert (await anyone.get("/feed", params={"after": start, "limit": 1})).status_code == 200
    deaf.close()
    await eventually(lambda: wire.open == 0)
