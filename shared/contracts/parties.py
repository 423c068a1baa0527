"""Who stands around an event: the services that hear it, and whether outside systems may publish it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from shared.contracts.event import EventData, Stream
from shared.contracts.registry import EVENTS, Declared

Hears: TypeAlias = Mapping[str, Sequence[type[EventData]]]
"""Which service hears what: service -> events. `says` needs no such table: the registry knows it."""

OPEN_STREAMS: Collection[Stream] = (Stream.RELEASES,)
"""What a subscriber may read without more ado. Every other stream asks for a grant of its own: an ACL hides no field."""


Takes: TypeAlias = Mapping[type[EventData], Sequence[str]]
"""Which events their owners take from publishers, and the fields that name what the publisher's right must cover."""


@dataclass(frozen=True, slots=True)
class Parties:
    """All who stand around the events."""

    hears: Hears
    takes: Takes = field(default_factory=dict)

    def listeners(self, event: type[EventData]) -> tuple[str, ...]:
        """The services that hear it, by name."""
        return tuple(sorted(service for service, events in self.hears.items() if event in events))

    @property
    def taken(self) -> tuple[Declared, ...]:
        """What may come from outside, in the order of the list."""
        return tuple(declared for declared in EVENTS if declared.event in self.takes)
