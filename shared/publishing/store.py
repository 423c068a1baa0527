"""The publications of a service: what outside systems sent, and what came of it. Kept for 90 days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from shared.storage import Transaction

KEPT_FOR = timedelta(days=90)

Way = Literal["http", "kafka"]
Status = Literal["accepted", "refused"]
Key = tuple[str, str, str]
"""How an event from outside is known: its publisher, and the source and id that this one gave it."""

# Sorted, so that two batches cannot block each other. Whoever comes with what is being published waits for that to end.
CLAIM = """
insert into publication (publisher, source, event_id, type, fingerprint, place, via, status, received_at)
select p, s, e, t, f, l, $7, 'accepted', $8
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[]) u(p, s, e, t, f, l)
order by p, s, e on conflict (publisher, source, event_id) where counts do nothing
returning id, publisher, source, event_id
"""
FIELDS = "id, publisher, source, event_id, type, fingerprint, via, place, status, entity, problem, received_at"
KNOWN = f"""
select {FIELDS} from publication
join unnest($1::text[], $2::text[], $3::text[]) u(publisher, source, event_id) using (publisher, source, event_id)
where counts
"""
CLOSE = """
update publication p set status = u.s, entity = u.e, problem = u.r::jsonb, untold = u.s = 'refused'
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) u(id, s, e, r) where p.id = u.id
"""
ADD = """
insert into publication (publisher, source, event_id, type, fingerprint, place, via, received_at, problem, status, counts, untold)
select p, s, e, t, f, l, $7, $8, r::jsonb, 'refused', false, true
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $9::text[]) u(p, s, e, t, f, l, r)
"""
DROP = "delete from publication where id = any($1)"
FIND = f"select {FIELDS} from publication where publisher = $1 and id = $2"
SEARCH = f"""
select {FIELDS} from publication
where publisher = $1 and ($2::text is null or source = $2) and ($3::text is null or event_id = $3)
  and ($4::text is null or status = $4) and ($5::uuid is null or id > $5) order by id limit $6
"""
LEAD = "select pg_try_advisory_lock(hashtext(current_schema() || '.refusals'))"
UNTOLD = f"select {FIELDS} from publication where untold and publisher <> all($1) order by id limit $2"
TOLD = "update publication set untold = false where id = any($1)"
DEEP = "select count(*) > $1 from (select from outbox limit $1 + 1) o"
FORGET = "delete from publication where id in (select id from publication where id < $1 order by id limit $2)"


@dataclass(frozen=True, slots=True)
class Publication:
    """What somebody published, and what came of it. Of a try-out (and of what failed by our own fault) there is no `id`.

    `place` is topic, partition and offset of what came over Kafka. `problem` is that of RFC 9457, of what was refused.
    """

    id: UUID | None
    publisher: str
    source: str | None
    event_id: str | None
    type: str | None
    fingerprint: bytes
    via: Way
    place: str | None
    status: Status
    entity: UUID | None
    problem: Mapping[str, Any] | None
    received_at: datetime

    @property
    def is_known_by_id(self) -> bool:
        """Whether it can be told from others, by the source and the id that its publisher gave it."""
        return self.source is not None and self.event_id is not None

    @property
    def key(self) -> Key:
        """How it is known, if it is."""
        return (self.publisher, self.source or "", self.event_id or "")


@dataclass(frozen=True, slots=True)
class Search:
    """Which publications are looked for; None means any."""

    source: str | None = None
    event_id: str | None = None
    status: Status | None = None


async def claim(tx: Transaction, publications: Sequence[Publication], via: Way, at: datetime) -> dict[Key, UUID]:
    """Takes those that nobody published before: they are ours to decide about, under these ids."""
    rows = await tx.fetch(CLAIM, *_columns(publications), via, at)
    return {(row["publisher"], row["source"], row["event_id"]): row["id"] for row in rows}


async def known(tx: Transaction, keys: Sequence[Key]) -> dict[Key, Publication]:
    """What came of those that were published before."""
    rows = await tx.fetch(KNOWN, *map(list, zip(*keys, strict=True)))
    return {found.key: found for found in map(_read, rows)}


async def close(tx: Transaction, publications: Sequence[Publication]) -> None:
    """Writes down what came of what was claimed."""
    await tx.execute(
        CLOSE,
        [each.id for each in publications],
        [each.status for each in publications],
        [each.entity for each in publications],
        [_jsonb(each.problem) for each in publications],
    )


async def add_refused(tx: Transaction, refused: Sequence[Publication], via: Way, at: datetime) -> None:
    """Keeps refusals of what cannot be known by source and id."""
    await tx.execute(ADD, *_columns(refused), via, at, [_jsonb(each.problem) for each in refused])


async def drop(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Lets go of what was claimed: it can be published again."""
    await tx.execute(DROP, ids)


async def find(tx: Transaction, publisher: str, publication: UUID) -> Publication | None:
    """One of this publisher."""
    row = await tx.fetchrow(FIND, publisher, publication)
    return None if row is None else _read(row)


async def search(tx: Transaction, publisher: str, wanted: Search, after: UUID | None, limit: int) -> list[Publication]:
    """Those of this publisher, the oldest first."""
    rows = await tx.fetch(SEARCH, publisher, wanted.source, wanted.event_id, wanted.status, after, limit)
    return [_read(row) for row in rows]


async def lead(tx: Transaction) -> bool:
    """Whether this connection is the one that tells refusals, for as long as it lasts."""
    return bool(await tx.fetchval(LEAD))


async def untold(tx: Transaction, but_for: Sequence[str], most: int) -> list[Publication]:
    """Refusals that were not told yet, the oldest first, but for those of these publishers."""
    return [_read(row) for row in await tx.fetch(UNTOLD, but_for, most)]


async def mark_told(tx: Transaction, ids: Sequence[UUID]) -> None:
    """They need not be told again."""
    await tx.execute(TOLD, ids)


async def outbox_is_deep(tx: Transaction, most: int) -> bool:
    """Whether more events than this wait to be told."""
    return bool(await tx.fetchval(DEEP, most))


async def forget_old(tx: Transaction, now: datetime, most: int) -> int:
    """Deletes at most so many that are older than 90 days, and says how many; may run as often as one likes."""
    milliseconds = int((now - KEPT_FOR).timestamp() * 1000)
    before = UUID(int=milliseconds << 80)  # as UUIDv7 begins: ids follow the time
    return await tx.changed(FORGET, before, most)


def _columns(publications: Sequence[Publication]) -> tuple[list[Any], ...]:
    return (
        [each.publisher for each in publications],
        [each.source for each in publications],
        [each.event_id for each in publications],
        [each.type for each in publications],
        [each.fingerprint for each in publications],
        [each.place for each in publications],
    )


def _jsonb(problem: Mapping[str, Any] | None) -> str | None:
    return None if problem is None else json.dumps(problem, ensure_ascii=False)


def _read(row: asyncpg.Record) -> Publication:
    return Publication(**dict(row))
