"""What waits and does not go on by itself though nothing failed: named after a minute.

A gap, with where its version may have been lost; and a key of which a release was broken off, which waits for another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.event import Stream
from shared.storage import Transaction

# Of gaps, `parked p join heard h`: the version at which a release was broken off. Nothing failed, and what comes waits behind it.
HALF_RELEASED = """h.held = 2 and p.sequence = h.sequence + 1 and not exists (
  select from parked f where f.stream = p.stream and f.entity = p.entity and f.kind = 'failed')"""
OPEN = f"""
select p.stream, p.entity, h.sequence + 1 as next, min(p.parked_at) as since, count(*) as waiting, p.topic, p.part,
  (select coalesce(array_agg(d.off order by d.off), '{{}}') from dead_letter d
   where d.topic = p.topic and d.part = p.part and d.off < min(p.off)) as candidates,
  h.held = 2 as is_half_released
from parked p join heard h using (stream, entity)
where p.kind = 'gap' and (h.held = 1 or ({HALF_RELEASED}))
group by p.stream, p.entity, h.sequence, h.held, p.topic, p.part
having min(p.parked_at) < now() - $1 * interval '1 second' order by since limit 200
"""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A version that others wait for. `candidates` are offsets of dead letters before them in that partition.

    Half released, this version is there: it waits for whoever finishes the release.
    """

    stream: Stream
    entity: UUID
    missing: int
    since: datetime
    waiting: int
    topic: str
    part: int
    candidates: Sequence[int]
    is_half_released: bool

    def __str__(self) -> str:
        """One sentence for whoever looks after the service."""
        name = f"{self.stream.name.lower()} {self.entity}"
        if self.is_half_released:
            return (
                f"{name} is half released: its release or discard was broken off before version {self.missing}, and since "
                f"{self.since:%Y-%m-%d %H:%M:%S} UTC all that comes waits. Release it again (parked release)."
            )
        lost = ", ".join(str(offset) for offset in self.candidates[-MOST_NAMED:])
        where = f" Dead letters that it may be: {self.topic}/{self.part} at {lost}." if lost else ""
        return (
            f"version {self.missing} of {name} has not come since "
            f"{self.since:%Y-%m-%d %H:%M:%S} UTC; {self.waiting} later one(s) wait.{where} "
            "Have its owner tell it again (outbox resend), or give it up (parked discard)."
        )


async def open_gaps(tx: Transaction, older_than_seconds: float) -> list[OpenGap]:
    """The 200 that are open longest."""
    found = await tx.fetch(OPEN, older_than_seconds)
    return [OpenGap(Stream(stream), *rest) for stream, *rest in (tuple(row.values()) for row in found)]
