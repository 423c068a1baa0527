"""What stands on Kafka by itself: each entity's versions from 1, in order of offsets, each under one id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from shared.contracts.event import Event, EventData, Stream
from shared.contracts.registry import event_named
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import Record

Entity = tuple[str, str]
"""A topic and an entity."""
STREAMS = {stream.topic: stream for stream in Stream}


@dataclass(frozen=True)
class Told:
    """An event as it stands on Kafka."""

    record: Record
    id: str
    entity: str
    sequence: int
    type: type[EventData]
    cause: str | None

    @property
    def key(self) -> Entity:
        """Whose life it is part of."""
        return (self.record.topic, self.entity)

    @property
    def name(self) -> str:
        """What happened: ProjectSubmitted."""
        return self.type.__name__

    @cached_property
    def event(self) -> Event[EventData]:
        """As a listener gets it."""
        headers = self.record.headers
        data = self.type.model_validate_json(self.record.value or "")
        time = datetime.fromisoformat(headers["ce_time"] or "")
        cause = None if self.cause is None else UUID(self.cause)
        return Event(UUID(self.id), UUID(self.entity), self.sequence, time, data, None, cause)

    @classmethod
    def read(cls, record: Record) -> Told | None:
        """None where nobody can tell what it is."""
        h = record.headers
        kind = event_named(h.get("ce_type") or "")
        given = h.get("ce_id"), h.get("ce_subject"), h.get("ce_sequence")
        if kind is None or not all(given):
            return None
        identity, subject, sequence = (str(each) for each in given)
        return cls(record, identity, subject, int(sequence), kind, h.get("ce_causationid"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The log, read once: the events in order of offsets, each id once; what nobody can read; how many came again."""

    told: Sequence[Told]
    illegible: Sequence[Record]
    altered: Sequence[Told]
    raw_duplicates: int

    @classmethod
    def of(cls, log: Iterable[Record]) -> Reading:
        """The first record of each id counts."""
        first: dict[tuple[str, str], Told] = {}
        illegible: list[Record] = []
        altered: list[Told] = []
        again = 0
        for record in sorted(log, key=lambda r: (r.topic, r.partition, r.offset)):
            told = Told.read(record)
            if told is None:
                illegible.append(record)
            elif earlier := first.get((told.record.topic, told.id)):
                again += 1
                if (told.key, told.sequence, record.value) != (earlier.key, earlier.sequence, earlier.record.value):
                    altered.append(told)
            else:
                first[told.record.topic, told.id] = told
        return cls(list(first.values()), illegible, altered, again)

    def by_entity(self) -> Mapping[Entity, Sequence[Told]]:
        """Each entity's events in the order in which they stand there."""
        found: dict[Entity, list[Told]] = defaultdict(list)
        for told in self.told:
            found[told.key].append(told)
        return found


def of_log(reading: Reading) -> Iterator[Finding]:
    """What is wrong on the log itself."""
    for record in reading.illegible:
        at = f"{record.partition}:{record.offset}"
        yield Finding(Kind.PHANTOM, record.topic, at, "a record that is no event of the contracts")
    for told in reading.altered:
        yield Finding(Kind.FORK, told.record.topic, told.entity, f"{told.id} stands there again with other contents")
    for (topic, entity), events in reading.by_entity().items():
        yield from _of_entity(topic, entity, events)


def _of_entity(topic: str, entity: str, events: Sequence[Told]) -> Iterator[Finding]:
    places = {told.record.partition for told in events}
    if len(places) > 1 or any(told.record.key != entity for told in events):
        yield Finding(Kind.REORDERED, topic, entity, f"it stands on partitions {sorted(places)}, or under another key")
    sequences = [told.sequence for told in events]
    if sequences != sorted(sequences):
        yield Finding(Kind.REORDERED, topic, entity, f"its versions stand there as {sequences}")
    for missing in sorted(set(range(1, max(sequences) + 1)) - set(sequences)):
        yield Finding(Kind.LOST, topic, entity, f"version {missing} of {max(sequences)} is not on the log")
    for twice in sorted({sequence for sequence in sequences if sequences.count(sequence) > 1}):
        ids = [told.id for told in events if told.sequence == twice]
        yield Finding(Kind.FORK, topic, entity, f"version {twice} is {len(ids)} events: {', '.join(ids)}")
