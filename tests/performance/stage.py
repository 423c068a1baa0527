"""The stage that every measurement plays on: a real Postgres, a real Kafka, a schema, and the same records for all."""

from __future__ import annotations

import gc
import statistics
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.setup import create_topics
from shared.contracts.encoding import encoded
from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded, AdoptionStarted
from shared.messaging.outbox import Outbox
from shared.messaging.reactions import Reaction, Say, fold
from shared.storage import Database, Transaction, connect, roles
from shared.storage.migrations import apply, found_in
from tests.servers import kafka_server, postgres_server

TOPIC = AdoptionStarted.STREAM.topic
SCHEMA = "bench"
SOURCE = "urn:nld:oin:00000099000000000001:systeem:bench"
TABLES = """
create table tally (entity uuid primary key, events int not null, last_sequence int not null);
create table inbox (id uuid primary key);
grant truncate on tally, inbox, heard, positions, outbox, told, said, parked, dead_letter to bench;
"""
EMPTY = "truncate tally, inbox, heard, positions, outbox, told, said, parked, dead_letter"
SEEN = "select coalesce(sum(events), 0)::int from tally"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an adoption was heard of: the state of the fold, and of the bare loop."""

    entity: UUID
    events: int
    last_sequence: int


LOAD = "select entity, events, last_sequence from tally where entity = any($1)"
SAVE = """
insert into tally (entity, events, last_sequence) select * from unnest($1::uuid[], $2::int[], $3::int[])
on conflict (entity) do update set events = excluded.events, last_sequence = excluded.last_sequence
"""


async def load(tx: Transaction, keys: list[UUID]) -> dict[UUID, Tally]:
    """The tallies that are there."""
    return {row[0]: Tally(*row) for row in await tx.fetch(LOAD, keys)}


async def save(tx: Transaction, tallies: list[Tally]) -> None:
    """Writes them."""
    await tx.execute(SAVE, [t.entity for t in tallies], [t.events for t in tallies], [t.last_sequence for t in tallies])


def counted(tally: Tally | None, event: Event[AdoptionEnded], say: Say) -> Tally:
    """One more."""
    return Tally(event.subject, 1 if tally is None else tally.events + 1, event.sequence)


REACTIONS: Sequence[Reaction] = [fold(load, save, steps={AdoptionEnded: counted})]


@dataclass(slots=True)
class Stage:
    """Where the measurements run."""

    dsn: str
    servers: str
    database: Database

    async def empty(self) -> None:
        """Before each run: nothing was heard or said."""
        async with self.database.transaction() as tx:
            await tx.execute(EMPTY)
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute("vacuum (analyze) outbox")
        finally:
            await connection.close()

    async def effects(self) -> int:
        """How many events had their effect."""
        async with self.database.reading() as tx:
            count: int = await tx.fetchval(SEEN)
            return count


def ended(entity: UUID) -> AdoptionEnded:
    """An event of about 330 bytes with its headers."""
    return AdoptionEnded(
        adoption=entity,
        gemeente="GM0518",
        project=entity,
        reason="Afgerond: de aanpak loopt nu zelf.",
        ended_on=date(2026, 6, 30),
    )


def records(entities: int, count: int) -> Iterator[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    """`count` events over `entities` adoptions in turn, each adoption's in order."""
    time = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z").encode()
    values = {nth: encoded(ended(UUID(int=nth + 1))) for nth in range(entities)}
    for number in range(count):
        nth, sequence = number % entities, number // entities + 1
        key = str(UUID(int=nth + 1)).encode()
        yield (
            key,
            values[nth],
            [
                ("ce_specversion", b"1.0"),
                ("ce_id", str(UUID(int=number + 1)).encode()),
                ("ce_subject", key),
                ("ce_sequence", str(sequence).encode()),
                ("ce_time", time),
                ("ce_type", AdoptionEnded.ce_type().encode()),
                ("ce_source", SOURCE.encode()),
                ("ce_dataschema", b"urn:example"),
                ("content-type", b"application/json"),
            ],
        )


async def fill(stage: Stage, entities: int, count: int) -> None:
    """Puts the records on a fresh topic."""
    async with _admin(stage.servers) as admin:
        await admin.delete_topics([TOPIC])
        while TOPIC in await admin.list_topics():
            pass
        await create_topics(admin, 1, 1)
    producer = AIOKafkaProducer(bootstrap_servers=stage.servers, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for key, value, headers in records(entities, count):
            await producer.send(TOPIC, value, key, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


@asynccontextmanager
async def _admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Starts everything and takes it down."""
    with postgres_server() as postgres, kafka_server() as kafka:
        admin = await asyncpg.connect(postgres.admin_dsn)
        await roles.prepare(admin, "postgres", SCHEMA, "bench", "owner")
        await admin.close()
        owner = await asyncpg.connect(postgres.dsn(f"{SCHEMA}_owner", "owner", "postgres"))
        await apply(owner, found_in([Path("shared/messaging/migrations")]))
        await owner.execute(TABLES)
        await owner.close()
        dsn = postgres.dsn(SCHEMA, "bench", "postgres")
        pool = await connect(dsn, most=20, name="bench")
        try:
            yield Stage(dsn, kafka.servers, Database(pool, Outbox(SOURCE, [AdoptionEnded]).append))
        finally:
            await pool.close()


@contextmanager
def tuned_collector() -> Iterator[None]:
    """The same garbage collection for all that is compared: what the runtime sets (shared/runtime/running.py)."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def medians(runs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each contender."""
    return {name: statistics.median(values) for name, values in runs.items()}


Report = Callable[[str], None]
