"""The stage that every measurement plays on: a real Postgres, a real Kafka, and schemas of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg

from deploy.setup import create_topics, find_coordinators
from shared.contracts.event import EventData
from shared.contracts.events import AdoptionEnded
from shared.messaging.outbox import Outbox
from shared.storage import Database, connect, roles
from shared.storage.migrations import Migration, apply, found_in
from tests.performance import toy
from tests.performance.records import SOURCE
from tests.servers import PostgresServer, kafka_server, postgres_server
from tests.topics import administering

PASSWORD, DATABASE = "bench", "postgres"
CONNECTIONS = 20
AS_IN_COMPOSE = {"shared_buffers": "512MB", "min_wal_size": "1GB", "max_wal_size": "4GB"}
"""What Postgres has with docker compose: the local runner gives it less, to be small."""
LOG_FILES = 40
"""Of 16 MB. A server in use writes into files that it had before; one that is new makes each in the midst of a commit."""
MESSAGING: Sequence[Migration] = found_in([Path("shared/messaging/migrations")])
TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables t where schemaname = $1
  and not (select relispartition from pg_class where oid = format('%I.%I', schemaname, tablename)::regclass)
"""


@dataclass(slots=True)
class Room:
    """A schema with its service's role, a pool, and the administrator's connection for what no service may do."""

    name: str
    dsn: str
    database: Database
    admin: asyncpg.Connection[asyncpg.Record]
    tables: Sequence[str]
    """Those that had no rows at first."""

    async def empty(self) -> None:
        """Before each run: nothing was heard or said, and Postgres has nothing left to do of the run before."""
        await self.admin.execute(f"truncate {', '.join(self.tables)}")
        await self.admin.execute("checkpoint")

    async def seen(self) -> int:
        """How many events had their effect in `tally`."""
        async with self.database.reading() as tx:
            number: int = await tx.fetchval(toy.SEEN)
            return number


@dataclass(slots=True)
class Stage:
    """Where the measurements run."""

    postgres: PostgresServer
    servers: str
    room: Room
    _groups: count[int] = field(default_factory=count)

    def group(self) -> str:
        """A consumer group that nobody was in before."""
        return f"bench-{next(self._groups)}"

    @asynccontextmanager
    async def another(
        self, name: str, migrations: Iterable[Migration], says: Iterable[type[EventData]] = (), tables: str = ""
    ) -> AsyncIterator[Room]:
        """One more schema, as a service would have it."""
        async with _room(self.postgres, name, migrations, says, tables) as room:
            yield room


@asynccontextmanager
async def _room(
    postgres: PostgresServer, name: str, migrations: Iterable[Migration], says: Iterable[type[EventData]], tables: str
) -> AsyncIterator[Room]:
    admin = await asyncpg.connect(postgres.admin_dsn)
    await roles.prepare(admin, DATABASE, name, PASSWORD, PASSWORD)
    owner = await asyncpg.connect(postgres.dsn(f"{name}_owner", PASSWORD, DATABASE))
    await apply(owner, list(migrations))
    if tables:
        await owner.execute(tables)
    await owner.close()
    dsn = postgres.dsn(name, PASSWORD, DATABASE)
    pool = await connect(dsn, most=CONNECTIONS, name=name)
    try:
        yield Room(name, dsn, Database(pool, Outbox(SOURCE, says).append), admin, await _empty_ones(admin, name))
    finally:
        await pool.close()
        await admin.close()


async def _used_before(admin: asyncpg.Connection[asyncpg.Record]) -> None:
    for _ in range(LOG_FILES):
        await admin.execute("select pg_logical_emit_message(false, '', '', true)")
        await admin.execute("select pg_switch_wal()")
    await admin.execute("checkpoint")


async def _empty_ones(admin: asyncpg.Connection[asyncpg.Record], schema: str) -> list[str]:
    names = [row[0] for row in await admin.fetch(TABLES, schema)]
    return [name for name in names if await admin.fetchval(f"select 1 from {name} limit 1") is None]


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Starts everything and takes it down."""
    with postgres_server(AS_IN_COMPOSE) as postgres, kafka_server() as kafka:
        async with administering(kafka.servers) as admin:
            await create_topics(admin, 1, 1)
            await find_coordinators(admin, ["bench"])
        async with _room(postgres, "bench", MESSAGING, [AdoptionEnded], toy.TABLES) as room:
            await _used_before(room.admin)
            yield Stage(postgres, kafka.servers, room)
