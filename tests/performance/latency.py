"""How long it takes from the commit that says something to the commit of its effect elsewhere."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.messaging.consumer import Consumer
from shared.messaging.envelope import KafkaRecord
from shared.messaging.heard import Position
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from tests.performance.stage import REACTIONS, SOURCE, TOPIC, Report, Stage, ended, fill, tuned_collector

SPEAKERS = 4


class Timed(Listener):
    """Notes when each effect was committed."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.database, Outbox(SOURCE, []), REACTIONS)
        self.effects: dict[bytes, float] = {}

    async def hear(self, records: Sequence[KafkaRecord], positions: Sequence[Position]) -> None:
        """As ever, with the time after the commit."""
        await super().hear(records, positions)
        now = time.perf_counter()
        self.effects.update((record.key or b"", now) for record in records)


async def measure(stage: Stage, report: Report, *, per_second: int, seconds: float) -> tuple[float, float]:
    """Milliseconds, p50 and p99, while `per_second` things are said, each in a transaction of its own."""
    await stage.empty()
    await fill(stage, 1, 0)
    producer = Producer(stage.servers, "bench")
    relay = Relay(lambda: asyncpg.connect(stage.dsn), producer, "bench")
    stage.database.on_said = relay.wake
    listener = Timed(stage)
    consumer = Consumer(stage.servers, f"latency-{per_second}", [TOPIC], listener, Places(stage.database, "bench"))
    tasks = [asyncio.create_task(relay.run()), asyncio.create_task(consumer.run())]
    try:
        while not consumer.is_placed:
            await asyncio.sleep(0.01)
        with tuned_collector():
            commits = await _speak(stage, per_second, seconds)
            deadline = time.perf_counter() + 30
            while len(listener.effects) < len(commits) and time.perf_counter() < deadline:
                await asyncio.sleep(0.01)
    finally:
        consumer.stop()
        relay.stop()
        await asyncio.gather(*tasks)
        await producer.stop()
    took = sorted((listener.effects[key] - said) * 1000 for key, said in commits.items())
    warm = took[: len(took) - len(took) // 1000]
    p50, p99 = statistics.median(warm), warm[int(len(warm) * 0.99)]
    report(f"effect {per_second:5}/s: p50 {p50:5.1f} ms  p99 {p99:5.1f} ms  ({len(took):,} events)")
    return p50, p99


async def _speak(stage: Stage, per_second: int, seconds: float) -> dict[bytes, float]:
    commits: dict[bytes, float] = {}
    total, begun = int(per_second * seconds), time.perf_counter()

    async def speaker(first: int) -> None:
        for number in range(first, total, SPEAKERS):
            await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
            entity = UUID(int=number + 1)
            async with stage.database.transaction() as tx:
                tx.say(ended(entity))
            commits[str(entity).encode()] = time.perf_counter()

    await asyncio.gather(*(speaker(first) for first in range(SPEAKERS)))
    return commits
