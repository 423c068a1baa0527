"""The smallest state that follows from events: how often an adoption was heard of. Ours folds it, bare loops upsert it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded
from shared.messaging.reactions import Reaction, Say, fold
from shared.storage import Transaction

TOPIC = AdoptionEnded.STREAM.topic
TABLES = """
create table tally (entity uuid primary key, events int not null, last_sequence int not null);
create table inbox (id uuid primary key);
"""
SEEN = "select coalesce(sum(events), 0)::int from tally"
LOAD = "select entity, events, last_sequence from tally where entity = any($1)"
SAVE = """
insert into tally (entity, events, last_sequence) select * from unnest($1::uuid[], $2::int[], $3::int[])
on conflict (entity) do update set events = excluded.events, last_sequence = excluded.last_sequence
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an adoption was heard of."""

    entity: UUID
    events: int
    last_sequence: int


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


def entity_of(number: int) -> UUID:
    """The entity with this number, from 1: in Postgres `lpad(to_hex(number), 32, '0')::uuid`."""
    return UUID(int=number)


def ended(entity: UUID) -> AdoptionEnded:
    """An event of about 330 bytes with its headers."""
    return AdoptionEnded(
        adoption=entity,
        gemeente="GM0518",
        project=entity,
        reason="Afgerond: de aanpak loopt nu zelf.",
        ended_on=date(2026, 6, 30),
    )
