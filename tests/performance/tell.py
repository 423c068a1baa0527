"""Telling: a bare relay (claim, send, delete) against ours (shards, order of keys, `told`)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.messaging.envelope import headers_of
from shared.messaging.producer import Producer
from shared.messaging.relay import FORGET, PER_SHARD, Relay
from shared.messaging.shards import SHARDS
from tests.performance.stage import SOURCE, TOPIC, Report, Stage, medians, records, tuned_collector

FILL = """
insert into outbox (topic, key, sequence, headers, value)
select $1, k, s, $2::text::jsonb, v from unnest($3::text[], $4::int[], $5::bytea[]) u(k, s, v)
"""
CLAIM = "select shard, seq, id, topic, key, sequence, headers::text, value, written from outbox order by seq limit $1"
BATCH = PER_SHARD * SHARDS
Contender = Callable[[Stage, int], Awaitable[float]]


async def fill_outbox(stage: Stage, entities: int, count: int) -> None:
    """What the relays tell: rows as a service writes them."""
    headers = json.dumps({"ce_type": "nl.schuldhulpprojecten.adoption-ended.v1", "ce_source": SOURCE})
    rows = [(key.decode(), int(dict(extra)["ce_sequence"]), value) for key, value, extra in records(entities, count)]
    async with stage.database.transaction() as tx:
        for start in range(0, count, 10_000):
            await tx.execute(FILL, TOPIC, headers, *map(list, zip(*rows[start : start + 10_000], strict=True)))


async def bare(stage: Stage, count: int) -> float:
    """Rows a second of a relay that knows one table, one producer, and no trouble."""
    connection = await asyncpg.connect(stage.dsn)
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.servers, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=262_144
    )
    await producer.start()
    done, begun = 0, time.perf_counter()
    try:
        while done < count:
            rows = await connection.fetch(CLAIM, BATCH)
            futures = []
            for row in rows:
                headers = headers_of(row["headers"], row["id"], row["key"], row["sequence"], row["written"])
                futures.append(await producer.send(row["topic"], row["value"], row["key"].encode(), headers=headers))
            await asyncio.gather(*futures)
            await connection.execute(FORGET, [row["shard"] for row in rows], [row["seq"] for row in rows])
            done += len(rows)
        return count / (time.perf_counter() - begun)
    finally:
        await producer.stop()
        await connection.close()


async def _ours(stage: Stage, count: int, told_days: int) -> float:
    producer = Producer(stage.servers, "bench")
    relay = Relay(lambda: asyncpg.connect(stage.dsn), producer, "bench", told_days=told_days)
    begun = time.perf_counter()
    running = asyncio.create_task(relay.run())
    try:
        while relay.confirmed < count:
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begun)
    finally:
        relay.stop()
        await running
        await producer.stop()


async def ours(stage: Stage, count: int) -> float:
    """Rows a second of our relay, which keeps what it told."""
    return await _ours(stage, count, 35)


async def ours_forgetting(stage: Stage, count: int) -> float:
    """The same with `told` off."""
    return await _ours(stage, count, 0)


async def measure(stage: Stage, report: Report, *, entities: int, count: int, rounds: int) -> dict[str, float]:
    """Interleaved, on the same rows; what reached Kafka is counted by the confirmations."""
    contenders: dict[str, Contender] = {"bare": bare, "told off": ours_forgetting, "ours": ours}
    runs: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            await stage.empty()
            await fill_outbox(stage, entities, count)
            with tuned_collector():
                runs[name].append(await run(stage, count))
            async with stage.database.reading() as tx:
                if left := await tx.fetchval("select count(*) from outbox"):
                    raise SystemExit(f"{name}: {left} rows of {count} were not told")
    middle = medians(runs)
    report(
        f"tell   {count:,} rows: bare {middle['bare']:8,.0f}/s  ours {middle['ours']:8,.0f}/s "
        f"x{middle['ours'] / middle['bare']:.2f}  with told off x{middle['told off'] / middle['bare']:.2f}"
    )
    return {**middle, "ratio": middle["ours"] / middle["bare"]}
