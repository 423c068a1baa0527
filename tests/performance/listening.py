"""An app on a socket of this machine, as uvicorn serves it in production."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from shared.runtime.running import Server

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(app: FastAPI, backlog: int) -> AsyncIterator[int]:
    """The port, for as long as the context lasts. `backlog`: how many may ask to be let in at once."""
    # Of a socket that does not name TCP asyncio leaves Nagle's algorithm on: each answer would wait 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as own:
        own.bind((HOST, 0))
        own.listen(backlog)
        server = Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
        serving = asyncio.create_task(server.serve([own]))
        try:
            yield own.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
