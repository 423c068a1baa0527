"""How long it takes from the commit that says something to the commit of its effect elsewhere.

As in production it is two services: one says and tells, in a process of its own; the other hears, in this one. Neither does
anything else, and nothing is measured between the two commits.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence

from shared.messaging.consumer import Consumer
from shared.messaging.envelope import Decoded
from shared.messaging.heard import Position
from shared.messaging.hearing import admitted, declared
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from shared.storage import Database
from tests.performance import apart
from tests.performance.consume import CLUSTER
from tests.performance.measuring import Report, tuned_collector
from tests.performance.records import SOURCE, ends
from tests.performance.stage import Stage
from tests.performance.toy import REACTIONS, TOPIC, entity_of

WARM_UP_SECONDS = 1
WAIT_SECONDS = 60.0


BEGIN = "insert into {schema}.positions (topic, part, next, cluster) values ($1, $2, $3, $4)"


class Timed(Listener):
    """Notes when each effect was committed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Outbox(SOURCE, []), REACTIONS)
        self.effects: dict[str, float] = {}

    async def hear_decoded(self, decoded: Decoded, positions: Sequence[Position]) -> None:
        """As ever, with the time after the commit."""
        await super().hear_decoded(decoded, positions)
        now = time.perf_counter()
        self.effects.update((str(arrival.entity), now) for arrival in decoded.arrivals)


async def measure(stage: Stage, report: Report, *, per_second: int, seconds: float, rounds: int) -> Mapping[str, float]:
    """Milliseconds, p50 and p99, while so many things are said a second, each in a transaction: medians of the rounds."""
    runs = [await _run(stage, per_second, seconds) for _ in range(rounds)]
    p50, p99 = (statistics.median(values) for values in zip(*runs, strict=True))
    report(f"effect {per_second:5}/s: p50 {p50:5.1f} ms  p99 {p99:5.1f} ms")
    return {f"effect_{per_second}_p50_ms": round(p50, 2), f"effect_{per_second}_p99_ms": round(p99, 2)}


async def _run(stage: Stage, per_second: int, seconds: float) -> tuple[float, float]:
    room = stage.room
    await room.empty()
    places = [(at.topic, at.partition, end, CLUSTER) for at, end in (await ends(stage.servers)).items()]
    await room.admin.executemany(BEGIN.format(schema=room.name), places)
    listener = Timed(room.database)
    listener.generation = await admitted(room.database, declared(REACTIONS))
    consumer = Consumer(stage.servers, stage.group(), [TOPIC], listener, Places(room.database, CLUSTER))
    hearing = asyncio.create_task(consumer.run())
    try:
        while not consumer.is_placed:
            await asyncio.sleep(0.01)
        with tuned_collector():
            commits: dict[str, float] = await apart.run(
                "speak",
                dsn=room.dsn,
                servers=stage.servers,
                per_second=per_second,
                seconds=seconds + WARM_UP_SECONDS,
            )
            deadline = time.perf_counter() + WAIT_SECONDS
            while len(listener.effects) < len(commits) and time.perf_counter() < deadline:
                await asyncio.sleep(0.01)
        if missing := commits.keys() - listener.effects:
            raise SystemExit(f"{len(missing)} of {len(commits)} events had no effect within {WAIT_SECONDS:g} s")
    finally:
        consumer.stop()
        await hearing
    for number in range(WARM_UP_SECONDS * per_second):
        del commits[str(entity_of(number + 1))]
    took = sorted((listener.effects[key] - said) * 1000 for key, said in commits.items())
    return statistics.median(took), took[int(len(took) * 0.99)]
