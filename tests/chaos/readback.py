"""Reads back what a run left: every topic whole, and the tables of all four services."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from deploy.demo.follower import connected, partitions_of
from deploy.local.settings import SERVICES
from deploy.setup import declared
from shared.clock import AMSTERDAM, system_clock
from shared.messaging.reactions import Fold
from shared.storage import Transaction, rows
from tests.chaos.history import History, Record, Rows
from tests.chaos.ledger import Ledger
from tests.chaos.readback_tables import KEYS, MESSAGING, OWNED
from tests.chaos.workload_wire import View

AT_ONCE = 500
ROUND_IS_OVER = time(7)
"""By then what waited for a new day was published: that begins at 06:30."""


async def history(view: View, ledger: Ledger) -> History:
    """The whole run, once all is quiet. Raises: DemoFailed, when Kafka does not answer."""
    tables, states = {}, {}
    for service in SERVICES:
        async with view.database(service) as connection:
            tables[service] = await _tables(connection, service)
            states[service] = await _states(connection, service)
    return History(ledger, await log(view.kafka), tables, states, str(last_round(system_clock())))


def last_round(now: datetime) -> date:
    """The day on which what waited was last published: in the night that is yesterday."""
    local = now.astimezone(AMSTERDAM)
    return local.date() - timedelta(days=local.time() < ROUND_IS_OVER)


async def log(servers: str) -> list[Record]:
    """Every record of every topic, from the beginning to where it ends now. Raises: DemoFailed."""
    consumer = await connected(servers)
    try:
        return [plain(record) for record in await _all(consumer)]
    finally:
        with suppress(TimeoutError):
            await consumer.stop()


async def _all(consumer: AIOKafkaConsumer) -> Sequence[ConsumerRecord[bytes, bytes]]:
    partitions = partitions_of(consumer)
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    found: list[ConsumerRecord[bytes, bytes]] = []
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=500)).values():
            found += records
    return found


def plain(record: ConsumerRecord[bytes, bytes]) -> Record:
    """A record as JSON can hold it."""
    headers = {name: _text(value) for name, value in record.headers}
    return Record(record.topic, record.partition, record.offset, _text(record.key), headers, _text(record.value))


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"hex:{value.hex()}"


async def _tables(connection: asyncpg.Connection[asyncpg.Record], service: str) -> dict[str, Rows]:
    wanted = {**MESSAGING, **OWNED[service]}
    return {name: await _rows(connection, sql) for name, sql in wanted.items()}


async def _rows(connection: asyncpg.Connection[asyncpg.Record], sql: str) -> Rows:
    found = await connection.fetch(f"select to_jsonb(t)::text as row from ({sql}) t")
    return [json.loads(row["row"]) for row in found]


async def _states(connection: asyncpg.Connection[asyncpg.Record], service: str) -> dict[str, dict[str, Any]]:
    """What each fold keeps, as its own `load` reads it."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    found: dict[str, dict[str, Any]] = {}
    for reaction in declared(service).hears:
        if isinstance(reaction, Fold):
            name = name_of(reaction)
            keys = [row["key"] for row in await connection.fetch(KEYS[name])]
            found[name] = {}
            for some in _chunks(keys):
                async with connection.transaction():  # some of them lock what they load
                    states = await reaction.load(Transaction(connection), some)
                found[name] |= {str(key): rows.plain(state) for key, state in states.items()}
    return found


def name_of(fold: Fold) -> str:
    """A fold by where its state is loaded: "services.impact.adoptions.store.load_many"."""
    return f"{fold.load.__module__}.{fold.load.__name__}"


def _chunks(keys: Sequence[UUID]) -> Iterable[list[UUID]]:
    return (list(keys[at : at + AT_ONCE]) for at in range(0, len(keys), AT_ONCE))
