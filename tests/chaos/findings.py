"""What a checker can find, and what a fault took away by its nature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What does not add up."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    PHANTOM = "phantom"
    FORK = "fork"
    STATE = "state"
    LEFT_OVER = "left_over"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up. `where` is a service, a table ("matching.adoption") or a topic."""

    kind: Kind
    where: str
    entity: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where} {self.entity}: {self.text}"


@dataclass(frozen=True, slots=True)
class Forgiven:
    """What a fault takes away by its nature, as whoever injected it says. It is counted apart, never as nothing lost.

    `service` is where; what was acknowledged there from `since` to `until` (seconds since 1970) may be gone, with all that
    rests on it: findings of these kinds about the entities that were changed then. A restore loses; it may never double or
    reorder. `entities` names others. `tables` are those in which something may be left over ("parked").
    """

    fault: str
    reason: str
    service: str
    since: float = 0.0
    until: float = 0.0
    entities: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset({Kind.LOST, Kind.PHANTOM})
    tables: frozenset[str] = frozenset()

    def covers(self, finding: Finding, touched: Collection[str]) -> bool:
        """Whether this explains it. `touched` are the entities that commands changed at the service in that time."""
        if finding.kind is Kind.LEFT_OVER:
            return any(finding.where == f"{self.service}.{table}" for table in self.tables)
        about = finding.entity.split(" ")[0]
        return finding.kind in self.kinds and (about in self.entities or about in touched)


@dataclass(frozen=True, slots=True)
class Excused:
    """A finding that a fault explains."""

    finding: Finding
    by: Forgiven


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run comes to. `unknown` are commands that never got an answer: they may or may not have happened."""

    findings: Sequence[Finding]
    excused: Sequence[Excused]
    raw_duplicates: int
    commands: int
    acknowledged: int
    unknown: int
    events: int

    @property
    def is_clean(self) -> bool:
        """Whether everything adds up."""
        return not self.findings

    def count(self, *kinds: Kind) -> int:
        """How many findings there are of these kinds."""
        return sum(finding.kind in kinds for finding in self.findings)

    def figures(self) -> dict[str, int]:
        """As they stand in build/chaos.json. Forks count as doubled too: one version is two events."""
        return {
            "commands": self.commands,
            "acknowledged": self.acknowledged,
            "unknown": self.unknown,
            "events": self.events,
            "lost": self.count(Kind.LOST),
            "doubled": self.count(Kind.DOUBLED, Kind.FORK),
            "reordered": self.count(Kind.REORDERED),
            "phantom": self.count(Kind.PHANTOM),
            "forks": self.count(Kind.FORK),
            "states_that_differ": self.count(Kind.STATE),
            "left_over": self.count(Kind.LEFT_OVER),
            "forgiven": len(self.excused),
            "raw_duplicates": self.raw_duplicates,
        }


def sorted_out(
    findings: Iterable[Finding], forgiven: Iterable[Forgiven], touched: Iterable[Collection[str]]
) -> tuple[list[Finding], list[Excused]]:
    """What stands, and what a fault explains. `touched` goes with `forgiven`, one by one."""
    explained = list(zip(forgiven, touched, strict=True))
    standing, excused = [], []
    for finding in findings:
        by = next((fault for fault, entities in explained if fault.covers(finding, entities)), None)
        if by is None:
            standing.append(finding)
        else:
            excused.append(Excused(finding, by))
    return standing, excused
