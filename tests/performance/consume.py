"""Hearing: the bare loop (poll, decode, inbox and state upsert, commit) against our consumer with all its rules."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.messaging.consumer import Consumer
from shared.messaging.envelope import fast_uuid
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from tests.performance.stage import REACTIONS, SOURCE, TOPIC, Report, Stage, fill, medians, tuned_collector

INBOX = "insert into inbox select unnest($1::uuid[]) on conflict do nothing returning id"
UPSERT = """
insert into tally (entity, events, last_sequence) select * from unnest($1::uuid[], $2::int[], $3::int[])
on conflict (entity) do update set events = tally.events + excluded.events, last_sequence = excluded.last_sequence
"""
Contender = Callable[[Stage, int, int, str], Awaitable[float]]


async def bare(stage: Stage, count: int, batch: int, group: str) -> float:
    """Events a second of the loop that everybody writes first: it decodes, dedupes by inbox, upserts, commits."""
    connection = await asyncpg.connect(stage.dsn)
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=stage.servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        partition_assignment_strategy=[RangePartitionAssignor],
    )
    await consumer.start()
    done, begun = 0, time.perf_counter()
    try:
        while done < count:
            polled = await consumer.getmany(timeout_ms=500, max_records=batch)
            ids: list[UUID] = []
            tallies: dict[UUID, tuple[int, int]] = {}
            for records in polled.values():
                for record in records:
                    headers = dict(record.headers)
                    json.loads(record.value)
                    entity = fast_uuid(headers["ce_subject"].decode())
                    ids.append(fast_uuid(headers["ce_id"].decode()))
                    events, _ = tallies.get(entity, (0, 0))
                    tallies[entity] = (events + 1, int(headers["ce_sequence"]))
            if ids:
                async with connection.transaction():
                    await connection.fetch(INBOX, ids)
                    keys = sorted(tallies)
                    columns = zip(*(tallies[key] for key in keys), strict=True)
                    await connection.execute(UPSERT, keys, *map(list, columns))
                await consumer.commit()
                done += len(ids)
        return count / (time.perf_counter() - begun)
    finally:
        await consumer.stop()
        await connection.close()


async def ours(stage: Stage, count: int, batch: int, group: str) -> float:
    """Events a second of our consumer, from its first poll to its last effect."""
    listener = Listener(stage.database, Outbox(SOURCE, []), REACTIONS)
    consumer = Consumer(stage.servers, group, [TOPIC], listener, Places(stage.database, "bench"), records=batch)
    running = asyncio.create_task(consumer.run())
    try:
        while not consumer.is_placed:
            await asyncio.sleep(0)
        begun = time.perf_counter()
        while consumer.handled < count:
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begun)
    finally:
        consumer.stop()
        await running


async def measure(
    stage: Stage, report: Report, *, entities: int, count: int, batch: int, rounds: int
) -> dict[str, float]:
    """Interleaved, on the same records; the effects of each run are counted."""
    await fill(stage, entities, count)
    contenders: dict[str, Contender] = {"bare": bare, "ours": ours}
    runs: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name, run in contenders.items():
            await stage.empty()
            with tuned_collector():
                speed = await run(stage, count, batch, f"{name}-{entities}-{batch}-{turn}")
            if (seen := await stage.effects()) != count:
                raise SystemExit(f"{name}: {seen} effects of {count} events")
            runs[name].append(speed)
    middle = medians(runs)
    ratio = middle["ours"] / middle["bare"]
    report(
        f"hear   batch {batch:5} entities {entities:6}: "
        f"bare {middle['bare']:8,.0f}/s  ours {middle['ours']:8,.0f}/s  x{ratio:.2f}"
    )
    return {"bare": middle["bare"], "ours": middle["ours"], "ratio": ratio}
