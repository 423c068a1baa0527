"""What was heard of each entity, and the one statement that closes an effect.

No row locks: each row has a revision, and CLOSE counts how many it could raise. Fewer than it touched means that another
replica was there first: roll back, and run the batch again on what holds now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging.outbox import SPEAK, Spoken
from shared.storage import Transaction

FREE, GAP, STOPPED = 0, 1, 2

READ = "select entity, sequence, event_id, held, rev from heard where stream = $1 and entity = any($2)"
ADVANCE = """
p as (insert into positions (topic, part, next, cluster, event_id)
  select * from unnest(${0}::text[], ${1}::int[], ${2}::bigint[], ${3}::text[], ${4}::uuid[])
  on conflict (topic, part) do update set next = excluded.next, cluster = excluded.cluster, event_id = excluded.event_id
  where positions.next < excluded.next),
h as (insert into heard (stream, entity, sequence, event_id, held, rev)
  select * from unnest(${5}::smallint[], ${6}::uuid[], ${7}::int[], ${8}::uuid[], ${9}::smallint[], ${10}::int[])
  on conflict (stream, entity) do update set sequence = excluded.sequence, event_id = excluded.event_id,
    held = excluded.held, rev = excluded.rev where heard.rev = excluded.rev - 1 returning 1)
"""
CLOSE_SILENT = f"with {ADVANCE.format(*range(1, 12))} select count(*) from h"
CLOSE_SPEAKING = f"with {SPEAK}, {ADVANCE.format(*range(10, 21))} select count(*) from h"

Key = tuple[Stream, UUID]


class Overtaken(Exception):
    """Another replica advanced an entity of this batch: it must be run again."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition was read: the next offset, and the event that stands just before it."""

    topic: str
    partition: int
    next: int
    cluster: str
    event_id: UUID | None


@dataclass(frozen=True, slots=True)
class Known:
    """What was heard of one entity. `rev` 0 means that there is no row yet."""

    sequence: int = 0
    event_id: UUID | None = None
    held: int = FREE
    rev: int = 0


UNKNOWN = Known()


@dataclass(slots=True)
class Ledger:
    """What is known of the entities of one batch, and which of them this batch changed."""

    known: dict[Key, Known]
    touched: dict[Key, None] = field(default_factory=dict)

    def of(self, key: Key) -> Known:
        """What was heard of this entity so far, this batch included."""
        return self.known.get(key, UNKNOWN)

    def advance(self, key: Key, sequence: int, event_id: UUID | None, held: int) -> None:
        """This version was applied, or this entity is held from here."""
        self.known[key] = Known(sequence, event_id, held, self.of(key).rev)
        self.touched[key] = None

    def hold(self, key: Key, held: int) -> None:
        """Later records of this entity wait. Touched even when they did so before: whoever parks raises the revision."""
        now = self.of(key)
        self.known[key] = replace(now, held=max(now.held, held))
        self.touched[key] = None

    def free(self, key: Key) -> None:
        """Nothing of this entity waits any longer."""
        self.known[key] = replace(self.of(key), held=FREE)
        self.touched[key] = None

    def copy(self) -> Ledger:
        """What a savepoint goes back to."""
        return Ledger(dict(self.known), dict(self.touched))

    def restore(self, earlier: Ledger) -> None:
        """Back to what it was."""
        self.known, self.touched = earlier.known, earlier.touched


def by_stream(keys: Iterable[Key]) -> dict[Stream, list[UUID]]:
    """The entities of each stream: one statement a stream is faster than one that joins both columns."""
    entities: dict[Stream, list[UUID]] = {}
    for stream, entity in keys:
        entities.setdefault(stream, []).append(entity)
    return entities


async def read(tx: Transaction, keys: Iterable[Key]) -> Ledger:
    """What is known of these entities."""
    known: dict[Key, Known] = {}
    for stream, entities in by_stream(keys).items():
        for entity, sequence, event_id, held, rev in await tx.fetch(READ, int(stream), entities):
            known[stream, entity] = Known(sequence, event_id, held, rev)
    return Ledger(known)


async def close(tx: Transaction, ledger: Ledger, positions: Iterable[Position], spoken: Spoken | None) -> None:
    """Advances positions, `heard` and `said` and fills the outbox, in one statement, as the last of the transaction.

    Raises: Overtaken.
    """
    touched = sorted(ledger.touched)
    rows = [ledger.known[key] for key in touched]
    places = sorted(positions, key=lambda at: (at.topic, at.partition))
    advance = (
        [at.topic for at in places],
        [at.partition for at in places],
        [at.next for at in places],
        [at.cluster for at in places],
        [at.event_id for at in places],
        [int(stream) for stream, _ in touched],
        [entity for _, entity in touched],
        [row.sequence for row in rows],
        [row.event_id for row in rows],
        [row.held for row in rows],
        [row.rev + 1 for row in rows],
    )
    if spoken is None:
        count = await tx.fetchval(CLOSE_SILENT, *advance)
    else:
        count = await tx.fetchval(CLOSE_SPEAKING, *spoken.arguments(), *advance)
    if count < len(touched):
        raise Overtaken(f"{len(touched) - count} of {len(touched)} entities were advanced by another replica")
