"""The unit of work: one Postgres transaction in which things are done and said, all or nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from shared.contracts.event import EventData

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to what is said: travels along as CloudEvents extension attributes."""

    correlation: UUID | None = None
    causation: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something to tell, and what led to it."""

    data: EventData
    cause: Cause | None


@dataclass(slots=True)
class Transaction:
    """An open transaction. What is said in it is written as its last statement, and told only if it commits.

    `spoke` becomes true once that is written.
    """

    connection: Connection
    cause: Cause | None = None
    said: list[Said] = field(default_factory=list)
    spoke: bool = False

    def say(self, data: EventData, cause: Cause | None = None) -> None:
        """Tells the world, in the version of its entity that the commit gives it."""
        self.said.append(Said(data, cause or self.cause))

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - any column
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        """The command tag, such as "UPDATE 3"."""
        return await self.connection.execute(sql, *arguments)

    async def changed(self, sql: str, *arguments: Any) -> int:
        """How many rows it inserted, updated or deleted."""
        return int((await self.execute(sql, *arguments)).rpartition(" ")[2])

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """One statement for many rows; prefer one statement with `unnest`."""
        await self.connection.executemany(sql, rows)


def _unsaid() -> None:
    """Nobody needs waking."""


async def _mute(tx: Transaction) -> None:
    raise RuntimeError(f"this database cannot say {type(tx.said[0].data).__name__}: it was opened without an outbox")


@dataclass(slots=True)
class Database:
    """A service's own schema. `append` writes what was said; `on_said` wakes the relay after the commit."""

    pool: Pool
    append: Callable[[Transaction], Awaitable[None]] = _mute
    on_said: Callable[[], None] = _unsaid

    @asynccontextmanager
    async def transaction(self, cause: Cause | None = None) -> AsyncIterator[Transaction]:
        """Commits on leaving, with what was said; rolls back when an error passes through."""
        async with self.pool.acquire() as connection:
            tx = Transaction(connection, cause)
            async with connection.transaction():
                yield tx
                if tx.said:
                    await self.append(tx)
                    tx.spoke = True
            if tx.spoke:
                self.on_said()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A read-only view of one moment."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Transaction(connection)


@dataclass(slots=True)
class Session:
    """One connection as a database, for work that lives in its temporary tables: it cannot say anything.

    A transaction within one that is open is a savepoint of it.
    """

    connection: Connection

    @asynccontextmanager
    async def transaction(
        self, cause: Cause | None = None, isolation: Literal["read_committed", "repeatable_read"] | None = None
    ) -> AsyncIterator[Transaction]:
        """Commits on leaving; rolls back when an error passes through."""
        async with self.connection.transaction(isolation=isolation):
            yield Transaction(self.connection, cause)


async def session(dsn: str, search_path: str, **settings: str) -> Session:
    """A connection of one's own. Raises: OSError or asyncpg.PostgresError when the database does not answer."""
    named = {"timezone": "UTC", "jit": "off", "search_path": search_path, **settings}
    connection = await asyncpg.connect(dsn, server_settings=named)
    await _prepare(connection)
    return Session(connection)


async def _prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_jsonb, decoder=json.loads)


def _jsonb(value: object) -> str:
    """Models and dataclasses by the names of their fields."""
    return to_json(value, by_alias=False, fallback=str).decode()


async def _as_it_was(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """A round trip spared after each transaction: whoever changes a session undoes that, or ends it."""


async def connect(dsn: str, *, most: int = 10, name: str = "") -> Pool:
    """A pool to one role's schema. `dsn` holds no password in logs: asyncpg never prints it.

    Raises: OSError or asyncpg.PostgresError when the database does not answer.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=most,
        command_timeout=30,
        init=_prepare,
        reset=_as_it_was,
        server_settings={"application_name": name, "timezone": "UTC", "jit": "off"},
    )
