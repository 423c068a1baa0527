"""How well a project fits a gemeente, in seven terms (methods.md A).

Points are counted in tenths, whole numbers, half away from zero: so the terms add up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from math import fsum
from uuid import UUID

from shared.contracts.vocabulary import Means, PartnerKind, Phase, TargetGroup
from shared.reference import COLUMNS_OF, Column
from shared.rounding import half_away
from shared.terms import years_after

Theme = Phase | TargetGroup
UNKNOWN = 0.5  # what counts where nothing is known: neither good nor bad


class Term(StrEnum):
    """What a score is made of, in this order."""

    PHASE = "fase"
    NEED = "behoefte"
    ALIKE = "gelijkenis"
    EFFECT = "effect"
    NEIGHBOURS = "buren"
    FEASIBLE = "haalbaarheid"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Weights:
    """The rule, versioned: the most tenths of each term, and how much evidence outweighs what is assumed beforehand."""

    version: str = "2026-1"
    most: tuple[int, ...] = (250, 250, 150, 200, 50, 100, 150)  # in the order of Term
    offered_above: float = 0.5  # what a phase still counts for when a project higher in the list offers it
    alike_prior: float = 5
    effect_prior: int = 100  # so many people at UNKNOWN, before the first result
    neighbours_prior: int = 2
    lean_prior: int = 3
    listed: int = 5  # how many projects a list has


WEIGHTS = Weights()


class Answer(StrEnum):
    """What a gemeente says of a suggestion: interesting, or not for us, because."""

    INTERESTING = "interessant"
    TARGET_GROUP = "niet-onze-doelgroep"
    HAVE_ALREADY = "hebben-we-al"
    TOO_EXPENSIVE = "te-duur"
    NO_CAPACITY = "geen-capaciteit"
    NOT_PROVEN = "niet-bewezen"
    NOT_FOR_US = "niet-voor-ons"


FOLLOW_UP: Mapping[Answer, str] = {
    Answer.TOO_EXPENSIVE: "corrigeer-budget",
    Answer.NO_CAPACITY: "corrigeer-fte",
    Answer.NOT_PROVEN: "naar-beoordeling",
}
"""What the gemeente is asked next, or where its answer goes. Such an answer says nothing of its taste."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """The last answer of a gemeente about one project, with the themes of the project as they were then."""

    answer: Answer
    phases: frozenset[Phase]
    target_groups: frozenset[TargetGroup]
    given_on: date

    def hides(self, today: date) -> bool:
        """Whatever is not "interesting" hides the project for 12 months."""
        return self.answer is not Answer.INTERESTING and today < years_after(self.given_on, 1)

    def speaks_for(self, theme: Theme) -> int:
        """1 for, -1 against, 0 when it says nothing of this phase or target group."""
        if self.answer is Answer.TARGET_GROUP:
            return -(theme in self.target_groups)
        taste = {Answer.INTERESTING: 1, Answer.NOT_FOR_US: -1}.get(self.answer, 0)
        return taste * (theme in self.phases or theme in self.target_groups)


@dataclass(frozen=True, slots=True)
class Attainment:
    """What a project reached somewhere: realised / targeted change in 0..1, over n people."""

    share: float
    n: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it can be suggested. What is None was not told; no region means the whole country."""

    id: UUID
    title: str
    phases: frozenset[Phase]
    target_groups: frozenset[TargetGroup]
    available_from: date
    regions: frozenset[str] = frozenset()
    effort_fte: float | None = None
    cost_euro: int | None = None
    needed_kinds: frozenset[PartnerKind] = frozenset()  # what it asks of partners is shown, not weighed
    needed_means: frozenset[Means] = frozenset()
    adopters: frozenset[str] = frozenset()  # codes of gemeenten
    attainments: tuple[Attainment, ...] = ()
    adoptable: bool = True  # whether the board lets gemeenten adopt a version of it
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of one gemeente: what it has, needs and said, and which gemeenten are like it or border on it."""

    gemeente: str
    percentiles: Mapping[Column, float] = field(default_factory=dict)
    look_alikes: Mapping[str, float] = field(default_factory=dict)  # weight by code
    neighbours: frozenset[str] = frozenset()
    covered: frozenset[Phase] = frozenset()  # phases for which it has something already
    have_fte: float | None = None
    have_euro: int | None = None
    conflicts: frozenset[UUID] = frozenset()  # projects that it may not choose
    answers: Mapping[UUID, Feedback] = field(default_factory=dict)  # by project
    gemeenten: int = 342  # how many there are

    @property
    def phases_covered(self) -> frozenset[Phase]:
        """Also those of projects of which it answered that it has them already."""
        have = (f.phases for f in self.answers.values() if f.answer is Answer.HAVE_ALREADY)
        return self.covered.union(*have)


@dataclass(frozen=True, slots=True)
class Score:
    """The datum behind each term and the tenths it brings, in the order of Term."""

    values: tuple[float, ...]
    tenths: tuple[int, ...]

    @property
    def total(self) -> int:
        """In tenths of a point."""
        return sum(self.tenths)


class Scoring:
    """Scores projects for one gemeente. What many projects have in common is worked out once."""

    def __init__(self, situation: Situation, weights: Weights = WEIGHTS) -> None:
        self._situation, self._weights = situation, weights
        self._covered = situation.phases_covered
        self._trust = self._trust_in_look_alikes()
        self._all_alike = fsum(situation.look_alikes.values())
        self.uncovered = cache(self._uncovered)
        self._need = cache(self._mean_need)
        self._lean = cache(self._mean_lean)

    def score(self, project: Project, above: frozenset[Phase] = frozenset()) -> Score:
        """The seven terms; `above` are the phases that projects higher in the list offer."""
        values = (
            self.uncovered(project.phases, above),
            self._need(project.target_groups),
            self._alike(project.adopters),
            self._effect(project.attainments),
            self._bordering(project.adopters),
            self._feasible(project),
            self._feedback(project),
        )
        return Score(values, tuple(half_away(m * v) for m, v in zip(self._weights.most, values, strict=True)))

    def _uncovered(self, phases: frozenset[Phase], above: frozenset[Phase]) -> float:
        left = phases - self._covered
        offered = len(left & above)
        return (len(left) - offered + offered * self._weights.offered_above) / (len(phases) or 1)

    def _mean_need(self, groups: frozenset[TargetGroup]) -> float:
        known = self._situation.percentiles
        by_group = ([known[c] for c in COLUMNS_OF[group] if c in known] for group in groups)
        return _mean([_mean(found) for found in by_group if found])

    def _trust_in_look_alikes(self) -> float:
        weights = self._situation.look_alikes.values()
        squares = fsum(w * w for w in weights)
        as_many_as = (
            fsum(weights) ** 2 / squares if squares else 0.0
        )  # ten equal ones count for ten, ten unequal for less
        return as_many_as / (as_many_as + self._weights.alike_prior)

    def _alike(self, adopters: frozenset[str]) -> float:
        """What look-alikes do more than all others: that everybody adopts a project is no reason to."""
        alike = self._situation.look_alikes
        if not self._all_alike or not adopters:
            return 0.0
        adopted = [weight for code, weight in alike.items() if code in adopters]
        others = self._situation.gemeenten - 1 - len(alike)
        elsewhere = (len(adopters) - len(adopted) - (self._situation.gemeente in adopters)) / max(1, others)
        return max(0.0, self._trust * (fsum(adopted) / self._all_alike - elsewhere))

    def _effect(self, attainments: Iterable[Attainment]) -> float:
        prior = self._weights.effect_prior
        people = sum(a.n for a in attainments)
        return (fsum(a.share * a.n for a in attainments) + prior * UNKNOWN) / (people + prior)

    def _bordering(self, adopters: frozenset[str]) -> float:
        borders = self._situation.neighbours
        return len(borders & adopters) / (len(borders) + self._weights.neighbours_prior)

    def _feasible(self, project: Project) -> float:
        mine = self._situation
        return min(_enough(mine.have_fte, project.effort_fte), _enough(mine.have_euro, project.cost_euro))

    def _feedback(self, project: Project) -> float:
        answer = self._situation.answers.get(project.id)
        direct = answer is not None and answer.answer is Answer.INTERESTING
        return (2 * self._lean(project.phases, project.target_groups) + direct) / 3

    def _mean_lean(self, phases: frozenset[Phase], groups: frozenset[TargetGroup]) -> float:
        return _mean([self._lean_to(theme) for theme in phases | groups], 0.0)

    def _lean_to(self, theme: Theme) -> float:
        """Between -1 and 1; the first answers move it little."""
        said = [feedback.speaks_for(theme) for feedback in self._situation.answers.values()]
        return sum(said) / (sum(map(abs, said)) + self._weights.lean_prior)


def _enough(have: float | None, ask: float | None) -> float:
    """Which part of what is asked is there; nothing asked is always there."""
    if ask is not None and ask <= 0:
        return 1.0
    return UNKNOWN if have is None or ask is None else min(1.0, have / ask)


def _mean(values: Collection[float], otherwise: float = UNKNOWN) -> float:
    return fsum(values) / len(values) if values else otherwise
