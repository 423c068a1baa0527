"""Publishers and subscribers, and their rights. A name is one thing everywhere: OAuth client, Kafka user, part of a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INBOUND = "inbound."
REFUSALS = "refusals."


class BadAccess(ValueError):
    """What was declared cannot be used. The message names every fault and where it stands."""


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a right holds: all of a kind (`everything`), or those that are named."""

    names: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, name: str) -> bool:
        """Whether it holds for this one."""
        return self.everything or name in self.names


@dataclass(frozen=True, slots=True)
class Right:
    """That events of one type may be published, for these gemeenten, projects and organisations.

    `event` is the name of the type without domain and version: "funding-secured". What an event names, the right must cover;
    a scope that was not declared covers nothing. `delegation` is the board's decision that lets somebody else assess.
    """

    event: str
    gemeenten: Scope = field(default_factory=Scope)
    projects: Scope = field(default_factory=Scope)
    organisations: Scope = field(default_factory=Scope)
    delegation: str | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """An outside system that publishes. `oin` is the number of its organisation (NL GOV profile)."""

    name: str
    oin: str
    rights: tuple[Right, ...]

    def right_to(self, event: str) -> Right | None:
        """Its right to publish events of this type, or None."""
        return next((right for right in self.rights if right.event == event), None)

    def inbound_topic(self, event: str) -> str:
        """The topic that only this publisher may write: who writes it is known by its name."""
        return f"{INBOUND}{self.name}.{event}"

    @property
    def inbound_topics(self) -> tuple[str, ...]:
        """One a type."""
        return tuple(self.inbound_topic(right.event) for right in self.rights)

    @property
    def refusals_topic(self) -> str:
        """Where it reads what was refused."""
        return f"{REFUSALS}{self.name}"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who listens. `streams` are those whose topics it may read in Kafka: "releases"."""

    name: str
    streams: frozenset[str]

    @property
    def group_prefix(self) -> str:
        """What the names of its consumer groups begin with. With a dot at the end: "acme" would open "acme2" too."""
        return f"{self.name}."


@dataclass(frozen=True, slots=True)
class Access:
    """All who are declared, by name."""

    publishers: Mapping[str, Publisher]
    subscribers: Mapping[str, Subscriber]
