"""Records that were heard otherwise than they stand in the log, since an operator mended them: kept for whoever copies it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging.envelope import KafkaRecord
from shared.messaging.heard import Key
from shared.messaging.parking import ParkedRecord, record_of, wire_headers
from shared.storage import Transaction

KEEP = """
insert into mended (stream, entity, sequence, event_id, topic, part, off, headers, value)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9) on conflict (stream, entity, sequence) do update set
  event_id = excluded.event_id, topic = excluded.topic, part = excluded.part, off = excluded.off,
  headers = excluded.headers, value = excluded.value, at = excluded.at
"""
MENDED = """
select stream, entity, sequence, 'failed' as kind, event_id, topic, part, off, headers, value from mended
where stream = any($1)
"""


async def keep(tx: Transaction, key: Key, sequence: int, event_id: UUID, record: KafkaRecord) -> None:
    """This is what the version was made into. The last one counts."""
    place = (record.topic, record.partition, record.offset)
    await tx.execute(KEEP, int(key[0]), key[1], sequence, event_id, *place, wire_headers(record.headers), record.value)


async def mended(tx: Transaction, streams: Iterable[int]) -> Mapping[tuple[Key, int], ParkedRecord]:
    """What was made of versions of these streams."""
    found = await tx.fetch(MENDED, sorted(streams))
    return {((Stream(row["stream"]), row["entity"]), row["sequence"]): record_of(row) for row in found}
