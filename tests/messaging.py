"""What tests of speaking and listening share: a schema of one's own, events, and records as Kafka hands them over.

The toy service hears projects that were withdrawn and adoptions that ended, and says adoptions that ended.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

import shared.messaging
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging.envelope import CONTENT_TYPE, headers_of
from shared.messaging.heard import Position
from shared.messaging.outbox import Outbox
from shared.storage import Database, connect
from shared.storage.migrations import apply, found_in
from shared.storage.roles import prepare
from tests.servers import PostgresServer
from tests.waiting import eventually

SOURCE = "urn:nld:oin:00000099000000000001:systeem:test"
LOGGED = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PASSWORD = "only-in-tests"
CLUSTER = "the-cluster-of-this-test"
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""For names: nine digits in a row may pass for somebody's number, and would be taken out of the log."""
MIGRATIONS = found_in([Path(shared.messaging.__file__).parent / "migrations"])
EMPTY = """
do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = current_schema()
    and tablename not in ('migration', 'generation') loop
    execute format('delete from %I', name);
  end loop;
  update generation set number = 0;
end $$
"""

Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Schema:
    """A service's own schema. `dsn` is the address of the service's role, `owner_dsn` of its owner's."""

    name: str
    dsn: str
    owner_dsn: str

    async def alter(self, sql: str) -> None:
        """Runs this as the owner."""
        owner = await asyncpg.connect(self.owner_dsn)
        try:
            await owner.execute(sql)
        finally:
            await owner.close()

    async def empty(self) -> None:
        """Nothing was heard or said: all rows go, which is ten times as fast as a new schema."""
        await self.alter(EMPTY)


async def empty_schema(postgres: PostgresServer) -> Schema:
    """A new one, without tables. Roles are known to the whole server, so each has a name of its own."""
    name = f"t{uuid4().hex[:16].translate(LETTERS)}"
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        await prepare(admin, "postgres", name, PASSWORD, PASSWORD)
    finally:
        await admin.close()
    return Schema(name, postgres.dsn(name, PASSWORD), postgres.dsn(f"{name}_owner", PASSWORD))


async def fresh_schema(postgres: PostgresServer, tables: str = "") -> Schema:
    """A new one, with the tables of messaging and these."""
    schema = await empty_schema(postgres)
    owner = await asyncpg.connect(schema.owner_dsn)
    try:
        await apply(owner, MIGRATIONS)
        if tables:
            await owner.execute(tables)
    finally:
        await owner.close()
    return schema


def outbox() -> Outbox:
    """The voice of the toy service."""
    return Outbox(SOURCE, [AdoptionEnded, ProjectWithdrawn])


@asynccontextmanager
async def opened(schema: Schema, most: int = 4) -> AsyncIterator[Database]:
    """A pool of the service's role, which can speak."""
    pool = await connect(schema.dsn, most=most, name=schema.name)
    try:
        yield Database(pool, outbox().append)
    finally:
        await pool.close()


def withdrawn(project: UUID, reason: str = "Gestopt.") -> ProjectWithdrawn:
    """Something small to hear or say of a project."""
    return ProjectWithdrawn(project=project, project_version=1, reason=reason, withdrawn_on=date(2026, 11, 1))


def ended(adoption: UUID, reason: str = "Afgerond.", project: UUID | None = None) -> AdoptionEnded:
    """Something small to hear or say of an adoption."""
    return AdoptionEnded(
        adoption=adoption, gemeente="GM0518", project=project or adoption, reason=reason, ended_on=date(2026, 11, 1)
    )


@dataclass(frozen=True)
class Record:
    """A record as it lies in Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


def event_id(data: EventData, sequence: int) -> UUID:
    """The id that `record` gives this event."""
    return uuid5(data.entity, str(sequence))


def headers(data: EventData, sequence: int, changed: Mapping[str, bytes | None] | None = None) -> list[Header]:
    """The headers of this event, some of them changed; None takes one out. `null` below stands for a null value."""
    stored = {"ce_type": data.ce_type(), "ce_source": SOURCE, CONTENT_TYPE: "application/json"}
    made: dict[str, bytes | None] = dict(
        headers_of(json.dumps(stored), event_id(data, sequence), str(data.entity), sequence, LOGGED)
    )
    for name, value in (changed or {}).items():
        if value is None:
            del made[name]
        else:
            made[name] = value
    return list(made.items())


def record(
    data: EventData,
    sequence: int,
    *,
    offset: int | None = None,
    value: bytes | None = b"as it is",
    changed: Mapping[str, bytes | None] | None = None,
) -> Record:
    """This event as the `sequence`-th of its entity. The same call gives the same event: a redelivery."""
    return Record(
        data.STREAM.topic,
        0,
        sequence - 1 if offset is None else offset,
        str(data.entity).encode(),
        encoded(data) if value == b"as it is" else value,
        headers(data, sequence, changed),
    )


def life(project: UUID, words: Iterable[str], first: int = 1) -> list[Record]:
    """The records of one project: one a word, from this version on."""
    return [record(withdrawn(project, word), nth) for nth, word in enumerate(words, first)]


def position(at: Record) -> Position:
    """The place after this record."""
    return Position(at.topic, at.partition, at.offset + 1, CLUSTER, None)


async def rows(database: Database, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What a query finds, as tuples."""
    async with database.reading() as tx:
        return [tuple(row.values()) for row in await tx.fetch(sql, *arguments)]


async def value(database: Database, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - any column
    """The one value that a query finds, or None."""
    async with database.reading() as tx:
        return await tx.fetchval(sql, *arguments)


async def until_blocked(database: Database) -> None:
    """Waits until some transaction waits for a lock of another."""
    await eventually(lambda: value(database, "select exists (select from pg_locks where not granted)"))


async def told_words(database: Database, entity: UUID) -> list[tuple[int, str]]:
    """What waits in the outbox of one entity, in its order: version and reason."""
    found = await rows(
        database,
        "select sequence, convert_from(value, 'UTF8')::jsonb->>'reason' from outbox where key = $1 order by seq",
        str(entity),
    )
    return [(sequence, reason) for sequence, reason in found]
