"""The same application behind its real server, for what only shows on a socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.issuer.tokens import Issuer, Wanted
from shared.storage import Database
from shared.web.app import build_app
from shared.web.tokens import Verifier
from tests.integration.shared.web.fronts import Hand
from tests.integration.shared.web.sample import router


@asynccontextmanager
async def served(app: FastAPI, root_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on a socket of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", root_path=root_path))
    serving = asyncio.create_task(server.serve([listening]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as http:
        yield http
    server.should_exit = True
    await serving


@pytest.fixture
async def wire(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the sample service."""
    async with served(app) as http:
        yield http


async def test_a_stream_without_an_end_is_cut_off(wire: httpx.AsyncClient, issuer: Issuer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    token = issuer.token(Wanted.of({"role": ["gemeente"], "gemeente": ["GM0518"]}))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": "1"}
    try:
        answer = await wire.post("/v1/counters", content=endless(), headers=headers)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return  # the server closed while we were still sending
    assert answer.status_code == 413


async def test_a_head_has_the_headers_of_its_get(wire: httpx.AsyncClient) -> None:
    head, get = await wire.head("/v1/odd/clock"), await wire.get("/v1/odd/clock")
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["api-version"] == "1.0.0"


async def test_who_hangs_up_while_sending_does_no_harm(
    wire: httpx.AsyncClient, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.token(Wanted.of({"role": ["gemeente"], "gemeente": ["GM0518"]}))
    _reader, writer = await asyncio.open_connection(wire.base_url.host, wire.base_url.port)
    lines = ("POST /v1/counters HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", "Content-Length: 100", "", "{")
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await wire.get("/v1/odd/clock")).status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_behind_a_proxy_every_address_in_an_answer_is_one_that_the_caller_can_use(
    database: Database, verifier: Verifier, clock: Hand, issuer: Issuer
) -> None:
    app = build_app("Tellers", [router], database=database, verifier=verifier, clock=clock, public_path="/tellers")
    token = issuer.token(Wanted.of({"role": ["gemeente"], "gemeente": ["GM0518"]}))
    async with served(app, root_path="/tellers") as http:
        http.headers["Authorization"] = f"Bearer {token}"
        for key in ("proxy-1", "proxy-2"):
            made = await http.post("/v1/counters", json={"name": "teller"}, headers={"Idempotency-Key": key})
            assert made.status_code == 201
        page = await http.get("/v1/counters", params={"limit": 1})
        assert page.headers["link"].startswith("</tellers/v1/counters?limit=1&after=")
        refused = await http.patch("/v1/counters")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
        assert refused.json()["instance"] == "/tellers/v1/counters"
        assert (await http.get("/v1/openapi.json")).json()["servers"] == [{"url": "/tellers/v1"}]
