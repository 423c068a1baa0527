"""Telling: a bare relay (claim, send, delete) against ours (shards, order of keys, `told`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.contracts.events import AdoptionEnded
from shared.messaging.envelope import headers_of
from shared.messaging.producer import Producer
from shared.messaging.relay import PER_SHARD, Relay
from shared.messaging.shards import SHARDS
from tests.performance.measuring import Compared, Meter, Report, in_turns, metered, tuned_collector
from tests.performance.records import SOURCE, ends, versions_since
from tests.performance.stage import Room, Stage
from tests.performance.toy import TOPIC

CLUSTER = "bench"
# Rows as a service writes them: `$2` entities in turn, each in order. Made by Postgres, for a million of them too.
FILL = """
insert into outbox (topic, key, sequence, headers, value)
select $1, e, 1 + n / $2, $4::text::jsonb, convert_to(
  format('{"adoption":"%1$s","gemeente":"GM0518","project":"%1$s","reason":"Afgerond: de aanpak loopt nu zelf.",'
    '"endedOn":"2026-06-30"}', e), 'UTF8')
from generate_series(0, $3 - 1) n, lateral (select lpad(to_hex(1 + n % $2), 32, '0')::uuid::text e) entity order by n
"""
CLAIM = "select shard, seq, id, topic, key, sequence, headers::text, value, written from outbox order by seq limit $1"
FORGET = """
delete from outbox o using unnest($1::smallint[], $2::bigint[]) d(shard, seq) where o.shard = d.shard and o.seq = d.seq
"""
BATCH = PER_SHARD * SHARDS
HEADERS = {"ce_type": AdoptionEnded.ce_type(), "ce_source": SOURCE}


async def fill_outbox(room: Room, entities: int, count: int) -> None:
    """What the relays tell."""
    await room.admin.execute(f"set search_path = {room.name}")
    await room.admin.execute(FILL, TOPIC, entities, count, json.dumps(HEADERS))
    await room.admin.execute("analyze outbox")
    await room.admin.execute("checkpoint")


async def bare(dsn: str, servers: str, count: int, *, synchronous_commit: str = "on") -> float:
    """Rows a second of a relay that knows one table, one producer, and no trouble."""
    connection = await asyncpg.connect(dsn, server_settings={"synchronous_commit": synchronous_commit})
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=262_144
    )
    await producer.start()
    done, meter = 0, Meter()
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
            meter.note(done)
        return meter.per_second
    finally:
        await producer.stop()
        await connection.close()


async def ours(dsn: str, servers: str, count: int, *, told_days: int, after: int = 0) -> float:
    """Rows a second of our relay, from its first batch (behind the first `after` rows) to its last confirmation."""
    producer = Producer(servers, "bench")
    relay = Relay(lambda: asyncpg.connect(dsn), producer, CLUSTER, told_days=told_days)
    running = asyncio.create_task(relay.run())
    try:
        return await metered(running, lambda: relay.confirmed, count, after=after)
    finally:
        relay.stop()
        await running
        await producer.stop()


async def measure(stage: Stage, report: Report, *, entities: int, count: int, rounds: int) -> Mapping[str, float]:
    """Interleaved, on the same rows. What reached Kafka is read back: every row once, each key in its order."""
    room = stage.room

    async def turn(contender: Callable[[str, str, int], Awaitable[float]], is_read_back: bool) -> float:
        await room.empty()
        await fill_outbox(room, entities, count)
        start = await ends(stage.servers)
        with tuned_collector():
            speed = await contender(room.dsn, stage.servers, count)
        if left := await room.admin.fetchval("select count(*) from outbox"):
            raise SystemExit(f"{left} rows of {count} were not told")
        if is_read_back:
            expected = [list(range(1, 1 + (count - nth + entities - 1) // entities)) for nth in range(entities)]
            if sorted((await versions_since(stage.servers, start)).values()) != sorted(e for e in expected if e):
                raise SystemExit("what stands on Kafka is not what was said")
        return speed

    found = await in_turns(
        {
            "bare": lambda _: turn(bare, False),
            "same commit": lambda _: turn(partial(bare, synchronous_commit="off"), False),
            "told off": lambda nth: turn(partial(ours, told_days=0), nth == 0),
            "told on": lambda nth: turn(partial(ours, told_days=35), nth == 0),
        },
        rounds,
    )
    return _told(found, report, count)


def _told(found: Compared, report: Report, count: int) -> Mapping[str, float]:
    """What is reported and kept of it."""
    rates, ratios = found.rates, found.ratios
    results: dict[str, float] = {
        "relay_bare_per_s": round(rates["bare"]),
        "relay_bare_same_commit_per_s": round(rates["same commit"]),
    }
    for told in ("off", "on"):
        ratio, same = ratios[f"told {told}"], ratios[f"told {told}"] / ratios["same commit"]
        results[f"relay_told_{told}"] = round(ratio, 3)
        results[f"relay_told_{told}_same_commit"] = round(same, 3)
        results[f"relay_told_{told}_per_s"] = round(rates[f"told {told}"])
        report(
            f"tell   {count:,} rows, told {told:>3}: ours {rates[f'told {told}']:8,.0f}/s  bare {rates['bare']:8,.0f}/s "
            f"x{ratio:.2f}  bare with our commits {rates['same commit']:8,.0f}/s x{same:.2f}"
        )
    return results
