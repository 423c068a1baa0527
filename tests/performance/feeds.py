"""How soon two hundred readers know of a figure that was released, and how many lines they are told a second.

The impact service as it is, on a schema of its own; its readers are in a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from services.impact.feed import store
from services.impact.service import service
from shared.clock import system_clock
from shared.feeds.openings import Limits
from shared.feeds.replica import openings_of
from shared.storage import Database
from shared.web.app import build_app
from shared.web.discovery import IssuerAddress
from shared.web.tokens import Verifier
from tests.performance.listening import HOST, listening
from tests.performance.measuring import LOOK_SECONDS, Report, tuned_collector
from tests.performance.stage import Stage
from tests.releasing import Releasing

READERS = 200
SINGLE_LINES: Mapping[str, tuple[int, float]] = {"stream": (60, 20), "poll": (10, 1)}
"""How many lines are released one by one, and how many of them a second: who polls asks anew after each."""
BURSTS: Mapping[str, tuple[int, int]] = {"stream": (20, 100), "poll": (5, 100)}
"""In how many transactions many lines are released, and how many in each."""


@dataclass
class Served:
    """The service that answers, and where."""

    app: FastAPI
    database: Database
    port: int

    @asynccontextmanager
    async def read(self, how: str, lines: int) -> AsyncIterator[Callable[[], Awaitable[list[float]]]]:
        """Readers from here on; what is yielded, awaited, tells when the last of them had each line."""
        async with self.database.reading() as tx:
            place = await store.newest(tx)
        asked = {
            "how": how, "host": HOST, "port": self.port, "after": place.cursor, "readers": READERS, "lines": lines,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.performance.feed_readers",
            json.dumps(asked),
            stdout=asyncio.subprocess.PIPE,
        )

        async def told() -> list[float]:
            output, _ = await process.communicate()
            if process.returncode:
                raise SystemExit(f"the readers ended with {process.returncode}")
            found: list[float] = json.loads(output)
            return found

        try:
            while openings_of(self.app).open < READERS:
                if process.returncode is not None:
                    raise SystemExit(f"the readers ended with {process.returncode}")
                await asyncio.sleep(LOOK_SECONDS)
            yield told
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[Served]:
    """The service on a socket; nobody here has a token."""
    async with httpx.AsyncClient() as http:
        verifier = Verifier(IssuerAddress("http://nowhere.test"), "nobody", http, system_clock)
        app = build_app(service.title, service.answers, database=database, verifier=verifier, clock=system_clock)
        app.state.stopping = asyncio.Event()
        app.state.stream_limits = Limits(per_client=READERS + 1)
        async with listening(app, READERS) as port:
            try:
                yield Served(app, database, port)
            finally:
                app.state.stopping.set()


async def soon(one: Served, how: str) -> tuple[float, float]:
    """Milliseconds from the commit of a single line to the last reader that has it: p50 and p99."""
    releasing, commits = Releasing(one.database), []
    lines, a_second = SINGLE_LINES[how]
    async with one.read(how, lines) as told:
        for _ in range(lines):
            await releasing.add()
            commits.append(time.monotonic())
            await asyncio.sleep(1 / a_second)
        had = await told()
    took = sorted((last - commit) * 1000 for last, commit in zip(had, commits, strict=True))
    return statistics.median(took), took[int(len(took) * 0.99)]


async def many(one: Served, how: str) -> float:
    """Lines a second that all readers together are told, when many are released: from the first commit to the last reader."""
    releasing, (bursts, of_lines) = Releasing(one.database), BURSTS[how]
    async with one.read(how, bursts * of_lines) as told:
        begun = time.monotonic()
        for _ in range(bursts):
            await releasing.add(of_lines)
        had = await told()
    return bursts * of_lines * READERS / (max(had) - begun)


async def measure(stage: Stage, report: Report, *, rounds: int) -> Mapping[str, float]:
    """Streams and long polls in turns: medians of the rounds."""
    found: dict[str, list[float]] = {}
    async with stage.another("impact", service.migrations, service.says) as room, served(room.database) as one:
        with tuned_collector():
            for turn in range(rounds):
                for how in ("stream", "poll") if turn % 2 == 0 else ("poll", "stream"):
                    p50, p99 = await soon(one, how)
                    values = {"p50_ms": p50, "p99_ms": p99, "lines_per_s": await many(one, how)}
                    for name, value in values.items():
                        found.setdefault(f"feed_{how}_{name}", []).append(value)
    results = {name: round(statistics.median(values), 2) for name, values in found.items()}
    for how in ("stream", "poll"):
        told = {name: results[f"feed_{how}_{name}"] for name in ("p50_ms", "p99_ms", "lines_per_s")}
        report(
            f"feed   {how:6} {READERS} readers: to the last p50 {told['p50_ms']:5.1f} ms  p99 {told['p99_ms']:5.1f} ms  "
            f"{told['lines_per_s']:9,.0f} lines/s"
        )
    return results
