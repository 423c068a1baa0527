"""Speaking: what an operation says is numbered per entity and written as its last statement.

`said` gives each event its version; taking it locks the entity's row until the commit, so that versions have no gaps and
follow the order of commits, whichever feature speaks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.messaging.envelope import SUPERSEDED_BY, SUPERSEDES
from shared.persons import PersonDataFound, scan_bytes
from shared.storage import Cause, Said, Transaction

ONE = """
with v as (insert into said values ($1, $2, 1)
  on conflict (stream, entity) do update set sequence = said.sequence + 1 returning sequence)
insert into outbox (topic, key, sequence, headers, value) select $3, $4, v.sequence, $5::text::jsonb, $6 from v
"""
# $1..$3: what each entity says, sorted; $4..$8: the events in the order in which they were said.
# nth: the place of its entity; back: how many of that entity follow it.
SPEAK = """
v as (insert into said select * from unnest($1::smallint[], $2::uuid[], $3::int[]) on conflict (stream, entity)
  do update set sequence = said.sequence + excluded.sequence returning stream, entity, sequence),
a as materialized (select array_agg(sequence order by stream, entity) last from v),
o as (insert into outbox (topic, key, sequence, headers, value)
  select o.topic, o.key, a.last[o.nth] - o.back, o.headers, o.value
  from a, unnest($4::int[], $5::int[], $6::text[], $7::text[], $8::text[]::jsonb[], $9::bytea[])
    with ordinality o(nth, back, topic, key, headers, value, n) order by o.n)
"""
MANY = f"with {SPEAK} select 1"


class NotDeclared(TypeError):
    """A service may say only what its declaration names."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The arguments of SPEAK, column by column."""

    streams: list[int]
    entities: list[UUID]
    counts: list[int]
    nths: list[int] = field(default_factory=list)
    backs: list[int] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)

    def arguments(self) -> tuple[list[int] | list[UUID] | list[str] | list[bytes], ...]:
        """In the order of the statement."""
        return (
            self.streams,
            self.entities,
            self.counts,
            self.nths,
            self.backs,
            self.topics,
            self.keys,
            self.headers,
            self.values,
        )


class Outbox:
    """The voice of one service."""

    def __init__(self, source: str, says: Iterable[type[EventData]]) -> None:
        self._opening = {kind: json.dumps({"ce_type": kind.ce_type(), "ce_source": source})[:-1] for kind in says}

    async def append(self, tx: Transaction) -> None:
        """Writes what was said in this transaction; nothing of it may come after.

        Raises: EventTooLarge, PersonDataFound, NotDeclared.
        """
        if len(tx.said) == 1 and len(tellings := self._tellings(tx.said[0])) == 1:
            data = tx.said[0].data
            topic, entity = data.STREAM.topic, data.entity
            await tx.execute(ONE, int(data.STREAM), entity, topic, str(entity), *tellings[0])
        else:
            await tx.execute(MANY, *self.spoken(tx.said).arguments())

    def spoken(self, all_said: Sequence[Said]) -> Spoken:
        """What was said, numbered within its entities and sorted so that two speakers cannot block each other."""
        entities = sorted((int(said.data.STREAM), said.data.entity) for said in all_said)
        counts = [(key, sum(1 for _ in group)) for key, group in groupby(entities)]
        place = {key: nth for nth, (key, _) in enumerate(counts, 1)}
        left = dict(counts)
        spoken = Spoken(
            [stream for (stream, _), _ in counts],
            [entity for (_, entity), _ in counts],
            [count for _, count in counts],
        )
        for said in all_said:
            key = (int(said.data.STREAM), said.data.entity)
            left[key] -= 1
            for headers, value in self._tellings(said):
                spoken.nths.append(place[key])
                spoken.backs.append(left[key])
                spoken.topics.append(said.data.STREAM.topic)
                spoken.keys.append(str(said.data.entity))
                spoken.headers.append(headers)
                spoken.values.append(value)
        return spoken

    def _tellings(self, said: Said) -> list[tuple[str, bytes]]:
        """Headers and bytes: of the event, and of its older version if that is still said. Both are one fact."""
        older = said.data.in_older_version()
        if older is None:
            return [(self._headers(said.data, said.cause), _checked(said.data))]
        return [
            (self._headers(said.data, said.cause, (SUPERSEDES, older.ce_type())), _checked(said.data)),
            (self._headers(older, said.cause, (SUPERSEDED_BY, said.data.ce_type())), _checked(older)),
        ]

    def _headers(self, data: EventData, cause: Cause | None, *more: tuple[str, str]) -> str:
        opening = self._opening.get(type(data))
        if opening is None:
            raise NotDeclared(f"{type(data).__name__} does not stand in this service's `says`")
        if cause is None and not more:
            return opening + "}"
        cause = cause or Cause()
        named = (
            ("ce_correlationid", cause.correlation),
            ("ce_causationid", cause.causation),
            ("ce_traceparent", cause.traceparent),
            *more,
        )
        return opening + "".join(f', "{name}": "{value}"' for name, value in named if value is not None) + "}"


def _checked(data: EventData) -> bytes:
    """The bytes to tell, in which no person may be recognisable."""
    wire = encoded(data)
    if findings := scan_bytes(wire):
        raise PersonDataFound(findings)
    return wire
