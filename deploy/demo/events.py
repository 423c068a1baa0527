"""What stands on Kafka, read with nothing but the contracts: so any consumer could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.contracts.event import EventData, Stream
from shared.contracts.registry import TOPICS, event_named

TOPIC_NAMES = tuple(stream.topic for stream in Stream)


class Record(Protocol):
    """What is read of a Kafka record."""

    @property
    def topic(self) -> str: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it stands on Kafka. `sequence` counts what was said of `subject`, from 1."""

    id: UUID
    topic: str
    subject: UUID
    sequence: int
    data: EventData

    @classmethod
    def read(cls, record: Record) -> Seen:
        """Raises: ValueError, KeyError, when it is not as the contracts say."""
        headers = {name: value.decode() for name, value in record.headers}
        kind = event_named(headers["ce_type"])
        if kind is None:
            raise ValueError(f"{headers['ce_type']} is not in the contracts")
        data = kind.model_validate_json(record.value or b"")
        return cls(UUID(headers["ce_id"]), record.topic, UUID(headers["ce_subject"]), int(headers["ce_sequence"]), data)

    @property
    def name(self) -> str:
        """What happened: ProjectSubmitted."""
        return type(self.data).__name__


def owner_of(kind: type[EventData]) -> str:
    """The service that says it."""
    return TOPICS[kind.STREAM].owner


class Sequences:
    """Whether every entity's events are there, once and in order."""

    def __init__(self) -> None:
        self._ids: dict[UUID, None] = {}
        self._last: dict[tuple[str, UUID], int] = {}

    def is_new(self, seen: Seen) -> bool:
        """Whether this event was not read before: at-least-once means that it may come twice."""
        if seen.id in self._ids:
            return False
        self._ids[seen.id] = None
        return True

    def fault(self, seen: Seen, first: int | None = None) -> str | None:
        """What is wrong with the version of a new event; `first` is what an entity's first one must be, if known."""
        known = self._last.get((seen.topic, seen.subject))
        expected = first if known is None else known + 1
        self._last[seen.topic, seen.subject] = seen.sequence
        if expected is None or seen.sequence == expected:
            return None
        return f"{seen.name} van {seen.subject} heeft nummer {seen.sequence}, en verwacht was {expected}."
