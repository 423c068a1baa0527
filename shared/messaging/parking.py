"""Records that wait. A gap waits for what is missing before it; a failure, and what follows it, for an operator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import asyncpg

from shared.contracts.event import Stream
from shared.messaging.envelope import Arrival, Illegible
from shared.messaging.heard import Key, by_stream
from shared.persons import scan_bytes, scrub
from shared.storage import Transaction

Kind = Literal["gap", "failed"]
Version = tuple[Key, int]

PARK = """
insert into parked (stream, entity, sequence, kind, event_id, topic, part, off, headers, value, reason)
select s, e, q, k, i, t, p, o, h::jsonb, v, r from unnest($1::smallint[], $2::uuid[], $3::int[], $4::text[], $5::uuid[],
  $6::text[], $7::int[], $8::bigint[], $9::text[], $10::bytea[], $11::text[]) u(s, e, q, k, i, t, p, o, h, v, r)
on conflict (stream, entity, sequence) do update set kind = excluded.kind, reason = excluded.reason
where excluded.kind = 'failed'
"""
UNPARK = """
delete from parked p using unnest($1::smallint[], $2::uuid[], $3::int[]) d(stream, entity, sequence)
where p.stream = d.stream and p.entity = d.entity and p.sequence = d.sequence
"""
WAITING = """
select stream, entity, sequence, kind, event_id, topic, part, off, headers, value from parked
where stream = $1 and entity = any($2) order by sequence limit $3
"""
SAME_VERSIONS = """
select stream, entity, sequence, kind, event_id, topic, part, off, headers, value from parked
join unnest($1::smallint[], $2::uuid[], $3::int[]) a(stream, entity, sequence) using (stream, entity, sequence)
"""
SKIPPED = """
select stream, entity, sequence from skipped
join unnest($1::smallint[], $2::uuid[], $3::int[]) a(stream, entity, sequence) using (stream, entity, sequence)
"""
# From now on it is this one that waits for an operator.
LEAVE = """
update parked set reason = 'the release was broken off before it: release it again', parked_at = now()
where stream = $1 and entity = $2 and sequence = $3
"""
BURY = """
insert into dead_letter (topic, part, off, key, headers, value, size, bytes_kept, reason)
values ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9) on conflict (topic, part, off) do nothing
"""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A parked row, as the record that it was."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    sequence: int
    event_id: UUID
    kind: Kind


@dataclass(slots=True)
class Waiting:
    """What waits for the entities of one batch, and what this batch adds and takes away."""

    rows: dict[Key, dict[int, ParkedRecord]] = field(default_factory=dict)
    parks: dict[Version, tuple[Arrival, Kind, str]] = field(default_factory=dict)
    frees: dict[Version, None] = field(default_factory=dict)

    def at(self, key: Key, sequence: int) -> ParkedRecord | None:
        """The record of this version that waits, if one does."""
        return self.rows.get(key, {}).get(sequence)

    def park(self, arrival: Arrival, kind: Kind, reason: str) -> None:
        """Keeps it until it can be applied. A version that waits already keeps its own bytes, as in the table."""
        key = (arrival.stream, arrival.entity)
        version = (key, arrival.sequence)
        if self.at(*version) is None:
            self.rows.setdefault(key, {})[arrival.sequence] = _parked(arrival, kind)
        elif kind == "gap":
            return
        first = self.parks.get(version)
        self.parks[version] = (first[0] if first else arrival, kind, reason)
        self.frees.pop(version, None)

    def take(self, key: Key, sequence: int) -> ParkedRecord | None:
        """The waiting record of this version, which waits no longer."""
        record = self.rows.get(key, {}).pop(sequence, None)
        if record is not None:
            self.free(key, sequence)
        return record

    def free(self, key: Key, sequence: int) -> None:
        """This version waits no longer: its row goes, or is never written."""
        if self.parks.pop((key, sequence), None) is None:
            self.frees[key, sequence] = None

    def copy(self) -> Waiting:
        """What a savepoint goes back to."""
        return Waiting({key: dict(rows) for key, rows in self.rows.items()}, dict(self.parks), dict(self.frees))

    def restore(self, earlier: Waiting) -> None:
        """Back to what it was."""
        self.rows, self.parks, self.frees = earlier.rows, earlier.parks, earlier.frees


def _parked(arrival: Arrival, kind: Kind) -> ParkedRecord:
    record = arrival.record
    place = (record.topic, record.partition, record.offset)
    return ParkedRecord(*place, record.key, record.value, tuple(record.headers), arrival.sequence, arrival.id, kind)


def wire_headers(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Headers as a jsonb list of pairs; latin-1, so that no byte is lost (jsonb refuses NUL alone)."""
    pairs = [(name, None if value is None else value.decode("latin-1")) for name, value in headers]
    return json.dumps([[part and part.replace("\0", "") for part in pair] for pair in pairs])


