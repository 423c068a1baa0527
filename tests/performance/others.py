"""What one would take instead: a plain FastStream consumer, and the package faststream-outbox as a relay."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from uuid import UUID

import asyncpg
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream.kafka.annotations import KafkaMessage
from faststream.middlewares import AckPolicy
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.contracts.events import AdoptionEnded
from tests.performance import toy
from tests.performance.measuring import Report, in_turns, metered, tuned_collector
from tests.performance.records import adoptions, ends, fill, versions_since
from tests.performance.stage import Room, Stage
from tests.performance.toy import TOPIC

INBOX = "insert into inbox values ($1) on conflict do nothing returning id"
UPSERT = """
insert into tally (entity, events, last_sequence) values ($1, 1, $2)
on conflict (entity) do update set events = tally.events + 1, last_sequence = excluded.last_sequence
"""
QUEUE = "adoptions"
LOOK_SECONDS = 0.02
DIALECT = create_engine("postgresql+asyncpg://").dialect


async def naive(room: Room, servers: str, count: int, group: str) -> float:
    """Events a second of a FastStream handler an event, in a transaction of its own, acknowledged when that is done.

    Its defaults lose events: so it acknowledges by hand, and begins where the log begins.
    """
    pool = await asyncpg.create_pool(room.dsn, min_size=1, max_size=2)
    broker = KafkaBroker(servers, acks="all", logger=None)
    done = 0

    @broker.subscriber(TOPIC, group_id=group, ack_policy=AckPolicy.MANUAL, auto_offset_reset="earliest")
    async def hear(event: AdoptionEnded, message: KafkaMessage) -> None:
        nonlocal done
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(INBOX, UUID(message.headers["ce_id"])) is not None:
                await connection.execute(UPSERT, event.adoption, int(message.headers["ce_sequence"]))
        await message.ack()
        done += 1

    running = asyncio.create_task(_for_ever())
    try:
        await broker.start()
        return await metered(running, lambda: done, count)
    finally:
        running.cancel()
        await broker.stop()
        await pool.close()


async def _for_ever() -> None:
    await asyncio.Event().wait()


def outbox_of(metadata: MetaData) -> Table:
    """The table that the package wants."""
    return make_outbox_table(metadata, table_name="their_outbox")


def ddl() -> str:
    """Its table and indexes as SQL: the owner of the schema makes them, as everywhere."""
    table = outbox_of(MetaData())
    statements = [str(CreateTable(table).compile(dialect=DIALECT))]
    statements += [str(CreateIndex(index).compile(dialect=DIALECT)) for index in table.indexes]
    return ";\n".join(statements)


async def packaged(room: Room, servers: str, entities: int, count: int, workers: int) -> float:
    """Rows a second of faststream-outbox as its own pages show it: a handler a row, published to Kafka as its answer."""
    engine = create_async_engine(room.dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=workers + 4)
    theirs = OutboxBroker(engine, outbox_table=outbox_of(MetaData()), logger=None)
    kafka = KafkaBroker(servers, acks="all", enable_idempotence=True, logger=None)

    @kafka.publisher(TOPIC)
    @theirs.subscriber(
        QUEUE, max_workers=workers, fetch_batch_size=500, min_fetch_interval=0.02, terminal_flush_batch_size=100
    )
    async def relay(body: dict[str, str], message: OutboxMessage) -> KafkaResponse:
        return KafkaResponse(body, key=body["adoption"].encode(), headers=message.headers)

    try:
        await _publish(theirs, engine, entities, count)
        await kafka.start()
        begun = time.perf_counter()
        await theirs.start()
        while await room.admin.fetchval(f"select exists (select from {room.name}.their_outbox)"):
            await asyncio.sleep(LOOK_SECONDS)
        return count / (time.perf_counter() - begun)
    finally:
        await theirs.stop()
        await kafka.stop()
        await engine.dispose()


async def _publish(broker: OutboxBroker, engine: AsyncEngine, entities: int, count: int) -> None:
    await broker.connect()
    async with engine.begin() as connection:
        for record in adoptions(entities, count):
            headers = {name: value.decode() for name, value in record.headers}
            await broker.publish(json.loads(record.value), queue=QUEUE, session=connection, headers=headers)


async def measure(stage: Stage, report: Report, *, count: int, rounds: int) -> Mapping[str, float]:
    """Interleaved, fewer events than elsewhere: they are that much slower. What each did is counted."""
    entities = 100
    async with stage.another("others", [], tables=toy.TABLES + ddl()) as room:

        async def hearing() -> float:
            await fill(stage.servers, adoptions(entities, count))  # anew: those who tell write to the same topic
            await room.empty()
            with tuned_collector():
                speed = await naive(room, stage.servers, count, stage.group())
            if (seen := await room.seen()) != count:
                raise SystemExit(f"{seen} effects of {count} events")
            return speed

        async def telling(workers: int) -> float:
            await room.empty()
            start = await ends(stage.servers)
            with tuned_collector():
                speed = await packaged(room, stage.servers, entities, count, workers)
            told = await versions_since(stage.servers, start)
            if sum(len(set(versions)) for versions in told.values()) != count:
                raise SystemExit("what stands on Kafka is not what was said")
            return speed

        found = await in_turns(
            {"naive": lambda _: hearing(), "1": lambda _: telling(1), "16": lambda _: telling(16)}, rounds
        )
    rates = found.rates
    report(
        f"others naive FastStream consumer {rates['naive']:7,.0f}/s  "
        f"faststream-outbox: 1 worker {rates['1']:7,.0f}/s  16 workers {rates['16']:7,.0f}/s"
    )
    return {
        "naive_faststream_per_s": round(rates["naive"]),
        "faststream_outbox_per_s": round(rates["1"]),
        "faststream_outbox_16_workers_per_s": round(rates["16"]),
    }
