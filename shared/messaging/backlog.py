"""How much waits, and since when: for metrics. Each question is answered from indexes, or stops counting at a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.messaging.gaps import HALF_RELEASED
from shared.storage import Transaction

COUNTED_AT_MOST = 100_000
AGE = "coalesce(extract(epoch from now() - {}), 0)::float8"

OUTBOX = f"select count(*) from (select from outbox limit {COUNTED_AT_MOST}) o"
# The oldest of each shard is its first row: what is told goes from the front.
OUTBOX_AGE = f"""
select {AGE.format("min(o.written)")} from generate_series(0, 15) s(shard)
cross join lateral (select written from outbox where shard = s.shard order by seq limit 1) o
"""
STOPPED = "select count(*) from stopped"
PARKED = f"""
select kind, count(distinct (stream, entity)), count(*)
from (select kind, stream, entity from parked order by parked_at limit {COUNTED_AT_MOST}) p group by kind
"""
GAPS = f"""
select count(distinct (p.stream, p.entity)), {AGE.format("min(p.parked_at)")}
from (select stream, entity, sequence, parked_at from parked where kind = 'gap'
  order by parked_at limit {COUNTED_AT_MOST}) p
join heard h using (stream, entity) where h.held = 1 or ({HALF_RELEASED})
"""
DEAD = f"select count(*) from (select from dead_letter limit {COUNTED_AT_MOST}) d"


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts stop at COUNTED_AT_MOST. Ages are seconds, 0 where nothing waits. `parked_keys` is by kind, as are its records.

    `gaps` are entities that wait for a version that has not come, and for nothing else, or were left half released.
    """

    outbox: int
    outbox_age: float
    stopped: int
    parked_keys: Mapping[str, int]
    parked_records: Mapping[str, int]
    gaps: int
    gap_age: float
    dead_letters: int


async def backlog(tx: Transaction) -> Backlog:
    """What waits at this moment."""
    by_kind = {kind: (keys, records) for kind, keys, records in await tx.fetch(PARKED)}
    ((gaps, gap_age),) = await tx.fetch(GAPS)
    return Backlog(
        outbox=await tx.fetchval(OUTBOX),
        outbox_age=await tx.fetchval(OUTBOX_AGE),
        stopped=await tx.fetchval(STOPPED),
        parked_keys={kind: by_kind.get(kind, (0, 0))[0] for kind in ("gap", "failed")},
        parked_records={kind: by_kind.get(kind, (0, 0))[1] for kind in ("gap", "failed")},
        gaps=gaps,
        gap_age=gap_age,
        dead_letters=await tx.fetchval(DEAD),
    )
