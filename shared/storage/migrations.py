"""Migrations: numbered SQL files, each applied once, in order, in one transaction with its record.

`0001_pre_...sql` runs before a deploy and only adds; `..._post_...` runs after it and may remove (procrastinate's scheme).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from shared.storage.database import Transaction

Moment = Literal["pre", "post"]
LEDGER = """
create table if not exists migration (
  name text primary key, sha256 text not null, applied_at timestamptz not null default now())
"""
LOCK = "select pg_advisory_xact_lock(hashtext(current_schema() || '.migration'))"
SHORTLY = "set local lock_timeout = '2s'"
PAUSE_SECONDS, MOST_TRIES = 1.0, 300

log = logging.getLogger(__name__)


class MigrationChanged(Exception):
    """A migration that was applied has another content now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Migration {name} was changed after it was applied. Undo the change and write a new migration."
        )


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file. `name` is its folder's owner and file: "messaging/0001_pre_tables.sql"."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What it was when it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def moment(self) -> Moment:
        """Whether it runs before or after the deploy."""
        return "post" if "_post_" in self.name else "pre"


def found_in(folders: Iterable[Path]) -> tuple[Migration, ...]:
    """The migrations of these folders, folder by folder, in the order of their numbers."""
    return tuple(
        Migration(f"{folder.parent.name}/{file.name}", file.read_text(encoding="utf-8"))
        for folder in folders
        for file in sorted(folder.glob("[0-9]*.sql"))
    )


async def apply(
    connection: asyncpg.Connection[asyncpg.Record], migrations: Sequence[Migration], moment: Moment | None = None
) -> list[str]:
    """Applies what was not applied yet and returns its names. Two that run at once wait for each other.

    Raises: MigrationChanged; asyncpg.PostgresError, with nothing of that file done.
    """
    async with connection.transaction():
        await connection.execute(LOCK)  # two that create the same table at once fail, "if not exists" or not
        await connection.execute(LEDGER)
    applied: list[str] = []
    for migration in migrations:
        if moment is not None and migration.moment != moment:
            continue
        if await _once_it_is_free(connection, migration):
            applied.append(migration.name)
    return applied


async def _once_it_is_free(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> bool:
    """Applies it as soon as nobody holds what it needs; tells whether it was new.

    Everybody who comes after it would wait behind it, for as long as it waits for a transaction that is open (a daily duty, a
    back-up): so it steps out of the queue again and again. A deadlock with somebody at work took nothing with it: it is tried
    again too. Raises: the last asyncpg.LockNotAvailableError or DeadlockDetectedError, after five minutes or more.
    """
    tries = 0
    while True:
        try:
            async with connection.transaction():
                await connection.execute(SHORTLY)
                return await _applied(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            tries += 1
            if tries == MOST_TRIES:
                raise
        log.warning("%s waits: a transaction that is open holds what it changes. It is tried again", migration.name)
        await asyncio.sleep(PAUSE_SECONDS)


async def _applied(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> bool:
    await connection.execute(LOCK)
    known = await connection.fetchval("select sha256 from migration where name = $1", migration.name)
    if known not in (None, migration.sha256):
        raise MigrationChanged(migration.name)
    if known is None:
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into migration (name, sha256) values ($1, $2)", migration.name, migration.sha256
        )
    return known is None


async def missing(tx: Transaction, migrations: Sequence[Migration]) -> list[str]:
    """The names of "pre" migrations that this code needs and the schema lacks."""
    ledger = await tx.fetchval("select to_regclass('migration')")
    there = {row["name"] for row in await tx.fetch("select name from migration")} if ledger else set()
    return [m.name for m in migrations if m.moment == "pre" and m.name not in there]
