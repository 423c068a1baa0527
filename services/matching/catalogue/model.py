"""The catalogue as gemeenten see it, folded from what the other services say. No order between streams is assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.matching.scoring.model import Attainment
from shared.contracts.events import Event, ImpactPublished, ProjectAssessed, ProjectSubmitted, ProjectWithdrawn
from shared.reference import Direction, covers, indicators
from shared.refusals import Conflict

Say = Callable[..., None]


class ProjectNotOffered(Conflict):
    """The project cannot be taken over by this gemeente, or not today."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A project: each version as it was submitted, and the verdict on each, in a cell of its own."""

    project: UUID
    versions: Mapping[int, ProjectSubmitted] = field(default_factory=dict)
    verdicts: Mapping[int, ProjectAssessed] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def offered_version(self) -> int | None:
        """The newest version that a board lets gemeenten adopt.

        It stays while the next one is weighed, and also when that one is turned down.
        """
        allowed = (number for number, said in self.verdicts.items() if said.verdict.allows_adoption)
        return max((number for number in allowed if number in self.versions), default=None)

    @property
    def offer(self) -> ProjectSubmitted | None:
        """The offered version as it was submitted."""
        return None if self.offered_version is None else self.versions[self.offered_version]

    def adoptable_by(self, gemeente: str, today: date) -> ProjectSubmitted:
        """The version that this gemeente can take over today. Raises: ProjectNotOffered, UnknownGemeente."""
        offer = self.offer
        if offer is None:
            raise ProjectNotOffered("Het portfolioboard heeft dit project nog niet vrijgegeven om over te nemen.")
        if self.withdrawn:
            raise ProjectNotOffered("Dit project is ingetrokken. U kunt het niet meer overnemen.")
        until = self.verdicts[offer.project_version].valid_until
        if until < today:
            raise ProjectNotOffered(f"Het besluit over dit project gold tot en met {until:%d-%m-%Y}.")
        if today < offer.available_from:
            raise ProjectNotOffered(f"U kunt dit project overnemen vanaf {offer.available_from:%d-%m-%Y}.")
        if offer.regions and not covers(offer.regions, gemeente):
            raise ProjectNotOffered("Dit project is niet beschikbaar in uw gemeente.")
        return offer


def project_of(event: Event[ProjectSubmitted | ProjectWithdrawn | ProjectAssessed]) -> UUID:
    """One row a project, also for what is said of its assessments."""
    return event.data.project


def submitted(entry: Entry | None, event: Event[ProjectSubmitted], _say: Say) -> Entry:
    """A next version, and on offer again. May be heard after the assessment of it: both orders end alike."""
    said, entry = event.data, entry or Entry(event.data.project)
    return replace(entry, versions={**entry.versions, said.project_version: said}, withdrawn=False)


def withdrawn(entry: Entry | None, event: Event[ProjectWithdrawn], _say: Say) -> Entry:
    """Adoptions that run go on; what was submitted and decided stays to be seen."""
    return replace(entry or Entry(event.data.project), withdrawn=True)


def assessed(entry: Entry | None, event: Event[ProjectAssessed], _say: Say) -> Entry:
    """May be heard before the submission it is about, and version 2 before version 1: all end alike."""
    said, entry = event.data, entry or Entry(event.data.project)
    return replace(entry, verdicts={**entry.verdicts, said.project_version: said})


def published(known: ImpactPublished | None, event: Event[ImpactPublished], _say: Say) -> ImpactPublished:
    """The newest release of a block is what holds."""
    return event.data if known is None or event.data.release > known.release else known


def attainment(figure: ImpactPublished) -> Attainment | None:
    """How far a project came with what it aimed at, over how many people: from published figures alone (decision 0004).

    A count is weighed by its target, so that the attained numbers of several places add up; a percentage by its denominator.
    None where nothing is shown, nothing was aimed at, or neither direction is better.
    """
    indicator, target = indicators().get(figure.indicator), figure.target_shown
    if indicator is None or indicator.direction is Direction.NEUTRAL or target is None:
        return None
    if figure.shown is not None:
        reached, people = float(figure.shown), max(figure.shown, target)
    elif figure.shown_numerator is not None and figure.shown_denominator:
        reached, people = 100 * figure.shown_numerator / figure.shown_denominator, figure.shown_denominator
    else:
        return None
    low, high = (reached, float(target)) if indicator.direction is Direction.HIGHER else (float(target), reached)
    if high == 0:
        return Attainment(1.0, people) if indicator.direction is Direction.LOWER and people else None
    return Attainment(min(1.0, low / high), people)
