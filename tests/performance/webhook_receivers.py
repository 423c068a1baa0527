"""Receivers of webhooks in a process of their own: `/healthy/..` takes all, `/slow/..` after seconds, `/dead/..` never."""

from __future__ import annotations

import asyncio
import gc

from aiohttp import web

SLOW_SECONDS = 3.0
DEAD_SECONDS = 60.0
HOST = "127.0.0.1"


async def healthy(request: web.Request) -> web.Response:
    """Reads it, and has it."""
    await request.read()
    return web.Response(status=204)


async def slow(request: web.Request) -> web.Response:
    """Takes its time."""
    await asyncio.sleep(SLOW_SECONDS)
    return await healthy(request)


async def dead(request: web.Request) -> web.Response:
    """Keeps whoever asks waiting until they give up."""
    await asyncio.sleep(DEAD_SECONDS)
    raise web.HTTPServiceUnavailable


async def main() -> None:
    """Says on which port it listens, and goes on until it is ended."""
    app = web.Application()
    for handler in (healthy, slow, dead):
        app.router.add_post(f"/{handler.__name__}/{{nth}}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    gc.freeze()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
