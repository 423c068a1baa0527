"""Gaps that stay open: a version that does not come is named after a minute, with where it may have been lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.event import Stream
from shared.storage import Transaction

OPEN = """
select p.stream, p.entity, h.sequence + 1 as missing, min(p.parked_at) as since, count(*) as waiting, p.topic, p.part,
  (select coalesce(array_agg(d.off order by d.off), '{}') from dead_letter d
   where d.topic = p.topic and d.part = p.part and d.off < min(p.off)) as candidates
from parked p join heard h using (stream, entity)
where p.kind = 'gap' and h.held = 1 group by p.stream, p.entity, h.sequence, p.topic, p.part
having min(p.parked_at) < now() - $1 * interval '1 second' order by since limit 200
"""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A version that others wait for. `candidates` are offsets of dead letters before them in that partition."""

    stream: Stream
    entity: UUID
    missing: int
    since: datetime
    waiting: int
    topic: str
    part: int
    candidates: Sequence[int]

    def __str__(self) -> str:
        """One sentence for whoever looks after the service."""
        lost = ", ".join(str(offset) for offset in self.candidates[-MOST_NAMED:])
        where = f" Dead letters that it may be: {self.topic}/{self.part} at {lost}." if lost else ""
        return (
            f"version {self.missing} of {self.stream.name.lower()} {self.entity} has not come since "
            f"{self.since:%Y-%m-%d %H:%M:%S} UTC; {self.waiting} later one(s) wait.{where} "
            "Have its owner tell it again (outbox resend), or give it up (parked discard)."
        )


async def open_gaps(tx: Transaction, older_than_seconds: float) -> list[OpenGap]:
    """The 200 that are open longest."""
    found = await tx.fetch(OPEN, older_than_seconds)
    return [OpenGap(Stream(stream), *rest) for stream, *rest in (tuple(row.values()) for row in found)]
