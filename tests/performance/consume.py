"""Hearing: the bare loop (poll, decode, inbox and state upsert, commit) against our consumer with all its rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.contracts.event import EventData
from shared.messaging.consumer import Consumer
from shared.messaging.envelope import fast_uuid
from shared.messaging.hearing import admitted, declared
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from shared.messaging.reactions import Reaction
from shared.storage import Database
from tests.performance.measuring import Meter, Report, in_turns, metered, tuned_collector
from tests.performance.records import SOURCE, adoptions, fill
from tests.performance.stage import Stage
from tests.performance.toy import REACTIONS, TOPIC

CLUSTER = "bench"
INBOX = "insert into inbox select unnest($1::uuid[]) on conflict do nothing returning id"
UPSERT = """
insert into tally (entity, events, last_sequence) select * from unnest($1::uuid[], $2::int[], $3::int[])
on conflict (entity) do update set events = tally.events + excluded.events, last_sequence = excluded.last_sequence
"""


async def bare(dsn: str, servers: str, count: int, batch: int, group: str) -> float:
    """Events a second of the loop that everybody writes first: it decodes, dedupes by inbox, upserts, commits."""
    connection = await asyncpg.connect(dsn)
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        partition_assignment_strategy=[RangePartitionAssignor],
    )
    await consumer.start()
    done, meter = 0, Meter()
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
                meter.note(done)
        return meter.per_second
    finally:
        await consumer.stop()
        await connection.close()


async def consumer(
    database: Database,
    servers: str,
    batch: int,
    group: str,
    *,
    topics: Sequence[str] = (TOPIC,),
    reactions: Sequence[Reaction] = REACTIONS,
    says: Sequence[type[EventData]] = (),
) -> Consumer:
    """Ours, not yet started: that of the toy, or of a service."""
    listener = Listener(database, Outbox(SOURCE, says), reactions)
    listener.generation = await admitted(database, declared(reactions))
    return Consumer(servers, group, topics, listener, Places(database, CLUSTER), records=batch)


async def heard(hearing: Consumer, count: int, *, after: int = 0) -> float:
    """Events a second of our consumer, from its first batch (behind the first `after` events) to its last effect."""
    running = asyncio.create_task(hearing.run())
    try:
        return await metered(running, lambda: hearing.handled, count, after=after)
    finally:
        hearing.stop()
        await running


async def ours(database: Database, servers: str, count: int, batch: int, group: str, *, after: int = 0) -> float:
    """Events a second of our consumer with the toy's fold."""
    return await heard(await consumer(database, servers, batch, group), count, after=after)


async def measure(
    stage: Stage, report: Report, *, entities: int | None, count: int, batch: int, rounds: int
) -> Mapping[str, float]:
    """Interleaved, on the same records; the effects of each run are counted. No number of entities: all are new."""
    await fill(stage.servers, adoptions(entities or count, count))
    room = stage.room

    async def turn(contender: Callable[[str, int, int, str], Awaitable[float]]) -> float:
        await room.empty()
        with tuned_collector():
            speed = await contender(stage.servers, count, batch, stage.group())
        if (seen := await room.seen()) != count:
            raise SystemExit(f"{seen} effects of {count} events")
        return speed

    found = await in_turns(
        {"bare": lambda _: turn(partial(bare, room.dsn)), "ours": lambda _: turn(partial(ours, room.database))}, rounds
    )
    which = str(entities or "new")
    report(
        f"hear   batch {batch:5} entities {which:>6}: "
        f"bare {found.rates['bare']:8,.0f}/s  ours {found.rates['ours']:8,.0f}/s  x{found.ratios['ours']:.2f}"
    )
    row = f"consume_{batch}_{which}"
    return {
        row: round(found.ratios["ours"], 3),
        f"{row}_per_s": round(found.rates["ours"]),
        f"{row}_bare_per_s": round(found.rates["bare"]),
    }
