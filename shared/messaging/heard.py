"""What was heard of each entity, and the one statement that closes an effect.

No row locks: each row has a revision, and CLOSE counts how many it could raise. Fewer than it touched means that another
replica was there first: roll back, and run the batch again on what holds now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple
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
b as (select from unnest(${0}::text[], ${1}::int[], ${5}::bigint[]) a(topic, part, since)
  left join positions using (topic, part) where coalesce(next, -1) < since),
h as (insert into heard (stream, entity, sequence, event_id, held, rev)
  select * from unnest(${6}::smallint[], ${7}::uuid[], ${8}::int[], ${9}::uuid[], ${10}::smallint[], ${11}::int[])
  on conflict (stream, entity) do update set sequence = excluded.sequence, event_id = excluded.event_id,
    held = excluded.held, rev = excluded.rev where heard.rev = excluded.rev - 1 returning 1)
"""
# Shared until the commit: whoever changes the generation waits for those in flight, and they see nothing of a later one.
COUNTED = """
select (select count(*) from h), exists (select from generation where ${0}::int is null or number = ${0} for share),
  exists (select from b)
"""
# Who only heard need not wait until that is on the disk (docs/decisions/0011).
UNHURRIED = ", case when ${0} then set_config('synchronous_commit', 'off', true) end"
CLOSE_SILENT = f"with {ADVANCE.format(*range(1, 13))} {COUNTED.format(13)} {UNHURRIED.format(14)}"
CLOSE_SPEAKING = f"with {SPEAK}, {ADVANCE.format(*range(10, 22))} {COUNTED.format(22)}"

Key = tuple[Stream, UUID]


class Overtaken(Exception):
    """Another replica advanced an entity of this batch: it must be run again."""


class Displaced(Exception):
    """The database went back to before the place where this batch begins: it must be read again from the place there."""


class Outdated(Exception):
    """Other code hears now: what this replica would make of an event no longer counts, and it has to go."""

    def __init__(self, generation: int | None) -> None:
        which = f" (this is that of generation {generation})" if generation else ""
        super().__init__(
            f"other code hears now{which}: see `hearing list`. Nothing was done. Start that code in the place of this one."
        )


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition was read: the next offset, and the event that stands just before it.

    `since` is where we were before: the least that must be in the database for this to follow it.
    """

    topic: str
    partition: int
    next: int
    cluster: str
    event_id: UUID | None
    since: int = -1


class Known(NamedTuple):
    """What was heard of one entity. `rev` 0 means that there is no row yet. A tuple, for the reason that `Event` is one."""

    sequence: int = 0
    event_id: UUID | None = None
    held: int = FREE
    rev: int = 0


UNKNOWN = Known()
known_of: Callable[[tuple[int, UUID | None, int, int]], Known] = partial(tuple.__new__, Known)
"""From all its fields in order, in a third of the time."""


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
        self.known[key] = now._replace(held=max(now.held, held))
        self.touched[key] = None

    def free(self, key: Key) -> None:
        """Nothing of this entity waits any longer."""
        self.known[key] = self.of(key)._replace(held=FREE)
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
            known[stream, entity] = known_of((sequence, event_id, held, rev))
    return Ledger(known)


async def close(
    tx: Transaction,
    ledger: Ledger,
    positions: Iterable[Position],
    spoken: Spoken | None,
    generation: int | None = None,
) -> None:
    """Advances positions, `heard` and `said` and fills the outbox, in one statement, as the last of the transaction.

    With positions and nothing said the commit does not wait for the disk: what a crash takes back is read again.
    `generation` is that of the code that runs; None counts for any. Raises: Outdated, Displaced, Overtaken.
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
        [at.since for at in places],
        [int(stream) for stream, _ in touched],
        [entity for _, entity in touched],
        [row.sequence for row in rows],
        [row.event_id for row in rows],
        [row.held for row in rows],
        [row.rev + 1 for row in rows],
        generation,
    )
    said = (*spoken.arguments(), *advance) if spoken else (*advance, bool(places))
    closed = await tx.fetchrow(CLOSE_SPEAKING if spoken else CLOSE_SILENT, *said)
    count, is_ours, went_back, *_ = closed or (0, False, False)
    if not is_ours:
        raise Outdated(generation)
    if went_back:
        raise Displaced
    if count < len(touched):
        raise Overtaken(f"{len(touched) - count} of {len(touched)} entities were advanced by another replica")