def headers_in(stored: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, bytes | None], ...]:
    """The headers that `wire_headers` wrote down."""
    return tuple((name, None if value is None else value.encode("latin-1")) for name, value in stored)


def record_of(row: asyncpg.Record) -> ParkedRecord:
    """A row of the table as the record that it was."""
    headers = headers_in(row["headers"])
    key = str(row["entity"]).encode()
    return ParkedRecord(
        row["topic"],
        row["part"],
        row["off"],
        key,
        row["value"],
        headers,
        row["sequence"],
        row["event_id"],
        row["kind"],
    )


async def waiting_for(tx: Transaction, keys: Iterable[Key], most: int | None = None) -> Waiting:
    """What is parked for these entities: all of it, or the first `most` versions of each stream."""
    waiting = Waiting()
    for stream, entities in by_stream(keys).items():
        for row in await tx.fetch(WAITING, int(stream), entities, most):
            waiting.rows.setdefault((stream, row["entity"]), {})[row["sequence"]] = record_of(row)
    return waiting


async def add_same_versions(tx: Transaction, waiting: Waiting, arrivals: Sequence[Arrival]) -> None:
    """Adds what is parked with the versions of these records, and nothing else of their entities."""
    if arrivals:
        for row in await tx.fetch(SAME_VERSIONS, *_versions(arrivals)):
            waiting.rows.setdefault((Stream(row["stream"]), row["entity"]), {})[row["sequence"]] = record_of(row)


def _versions(arrivals: Sequence[Arrival]) -> tuple[list[int], list[UUID], list[int]]:
    return [int(a.stream) for a in arrivals], [a.entity for a in arrivals], [a.sequence for a in arrivals]


async def write(tx: Transaction, waiting: Waiting) -> None:
    """Parks and frees, in two statements. What a person could be recognised in is kept without its content."""
    if waiting.parks:
        rows = [_row(arrival, kind, reason) for arrival, kind, reason in waiting.parks.values()]
        await tx.execute(PARK, *map(list, zip(*rows, strict=True)))
    if waiting.frees:
        keys = [(int(stream), entity, sequence) for (stream, entity), sequence in waiting.frees]
        await tx.execute(UNPARK, *map(list, zip(*keys, strict=True)))


def _row(arrival: Arrival, kind: Kind, reason: str) -> tuple[object, ...]:
    record = arrival.record
    value, headers = record.value, list(record.headers)
    if _personal(value, headers):
        value, headers, reason = None, [], f"{reason}; its {len(value or b'')} bytes held personal data"
    place = (record.topic, record.partition, record.offset)
    key = (int(arrival.stream), arrival.entity, arrival.sequence)
    return (*key, kind, arrival.id, *place, wire_headers(headers), value, scrub(reason))


def _personal(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> bool:
    parts = (value, *(part for name, content in headers for part in (name.encode(errors="replace"), content)))
    return any(scan_bytes(part) for part in parts if part)


async def skipped(tx: Transaction, known: Sequence[Arrival]) -> list[Illegible]:
    """Those of these records that come after somebody discarded their version: they are shown, not dropped."""
    found = await tx.fetch(SKIPPED, *_versions(known))
    given_up = {(Stream(stream), entity, sequence) for stream, entity, sequence in found}
    reason = "it came after its version was discarded"
    return [Illegible(a.record, reason) for a in known if (a.stream, a.entity, a.sequence) in given_up]


async def leave(tx: Transaction, key: Key, sequence: int) -> None:
    """Says of the first version that a release does not come to what it waits for, until that goes on."""
    await tx.execute(LEAVE, int(key[0]), key[1], sequence)


async def bury(tx: Transaction, letter: Illegible) -> None:
    """Keeps what nobody can read: its bytes if no person is recognisable in them, else its place, size and reason."""
    record = letter.record
    headers = list(record.headers)
    keep = letter.has_bytes and not _personal(record.value, [*headers, ("key", record.key)])
    await tx.execute(
        BURY,
        record.topic,
        record.partition,
        record.offset,
        record.key if keep else None,
        wire_headers(headers if keep else []),
        record.value if keep else None,
        len(record.value or b""),
        keep,
        scrub(letter.reason),
    )
