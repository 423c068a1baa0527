"""The copy in which a rebuild works: temporary tables of one session. If that ends, nothing of it is left.

In the session a bare name is the copy's; the live table is named with its schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.contracts.event import Stream
from shared.messaging.heard import Key
from shared.storage import Session, Transaction, session

OUR_OWN = ("heard", "positions", "parked", "skipped", "dead_letter", "generation")
MOST_NAMED = 5
ONLY_IN_COPY = "pg_temp"

LIKE = "create temp table {table} (like {live} including all)"
COLUMNS = """
select attname::text as name, attname::text = any(select a.attname::text from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indrelid = $1::regclass and i.indisprimary) as is_key
from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
DIFFERENCES = """
select count(*) filter (where l.{first} is null) as added, count(*) filter (where s.{first} is null) as removed,
  count(*) filter (where l.{first} is not null and s.{first} is not null
                   and ({of_live}) is distinct from ({of_copy})) as changed
from {live} l full join pg_temp.{table} s using ({keys})
"""
REMOVE = "delete from {live} l where not exists (select from pg_temp.{table} s where ({l_keys}) = ({s_keys}))"
WRITE = """
insert into {live} as l ({columns}) select {columns} from pg_temp.{table} order by {keys}
on conflict ({keys}) do update set {assignments} where ({of_live}) is distinct from ({of_excluded})
"""
WRITE_KEYS = """
insert into {live} as l ({columns}) select {columns} from pg_temp.{table} order by {keys} on conflict do nothing
"""
# In the copy a key waits where it must not, or stands elsewhere than the live tables: both have to be equal.
APART = """
select k.stream, k.entity, coalesce(l.sequence, 0) as live, coalesce(s.sequence, 0) as copy,
  (select p.reason from pg_temp.parked p where p.stream = k.stream and p.entity = k.entity order by p.sequence limit 1)
from (select * from {live} where stream = any($1)) l full join pg_temp.heard s using (stream, entity) as k
where coalesce(l.sequence, 0) <> coalesce(s.sequence, 0) order by k.entity limit $2
"""
HEARD = "select stream, entity, sequence from pg_temp.heard where entity = any($1)"


@dataclass(frozen=True, slots=True)
class Change:
    """How many rows of a live table a rebuild adds, changes and removes."""

    table: str
    added: int
    changed: int
    removed: int

    def __str__(self) -> str:
        """As in "outcome: 3 added, 0 changed, 1 removed"."""
        return f"{self.table}: {self.added} added, {self.changed} changed, {self.removed} removed"


@dataclass(frozen=True, slots=True)
class Apart:
    """An entity of which the copy heard another version than the live tables."""

    stream: Stream
    entity: object
    live: int
    copy: int
    reason: str | None

    def __str__(self) -> str:
        """For whoever rebuilds."""
        why = f" ({self.reason})" if self.reason else ""
        name = f"{self.stream.name.lower()} {self.entity}"
        return f"{name} is at version {self.live}, and its copy at {self.copy}{why}"


class Shadow:
    """The copies of some tables of a schema, in a session of their own."""

    def __init__(self, of: Session, schema: str, tables: Sequence[str]) -> None:
        self.session, self._schema, self._tables = of, schema, tables

    def _live(self, table: str) -> str:
        return f'"{self._schema}".{table}'

    async def make(self) -> None:
        """Makes the copies, with nothing in them."""
        async with self.session.transaction() as tx:
            for table in (*OUR_OWN, *self._tables):
                await tx.execute(LIKE.format(table=table, live=self._live(table)))
            await tx.execute("insert into generation (number) values (0)")

    async def hold_live(self, tx: Transaction, seconds: float) -> None:
        """From here until the commit nobody hears, and nobody writes these tables; they can still be read.

        Whoever hears reads `heard` first: locked against readers, nobody can have loaded what is about to change.
        Raises: asyncpg.LockNotAvailableError when somebody holds one of them for longer than this.
        """
        await tx.execute(f"set local lock_timeout = {int(seconds * 1000)}")
        await tx.execute(f"lock table {self._live('heard')} in access exclusive mode")
        for table in sorted(self._tables):
            await tx.execute(f"lock table {self._live(table)} in exclusive mode")

    async def heard(self, tx: Transaction, keys: Iterable[Key]) -> dict[Key, int]:
        """The last version that the copy heard of these keys; one of which it heard nothing is not there."""
        found = await tx.fetch(HEARD, [entity for _, entity in keys])
        return {(Stream(stream), entity): sequence for stream, entity, sequence in found}

    async def apart(self, tx: Transaction, streams: Sequence[int]) -> list[Apart]:
        """The first entities in which copy and live tables are not at one version."""
        found = await tx.fetch(APART.format(live=self._live("heard")), streams, MOST_NAMED)
        return [Apart(Stream(stream), *rest) for stream, *rest in found]

    async def changes(self, tx: Transaction) -> list[Change]:
        """What the live tables would become different in."""
        await tx.execute("set local enable_seqscan = on")  # from here on whole tables are compared
        for table in ("heard", *self._tables):
            await tx.execute(f"analyze pg_temp.{table}")
        return [
            Change(table, row["added"], row["changed"], row["removed"])
            for table in self._tables
            for row in await tx.fetch((await self._names(tx, table))(DIFFERENCES))
        ]

    async def write(self, tx: Transaction) -> None:
        """Makes the live tables equal to the copies. Rows that are equal are not touched."""
        for table in reversed(self._tables):
            await tx.execute((await self._names(tx, table))(REMOVE))
        for table in self._tables:
            names = await self._names(tx, table)
            await tx.execute(names(WRITE if names("{assignments}") else WRITE_KEYS))

    async def _names(self, tx: Transaction, table: str) -> Names:
        columns = await tx.fetch(COLUMNS, self._live(table))
        return Names(
            self._live(table), table, [c["name"] for c in columns], [c["name"] for c in columns if c["is_key"]]
        )


class Names:
    """Of one table and its columns, to be filled in in the statements above."""

    def __init__(self, live: str, table: str, columns: Sequence[str], keys: Sequence[str]) -> None:
        names, key_names = [f'"{name}"' for name in columns], [f'"{name}"' for name in keys]
        rest = [name for name in names if name not in key_names]
        self._parts = {
            "live": live,
            "table": table,
            "first": key_names[0],
            "columns": ", ".join(names),
            "keys": ", ".join(key_names),
            "assignments": ", ".join(f"{name} = excluded.{name}" for name in rest),
            "l_keys": _of("l", key_names),
            "s_keys": _of("s", key_names),
            "of_live": _of("l", names),
            "of_copy": _of("s", names),
            "of_excluded": _of("excluded", names),
        }

    def __call__(self, statement: str) -> str:
        return statement.format(**self._parts)


def _of(alias: str, names: Sequence[str]) -> str:
    return f"row({', '.join(f'{alias}.{name}' for name in names)})"


@asynccontextmanager
async def shadow(dsn: str, schema: str, tables: Sequence[str]) -> AsyncIterator[Shadow]:
    """Empty copies of these tables. `dsn` is that of the schema's owner."""
    # Plans made for empty tables would read the whole of them for each entity.
    own = await session(dsn, ONLY_IN_COPY, enable_seqscan="off", temp_buffers="64MB")
    try:
        made = Shadow(own, schema, tables)
        await made.make()
        yield made
    finally:
        await own.connection.close(timeout=2)
