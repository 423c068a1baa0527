"""The portfolio: the projects that gemeenten can take over, and what another one would add to them.

Source: domain.md, Afwegingskader. The main criterion is what a project adds: diversity over the seven phases, at least one
project per phase, limited in number; it complements the wanted portfolio and is not "more of the same".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts.vocabulary import Phase, TargetGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """A project version: one that may be taken over, or one that is weighed.

    `adoptions` and `figures` say how many gemeenten took the project over, and how many of its figures are published.
    """

    assessment: UUID
    project: UUID
    project_version: int
    title: str
    phases: frozenset[Phase]
    target_groups: frozenset[TargetGroup]
    adoptions: int = 0
    figures: int = 0
    valid_until: date | None = None

    def serves(self, groups: frozenset[TargetGroup]) -> bool:
        """Whether it is meant for one of these groups; who serves everybody serves each group."""
        everybody = TargetGroup.ALLE in self.target_groups | groups
        return everybody or not self.target_groups.isdisjoint(groups)


@dataclass(frozen=True, slots=True)
class Addition:
    """What a project would add. `alike` do already all that it would do, for one of the same groups: more of the same."""

    entry: Entry
    new_phases: tuple[Phase, ...]
    new_target_groups: tuple[TargetGroup, ...]
    alike: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What can be taken over today, and what is weighed."""

    adoptable: tuple[Entry, ...] = ()
    weighed: tuple[Entry, ...] = ()

    @property
    def coverage(self) -> Mapping[Phase, tuple[Entry, ...]]:
        """Per phase the projects that can be taken over, every phase in its order."""
        return {phase: tuple(entry for entry in self.adoptable if phase in entry.phases) for phase in Phase}

    def addition_of(self, entry: Entry) -> Addition:
        """What this project would add to the others; an older version of the same project does not count."""
        others = tuple(other for other in self.adoptable if other.project != entry.project)
        phases = {phase for other in others for phase in other.phases}
        groups = {group for other in others for group in other.target_groups}
        return Addition(
            entry,
            tuple(phase for phase in Phase if phase in entry.phases - phases),
            tuple(group for group in TargetGroup if group in entry.target_groups - groups),
            tuple(other for other in others if entry.phases <= other.phases and other.serves(entry.target_groups)),
        )
