"""What an operator sees: what waits, what nobody could read, what is not told yet, and who did what about it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging.parking import Kind
from shared.messaging.ranges import Versions
from shared.storage import Transaction, rows

MOST = 200
PARKED = """
select stream, entity, sequence, kind, parked_at, reason from parked
where ($1::timestamptz is null or (parked_at, stream, entity, sequence) > ($1, $2, $3, $4))
and ($5::text is null or kind = $5) order by parked_at, stream, entity, sequence limit $6
"""
PARKED_ONE = "select * from parked where stream = $1 and entity = $2 and sequence = $3"
BEHIND = "select sequence from parked where stream = $1 and entity = $2 and sequence > $3 order by sequence"
LETTERS = """
select id, topic, part as partition, off as offset, size, bytes_kept, at, reason from dead_letter
where $1::uuid is null or id > $1 order by id limit $2
"""
LETTER = "select *, part as partition, off as offset from dead_letter where id = $1"
WAITING = "select topic, count(*) as events, min(written) as oldest from outbox group by topic order by topic"
STOPPED = """
select topic, key, since, reason from stopped where $1::text is null or (topic, key) > ($1, $2) order by topic, key limit $3
"""
DEEDS = """
select id, at, actor, action, target, outcome, reason from audit
where $1::uuid is null or id < $1 order by id desc limit $2
"""

Place = tuple[datetime, Stream, UUID, int]
Headers = Sequence[tuple[str, str | None]]


class NotThere(Exception):
    """What the operator names does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes as somebody can look at them: as text where they are text, else in base64."""

    text: str
    encoding: Literal["utf-8", "base64"]

    @classmethod
    def of(cls, value: bytes | None) -> Content | None:
        """None where there is nothing."""
        if value is None:
            return None
        try:
            return cls(value.decode(), "utf-8")
        except UnicodeDecodeError:
            return cls(b64encode(value).decode(), "base64")


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that waits: a gap for what is missing, a failure for an operator."""

    stream: Stream
    entity: UUID
    sequence: int
    kind: Kind
    parked_at: datetime
    reason: str

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return self.parked_at, self.stream, self.entity, self.sequence


@dataclass(frozen=True, slots=True)
class ParkedWhole:
    """One with all that was kept of it, and the versions that wait behind it ("3-7, 9")."""

    row: Parked
    event_id: UUID
    topic: str
    partition: int
    offset: int
    headers: Headers
    value: Content | None
    behind: Versions


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that nobody could read: where it stands, how large it is, and why."""

    id: UUID
    topic: str
    partition: int
    offset: int
    size: int
    bytes_kept: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LetterWhole:
    """One with its bytes, if they could be kept."""

    row: Letter
    key: Content | None
    headers: Headers
    value: Content | None


@dataclass(frozen=True, slots=True)
class Untold:
    """How much of a topic is not told yet, and since when."""

    topic: str
    events: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class StoppedKey:
    """A key of which a row could not be sent."""

    topic: str
    key: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did by hand, and why."""

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str
    outcome: str
    reason: str


async def parked(
    tx: Transaction, after: Place | None = None, kind: Kind | None = None, limit: int = MOST
) -> list[Parked]:
    """Those that wait longest, of one kind or of both."""
    at, stream, entity, sequence = after or (None, None, None, None)
    found = await tx.fetch(PARKED, at, None if stream is None else int(stream), entity, sequence, kind, limit)
    return [rows.read(Parked, row) for row in found]


async def parked_one(tx: Transaction, stream: Stream, entity: UUID, sequence: int) -> ParkedWhole:
    """One, whole. Raises: NotThere."""
    row = await tx.fetchrow(PARKED_ONE, int(stream), entity, sequence)
    if row is None:
        raise NotThere(f"Version {sequence} of {entity} does not wait in {stream.name.lower()}. See `parked list`.")
    behind = Versions()
    for (version,) in await tx.fetch(BEHIND, int(stream), entity, sequence):
        behind.add(version)
    headers = [(name, value) for name, value in row["headers"]]
    place = (row["event_id"], row["topic"], row["part"], row["off"])
    return ParkedWhole(rows.read(Parked, row), *place, headers, Content.of(row["value"]), behind)


async def dead_letters(tx: Transaction, after: UUID | None = None, limit: int = MOST) -> list[Letter]:
    """The oldest."""
    return [rows.read(Letter, row) for row in await tx.fetch(LETTERS, after, limit)]


async def dead_letter(tx: Transaction, letter: UUID) -> LetterWhole:
    """One, whole. Raises: NotThere."""
    row = await tx.fetchrow(LETTER, letter)
    if row is None:
        raise NotThere(f"There is no dead letter {letter}. See `dead-letters list`.")
    headers = [(name, value) for name, value in row["headers"]]
    return LetterWhole(rows.read(Letter, row), Content.of(row["key"]), headers, Content.of(row["value"]))


async def waiting(tx: Transaction) -> list[Untold]:
    """What is not told yet, by topic."""
    return [rows.read(Untold, row) for row in await tx.fetch(WAITING)]


async def stopped(tx: Transaction, after: tuple[str, str] | None = None, limit: int = MOST) -> list[StoppedKey]:
    """The keys of which a row could not be sent."""
    topic, key = after or (None, None)
    return [rows.read(StoppedKey, row) for row in await tx.fetch(STOPPED, topic, key, limit)]


async def deeds(tx: Transaction, after: UUID | None = None, limit: int = MOST) -> list[Deed]:
    """What was done by hand, the last first."""
    return [rows.read(Deed, row) for row in await tx.fetch(DEEDS, after, limit)]
