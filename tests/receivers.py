"""Receivers of webhooks that really listen: each address of one keeps what it got, and answers as it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

CHALLENGE = "nl.schuldhulpprojecten.webhook-challenge.v1"


@dataclass(frozen=True)
class Got:
    """A message as it came in."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.body)
        return said

    @property
    def id(self) -> str:
        """What it is dropped by when it comes again."""
        return self.headers["webhook-id"]

    @property
    def block(self) -> str:
        """The block that it is about, and which release of it."""
        return f"{self.event['subject']}/{self.event['sequence']}"


Answering = Callable[[Got], "int | web.Response"]


def well(got: Got) -> int:
    """Takes everything."""
    return 204


@dataclass
class Receiver:
    """One address. `answers` says what becomes of a message; challenges are sent back while `echoes`; `wait` is in seconds."""

    address: str
    answers: Answering = well
    echoes: bool = True
    wait: float = 0.0
    got: list[Got] = field(default_factory=list)
    challenged: list[Got] = field(default_factory=list)
    taken: list[Got] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """One request."""
        got = Got({name.lower(): value for name, value in request.headers.items()}, await request.read())
        if got.event["type"] == CHALLENGE:
            self.challenged.append(got)
            return web.json_response({"challenge": got.event["data"]["challenge"] if self.echoes else "?"})
        self.got.append(got)
        await asyncio.sleep(self.wait)
        answer = self.answers(got)
        response = web.Response(status=answer) if isinstance(answer, int) else answer
        if response.status < 300:
            self.taken.append(got)
        return response


@dataclass
class Receivers:
    """A server with as many addresses as are asked for."""

    port: int = 0
    known: dict[str, Receiver] = field(default_factory=dict)

    def at(self, path: str, host: str = "127.0.0.1", **more: Any) -> Receiver:
        """A new address of it."""
        receiver = Receiver(f"http://{host}:{self.port}/{path}", **more)
        self.known[path] = receiver
        return receiver

    async def handle(self, request: web.Request) -> web.Response:
        """Hands it to whom it is for."""
        receiver = self.known.get(request.path.lstrip("/"))
        return web.Response(status=404) if receiver is None else await receiver.handle(request)


@asynccontextmanager
async def receivers() -> AsyncIterator[Receivers]:
    """A server on a port of its own."""
    here = Receivers()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", here.handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here.port = runner.addresses[0][1]
    try:
        yield here
    finally:
        await runner.cleanup()
