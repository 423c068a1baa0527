"""What the log has in our name, held against what we know that we said.

`said` is committed before anything is sent. So a log that has more than `said`, or another event in a version that still
waits in the outbox, shows that our database was put back to an earlier moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging.envelope import KafkaRecord, fast_uuid
from shared.messaging.waiting import KEEP

if TYPE_CHECKING:
    from shared.storage.database import Connection

_COLUMNS = "$1::smallint[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::int[], $8::bigint[]"
_CLAIMS = f"unnest({_COLUMNS}) l(stream, entity, sequence, id, topic, key, part, off)"
_SHARD = "((hashtext(l.key) & 2147483647) % 16)"
_WAITS = f"o.shard = {_SHARD} and o.topic = l.topic and o.key = l.key and o.sequence = l.sequence"
# Of a record that stands twice in the log either place will do.
SETTLE = f"""
with d as (delete from outbox o using {_CLAIMS} where {_WAITS} and o.id = l.id returning o.*, l.part, l.off)
{KEEP.format(9)}
"""
UNKNOWN = f"""
with l as materialized (select * from {_CLAIMS}),
w as (select l.topic, l.key, l.sequence, array_agg(o.id) as ids from l join outbox o on {_WAITS} group by 1, 2, 3),
k as materialized (select t.topic, t.key, t.sequence, t.id from (select distinct key from l) l join told t on t.key = l.key)
select l.stream, l.entity, max(l.sequence) as log, coalesce(max(s.sequence), 0) as said
from l left join said s on s.stream = l.stream and s.entity = l.entity
  left join w on w.topic = l.topic and w.key = l.key and w.sequence = l.sequence
where l.sequence > coalesce(s.sequence, 0) or (l.id <> all(w.ids) and not exists (
  select from k where k.topic = l.topic and k.key = l.key and k.sequence = l.sequence and k.id = l.id))
group by l.stream, l.entity
"""
# As many days as can be set: partitions are made for the days to come, and none is dropped before its time.
MAKE_ROOM = "select keep_told(3650)"
SEQUENCE = re.compile(rb"[1-9][0-9]{0,8}")


@dataclass(slots=True)
class Claims:
    """Records in our name, column by column."""

    streams: list[int] = field(default_factory=list)
    entities: list[UUID] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def add(self, stream: Stream, record: KafkaRecord, service: str) -> None:
        """Counts this record, if it bears our name and can be read. Whatever others wrote there is not ours to answer for."""
        try:
            attributes = dict(record.headers)
            source, sequence = attributes["ce_source"] or b"", attributes["ce_sequence"] or b""
            if not source.endswith(f":systeem:{service}".encode()) or not SEQUENCE.fullmatch(sequence):
                return
            subject = (attributes["ce_subject"] or b"").decode()
            entity, event_id = fast_uuid(subject), fast_uuid((attributes["ce_id"] or b"").decode())
        except (KeyError, ValueError):
            return
        row = int(stream), entity, int(sequence), event_id, record.topic, subject, record.partition, record.offset
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)

    @property
    def columns(self) -> tuple[list[object], ...]:
        """In the order of the statements."""
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entity of which the log has versions, or an event, that we do not know."""

    stream: Stream
    entity: UUID
    log: int
    said: int

    def __str__(self) -> str:
        """As in "projects 0198..: the log has version 9, and we said 7"."""
        return f"{self.stream.name.lower()} {self.entity}: the log has version {self.log}, and we said {self.said}"


def claims_of(records: Iterable[KafkaRecord], stream: Stream, service: str) -> Claims:
    """Those of these records that the service told."""
    claims = Claims()
    for record in records:
        claims.add(stream, record, service)
    return claims


async def make_room(connection: Connection) -> None:
    """Sees to it that `told` takes rows of today: whoever was away for more than a week finds no partition for them."""
    await connection.execute(MAKE_ROOM)


async def settle(connection: Connection, claims: Claims, cluster: str) -> int:
    """Takes these rows for told, unsent. Another replica may do so at the same moment: each row moves once."""
    tag = await connection.execute(SETTLE, *claims.columns, cluster)
    return int(tag.rpartition(" ")[2])


async def unknown(connection: Connection, claims: Claims) -> list[Unknown]:
    """What the log has and we do not know. The claims must have been read before this is asked."""
    rows = await connection.fetch(UNKNOWN, *claims.columns)
    return [Unknown(Stream(row["stream"]), row["entity"], row["log"], row["said"]) for row in rows]
