"""The same application behind its real server, for what only shows on a socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.issuer.tokens import Issuer, Wanted


@pytest.fixture
async def wire(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the sample service on a socket of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as http:
        yield http
    server.should_exit = True
    await serving


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
