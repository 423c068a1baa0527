"""What became of a claim of the outbox that was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from shared.messaging.confirmed import Partition
from shared.messaging.producer import Outgoing

Sending = tuple[asyncpg.Record, Outgoing]
"""A row of the outbox, and the record that tells it."""


@dataclass(slots=True)
class Taken:
    """What the broker has taken of a claim, and still stands in the outbox: shard, seq, partition and offset of each row."""

    rows: list[tuple[int, int, int, int]] = field(default_factory=list)
    places: dict[Partition, tuple[int, UUID]] = field(default_factory=dict)
    failed: set[tuple[str, str]] = field(default_factory=set)  # topics and keys of what it has not taken

    @property
    def is_stuck(self) -> bool:
        """Whether all of it failed."""
        return bool(self.failed) and not self.rows

    @property
    def seqs(self) -> list[int]:
        """Rows that the next claim must leave out."""
        return [seq for _, seq, _, _ in self.rows]

    def spared(self, claimed: Iterable[Sending], resting: Collection[str]) -> list[Sending]:
        """What of a later claim may be sent: nothing of a key overtakes what failed of it, or is sent to a topic that rests."""
        return [
            (row, record)
            for row, record in claimed
            if row["topic"] not in resting and (row["topic"], row["key"]) not in self.failed
        ]
