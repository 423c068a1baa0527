"""How far the log of our own topics is known to agree with what we said, partition by partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from shared.storage.database import Connection


# A place never goes back by itself: replicas confirm in any order. One that is lower than it could be does no harm.
PLACED = """
c as (insert into confirmed (topic, part, cluster, next, event_id)
  select * from unnest(${0}::text[], ${1}::int[], ${2}::text[], ${3}::bigint[], ${4}::uuid[])
  on conflict (topic, part) do update set cluster = excluded.cluster, next = excluded.next, event_id = excluded.event_id
  where confirmed.next < excluded.next or confirmed.cluster <> excluded.cluster)
"""
READ = "select topic, part, cluster, next, event_id from confirmed where topic = any($1)"
PUT = """
insert into confirmed (topic, part, cluster, next, event_id) values ($1, $2, $3, $4, $5) on conflict (topic, part)
do update set cluster = excluded.cluster, next = excluded.next, event_id = excluded.event_id
"""

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The next offset of a partition, and the event that stands just before it, if that is known."""

    next: int
    event_id: UUID | None
    cluster: str


def arguments(places: Mapping[Partition, tuple[int, UUID]], cluster: str) -> tuple[list[object], ...]:
    """What PLACED takes, sorted so that two replicas cannot block each other. `places`: next offset, last event."""
    ordered = sorted(places.items())
    return (
        [topic for (topic, _), _ in ordered],
        [part for (_, part), _ in ordered],
        [cluster] * len(ordered),
        [following for _, (following, _) in ordered],
        [event_id for _, (_, event_id) in ordered],
    )


async def read(connection: Connection, topics: Sequence[str]) -> dict[Partition, Confirmed]:
    """The places that are known in these topics."""
    rows = await connection.fetch(READ, topics)
    return {(row["topic"], row["part"]): Confirmed(row["next"], row["event_id"], row["cluster"]) for row in rows}


async def put(connection: Connection, at: Partition, place: Confirmed) -> None:
    """From here on the log is the one that we said, whatever it was before."""
    await connection.execute(PUT, *at, place.cluster, place.next, place.event_id)
