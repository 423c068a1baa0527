"""Where the live tables heard otherwise than the log stands: versions given up, records mended, keys that wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from aiokafka import TopicPartition

from shared.contracts.event import Stream
from shared.messaging.envelope import Arrival, Decoder
from shared.messaging.heard import FREE, Key
from shared.messaging.mending import mended
from shared.messaging.parking import ParkedRecord, Version
from shared.messaging.polling import Unreadable
from shared.storage import Transaction

SKIPPED = "select stream, entity, sequence, event_id from skipped where stream = any($1)"
HELD = "select stream, entity, sequence from heard where stream = any($1) and held <> $2"
NOBODYS = UUID(int=0)
"""The id of what stands in for a version that was given up."""


@dataclass(frozen=True)
class LeftOut:
    """`skipped`: the event that was given up, by version; None for whatever comes. `mended`: what a version was made into.

    `held`: the last version of keys that wait for somebody, beyond which nothing was heard.
    """

    skipped: Mapping[Version, UUID | None]
    mended: Mapping[Version, ParkedRecord]
    held: Mapping[Key, int]

    @property
    def keys(self) -> frozenset[Key]:
        """The keys in which something stands in the place of the log's own records."""
        return frozenset(key for key, _ in (*self.skipped, *self.mended))

    def kept(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """Those that were heard as they stand in the log."""
        return [arrival for arrival in arrivals if self._is_kept(arrival)]

    def _is_kept(self, arrival: Arrival) -> bool:
        key = (arrival.stream, arrival.entity)
        version = (key, arrival.sequence)
        if version in self.mended or arrival.sequence > self.held.get(key, arrival.sequence):
            return False
        given_up = self.skipped.get(version, NOBODYS)
        return given_up is not None and given_up != arrival.id

    def standing_in(self, heard: Mapping[Key, int], decoder: Decoder) -> Iterator[Arrival]:
        """What comes next in these keys, which were heard this far, where it is not the log's own record."""
        for key in self.keys:
            version = (key, heard.get(key, 0) + 1)
            if version[1] > self.held.get(key, version[1]):
                continue
            if version in self.skipped:
                stream, entity = key
                nowhere = Unreadable(TopicPartition(stream.topic, -1), -1)
                yield Arrival(nowhere, stream, entity, version[1], NOBODYS)
            elif version in self.mended and isinstance(made := decoder.decode(self.mended[version]), Arrival):
                yield made


async def left_out(tx: Transaction, streams: Iterable[int]) -> LeftOut:
    """How the live tables stand now. `tx` is theirs."""
    numbers = sorted(streams)
    skipped = await tx.fetch(SKIPPED, numbers)
    held = await tx.fetch(HELD, numbers, FREE)
    return LeftOut(
        {((Stream(stream), entity), sequence): event_id for stream, entity, sequence, event_id in skipped},
        await mended(tx, numbers),
        {(Stream(stream), entity): sequence for stream, entity, sequence in held},
    )
