"""What a comparison of said and heard found, and the commands that heal it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts.event import Stream

MOST_NAMED = 200
FOR_THE_RECORD = "--actor WHO --reason WHY"


@dataclass(frozen=True, slots=True)
class Missing:
    """Versions that were told, and neither were heard nor are still to come."""

    stream: Stream
    entity: UUID
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """An entity of which more was heard than its owner knows to have said."""

    stream: Stream
    entity: UUID
    said: int
    heard: int


@dataclass(slots=True)
class Verified:
    """One comparison. Of what is missing and ahead the first 200 are named, and all are counted.

    `undecided` entities are those that the listener had no time to hear; `waiting` ones are parked at the listener.
    """

    listener: str
    owners: Mapping[Stream, str]
    missing: list[Missing] = field(default_factory=list)
    missing_entities: int = 0
    ahead: list[Ahead] = field(default_factory=list)
    ahead_entities: int = 0
    not_told_yet: int = 0
    waiting: int = 0
    undecided: int = 0
    records_behind: int = 0
    versions_behind: int = 0

    def add_missing(self, each: Missing) -> None:
        """Counts it, and names it if there is room."""
        self.missing_entities += 1
        if len(self.missing) < MOST_NAMED:
            self.missing.append(each)

    def add_ahead(self, each: Ahead) -> None:
        """Counts it, and names it if there is room."""
        self.ahead_entities += 1
        if len(self.ahead) < MOST_NAMED:
            self.ahead.append(each)

    @property
    def wrong(self) -> int:
        """Entities that need an operator."""
        return self.missing_entities + self.ahead_entities

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{self.listener}: {self.missing_entities} entities miss versions, {self.ahead_entities} are ahead of their "
            f"owner, {self.waiting} wait parked, {self.not_told_yet} versions are not told yet; "
            f"{self.records_behind} records and {self.versions_behind} versions behind, {self.undecided} entities undecided"
        )

    def lines(self) -> Iterator[str]:
        """What is wrong, each with the command that heals it."""
        for each in self.missing:
            which = f"{each.first}-{each.last}" if each.first < each.last else f"{each.first}"
            yield (
                f"missing: {each.stream.name.lower()} {each.entity} version(s) {which}: python -m services."
                f"{self.owners[each.stream]} outbox resend {each.stream.topic} {each.entity} "
                f"--first {each.first} --last {each.last} {FOR_THE_RECORD}"
            )
        for early in self.ahead:
            yield (
                f"ahead: {early.stream.name.lower()} {early.entity} heard {early.heard}, said {early.said}, its owner was "
                f"restored: python -m services.{self.owners[early.stream]} said adopt-log {FOR_THE_RECORD}"
            )
        if more := self.wrong - len(self.missing) - len(self.ahead):
            yield f"and {more} more"
