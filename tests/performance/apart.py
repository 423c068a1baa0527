"""Work in a process of its own: what has to be weighed alone, and services that are two in production too.

`python -m tests.performance.apart ...` does one piece of work and prints one line of JSON. Clocks agree between processes:
all read the machine's monotonic one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from shared.contracts.events import AdoptionEnded
from shared.messaging.outbox import Outbox
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from shared.runtime.looping import run_on_uvloop
from shared.storage import Database, connect
from tests.performance import consume, tell
from tests.performance.measuring import LOOK_SECONDS, Step, tuned_collector
from tests.performance.records import SOURCE
from tests.performance.toy import ended, entity_of

SPEAKERS = 8
CONNECTIONS = 10
QUIET_SECONDS = 0.2
READ = "select coalesce(sum(next), 0)::int from positions"


async def run(work: str, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
    """Does one of WORK in another process and returns what came of it. Raises: RuntimeError when it fails."""
    given = json.dumps(arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.performance.apart", work, given, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(f"{work} in another process ended with {process.returncode}")
    return json.loads(output)


async def speak(dsn: str, servers: str, per_second: int, seconds: float) -> dict[str, float]:
    """A service that says so many things a second and tells them: when each was committed, by its entity."""
    database = Database(await connect(dsn, most=CONNECTIONS, name="speakers"), Outbox(SOURCE, [AdoptionEnded]).append)
    producer = Producer(servers, "bench")
    relay = Relay(lambda: asyncpg.connect(dsn), producer, tell.CLUSTER)
    database.on_said = relay.wake
    telling = asyncio.create_task(relay.run())
    commits: dict[str, float] = {}
    total, begun = int(per_second * seconds), time.perf_counter()

    async def speaker(first: int) -> None:
        for number in range(first, total, SPEAKERS):
            await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
            entity = entity_of(number + 1)
            async with database.transaction() as tx:
                tx.say(ended(entity))
            commits[str(entity)] = time.perf_counter()

    with tuned_collector():
        await asyncio.gather(*(speaker(first) for first in range(SPEAKERS)))
    while relay.confirmed < total and not telling.done():
        await asyncio.sleep(0.01)
    relay.stop()
    await telling
    await producer.stop()
    await database.pool.close()
    return commits


async def relayed(dsn: str, servers: str, count: int, after: int, told_days: int) -> dict[str, float]:
    """A relay with so much before it: rows a second, and the most memory that its process ever had."""
    with tuned_collector():
        speed = await tell.ours(dsn, servers, count, told_days=told_days, after=after)
    return {"per_s": speed, "rss_mb": _peak_mb()}


async def consumed(dsn: str, servers: str, count: int, after: int, group: str) -> dict[str, float]:
    """A consumer with so much before it."""
    database = Database(await connect(dsn, most=CONNECTIONS, name="consumer"), Outbox(SOURCE, []).append)
    with tuned_collector():
        speed = await consume.ours(database, servers, count, 500, group, after=after)
    await database.pool.close()
    return {"per_s": speed, "rss_mb": _peak_mb()}


async def reacted(dsn: str, servers: str, batch: int, group: str, expected: int) -> list[Step]:
    """A replica of the matching service, for as long as it and others have not heard all: its steps."""
    from services.matching.service import service  # noqa: PLC0415 - the others here are weighed without it

    database = Database(await connect(dsn, most=CONNECTIONS, name="replica"), Outbox(SOURCE, service.says).append)
    hearing = await consume.consumer(
        database, servers, batch, group, topics=service.topics, reactions=service.hears, says=service.says
    )
    running, steps = asyncio.create_task(hearing.run()), list[Step]()
    with tuned_collector():
        while not running.done():
            now = time.perf_counter()
            if not steps or hearing.handled > steps[-1][1]:
                steps.append((now, hearing.handled))
            elif now - steps[-1][0] > QUIET_SECONDS:
                if await _read(database) >= expected:
                    break
                await asyncio.sleep(QUIET_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)
    hearing.stop()
    await running
    await database.pool.close()
    return steps[1:]


async def _read(database: Database) -> int:
    async with database.reading() as tx:
        read: int = await tx.fetchval(READ)
        return read


def _peak_mb() -> float:
    """Of this program alone: what getrusage says begins with the most that the process had that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024


WORK: Mapping[str, Callable[..., Coroutine[Any, Any, object]]] = {
    "speak": speak,
    "relayed": relayed,
    "consumed": consumed,
    "reacted": reacted,
}

if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    print(json.dumps(run_on_uvloop(WORK[sys.argv[1]](**json.loads(sys.argv[2])))))
