"""The one list of what is said: every topic with its owner, and every event on it. Nothing else publishes.

A topic carries the whole life of one kind of entity. It has one owner, the only service that says anything on it
(a service is known here by its name alone). Topics are kept for ever; the number of partitions never changes, for the
key decides the partition and a partition keeps the order of its keys.

To add an event: write its class under `events/`, an example in `examples.py`, its name in `EVENTS`, then
`python -m deploy.contracts generate`.

To change an event in a way that the gate calls breaking (`compatibility.py`), say the fact in a second version:

1. Write the new class beside the old one (`events/project_submitted_v2.py`: `ProjectSubmittedV2`, the same `TYPE`,
   `STREAM` and `ENTITY`, `VERSION` 2) and add it to `EVENTS` as `Declared(ProjectSubmittedV2, supersedes=ProjectSubmitted)`.
2. Its owner says the new one; `in_older_version` of it tells the old one along, for as long as somebody hears that (both
   stand in `says`). They are one fact: they share the entity's sequence, and each names the other in its headers.
3. Who knows the new version takes it and ignores the old one (`superseded_by`), without moving `heard`: the newest that
   a service hears is the one that counts.
4. When nobody hears the old version any more, its owner stops saying it. It stays listed: topics are kept for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import getdoc

from shared.contracts import events
from shared.contracts.event import EventData, Stream

TOPIC_SETTINGS: Mapping[str, str | int] = {
    "cleanup.policy": "delete",
    "max.message.bytes": 262_144,  # 64 KB of data, with headers and a wide margin
    "retention.ms": -1,  # for ever: who is new, or must be rebuilt, reads the whole life of everything
}
"""What each topic is created with; replication.factor and min.insync.replicas are settings of the place it runs in."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of entity: who speaks of it, and in how many partitions, fixed for ever."""

    stream: Stream
    owner: str
    summary: str
    partitions: int = 6

    @property
    def name(self) -> str:
        """Its name in Kafka."""
        return self.stream.topic


@dataclass(frozen=True, slots=True)
class Declared:
    """One event, and the older version of the same fact that it takes the place of, if there is one."""

    event: type[EventData]
    supersedes: type[EventData] | None = None

    @property
    def owner(self) -> str:
        """The service that says it."""
        return TOPICS[self.event.STREAM].owner

    @property
    def summary(self) -> str:
        """What has happened, in one sentence: the first of the event's module, after its name."""
        sentence = (getdoc(sys.modules[self.event.__module__]) or "").partition("\n")[0].partition(": ")[2]
        return sentence[:1].upper() + sentence[1:]


TOPICS: Mapping[Stream, Topic] = {
    topic.stream: topic
    for topic in (
        Topic(Stream.PROJECTS, "submission", "Projects, from the day they are offered to the portfolioboard."),
        Topic(Stream.ASSESSMENTS, "assessment", "Assessments: one for each version of a project."),
        Topic(Stream.ORGANISATIONS, "matching", "The partner registry: gemeenten, funds, creditors and others."),
        Topic(Stream.ADOPTIONS, "matching", "Adoptions: a gemeente takes over a project, with partners and funding."),
        Topic(Stream.OBSERVATIONS, "impact", "Exact figures, for the services alone: never for the public."),
        Topic(Stream.RELEASES, "impact", "Published figures, after disclosure control: for everybody."),
    )
}

EVENTS: tuple[Declared, ...] = (
    Declared(events.ProjectSubmitted),
    Declared(events.ProjectWithdrawn),
    Declared(events.ProjectAssessed),
    Declared(events.OrganisationChanged),
    Declared(events.AdoptionStarted),
    Declared(events.PartnershipFormed),
    Declared(events.FundingSecured),
    Declared(events.FundingReopened),
    Declared(events.AdoptionEnded),
    Declared(events.ImpactRecorded),
    Declared(events.ImpactPublished),
)

_BY_TYPE: Mapping[str, type[EventData]] = {declared.event.ce_type(): declared.event for declared in EVENTS}
_NEWER: Mapping[type[EventData], type[EventData]] = {
    declared.supersedes: declared.event for declared in EVENTS if declared.supersedes is not None
}


def event_named(ce_type: str) -> type[EventData] | None:
    """The event with this CloudEvents type; None for one that this version of the code does not know."""
    return _BY_TYPE.get(ce_type)


def events_of(stream: Stream) -> tuple[type[EventData], ...]:
    """Everything that is said of one kind of entity, in the order of the list."""
    return tuple(declared.event for declared in EVENTS if declared.event.STREAM is stream)


def said_by(service: str) -> tuple[type[EventData], ...]:
    """Everything that one service says, in the order of the list."""
    return tuple(declared.event for declared in EVENTS if declared.owner == service)


def superseded_by(event: type[EventData]) -> type[EventData] | None:
    """The next version of the same fact, which shares its sequence; None if this is the newest."""
    return _NEWER.get(event)
