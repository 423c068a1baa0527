"""Which projects a gemeente sees, why, and what would change it (methods.md A)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from statistics import median
from uuid import UUID

from services.matching.scoring.model import WEIGHTS, Answer, Feedback, Project, Score, Scoring, Situation, Term, Weights
from shared.contracts.vocabulary import Phase
from shared.reference import Column, places

SOURCES: Mapping[Term, str] = {
    Term.PHASE: "opgave van de gemeente",
    Term.NEED: Column.LOW_INCOME.source,
    Term.ALIKE: "overnames op dit platform; gelijkenis naar CBS, Kerncijfers wijken en buurten 2021 en 2024",
    Term.EFFECT: "gepubliceerde impact op dit platform",
    Term.NEIGHBOURS: "overnames op dit platform; grenzen CBS/Kadaster 2024",
    Term.FEASIBLE: "opgave van de gemeente en van de indiener",
    Term.FEEDBACK: "antwoorden van de gemeente",
}
MEDIAN_NEED = 0.5  # the gemeente in the middle, by what a percentile is


class Exclusion(StrEnum):
    """Why a project is never shown to a gemeente, whatever its score."""

    WITHDRAWN = "ingetrokken"
    UNAVAILABLE = "niet-beschikbaar"
    ADOPTED = "al-overgenomen"
    REGION = "buiten-het-gebied"
    CONFLICT = "belangenconflict"
    NOT_FOR_US = "niet-voor-ons"


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score: `value` is the datum behind it, `reference` the median that it is compared with."""

    term: Term
    tenths: int
    value: float
    reference: float
    source: str
    period: str
    rule_version: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A project in the list. `score` is exactly the sum of the tenths of its seven reasons."""

    project: UUID
    score: int
    reasons: tuple[Reason, ...]

    @property
    def shown(self) -> tuple[Reason, ...]:
        """The four reasons that weigh most."""
        return tuple(sorted(self.reasons, key=lambda reason: -abs(reason.tenths))[:4])


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The list, best first, and why each project that is not for this gemeente was left out."""

    listed: tuple[Suggestion, ...]
    excluded: Mapping[UUID, Exclusion]

    def place_of(self, project: UUID) -> int | None:
        """Its place in the list, from 1; None when it is not in it."""
        return next((place for place, found in enumerate(self.listed, 1) if found.project == project), None)


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list as a gemeente got it on a day, by one version of the rule."""

    id: UUID
    gemeente: str
    made_on: date
    rule_version: str
    suggestions: tuple[Suggestion, ...]

    def says_the_same_as(self, listed: Iterable[Suggestion], rule_version: str) -> bool:
        """Whether a list has the same projects, for the same points."""
        return self.rule_version == rule_version and _points(self.suggestions) == _points(listed)


class Field(StrEnum):
    """What one thing could be otherwise for a gemeente."""

    COVERED = "fase-bezet"
    FREED = "fase-vrij"
    FTE = "genoeg-fte"
    BUDGET = "genoeg-budget"
    INTERESTING = "interessant"


@dataclass(frozen=True, slots=True)
class Change:
    """What one changed field does to a project: the tenths it brings or takes, and whether it enters or leaves the list."""

    field: Field
    tenths: int
    enters: bool
    leaves: bool
    phase: Phase | None = None  # of a phase that is covered or freed


def excluded_because(project: Project, situation: Situation, today: date) -> Exclusion | None:
    """The first hard reason not to show a project; None when there is none. Raises: UnknownGemeente."""
    answer = situation.answers.get(project.id)
    reasons = {
        Exclusion.WITHDRAWN: project.withdrawn,
        Exclusion.UNAVAILABLE: not project.adoptable or today < project.available_from,
        Exclusion.ADOPTED: situation.gemeente in project.adopters,
        Exclusion.REGION: bool(project.regions) and project.regions.isdisjoint(places(situation.gemeente)),
        Exclusion.CONFLICT: project.id in situation.conflicts,
        Exclusion.NOT_FOR_US: answer is not None and answer.hides(today),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def suggest(projects: Iterable[Project], situation: Situation, today: date, weights: Weights = WEIGHTS) -> Suggestions:
    """The projects that fit this gemeente best: each is the best given the phases that those above it offer.

    The order in which projects come in does not matter. Raises: UnknownGemeente.
    """
    allowed, excluded = _divide(projects, situation, today)
    scoring = Scoring(situation, weights)
    scores = [(scoring.score(project), project) for project in allowed]
    medians = _medians([score for score, _ in scores])
    listed = (
        Suggestion(project.id, score.total, _reasons(score, medians, today, weights))
        for score, project in _diverse(scores, scoring, weights.listed)
    )
    return Suggestions(tuple(listed), excluded)


def what_would_change(
    project: Project, projects: Collection[Project], situation: Situation, today: date, weights: Weights = WEIGHTS
) -> tuple[Change, ...]:
    """For each single field that could be otherwise, what it does to this project; fields that do nothing are left out.

    The list is made anew for each of them, as one phase more or less moves every project. The tenths are those of the score
    before the list weighs what stands above. Raises: UnknownGemeente.
    """
    score, is_listed = _standing(project, projects, situation, today, weights)
    changes = []
    for field, phase, changed in _one_field_changed(project, situation, today):
        other, would_be_listed = _standing(project, projects, changed, today, weights)
        if other != score or would_be_listed != is_listed:
            enters, leaves = would_be_listed and not is_listed, is_listed and not would_be_listed
            changes.append(Change(field, other - score, enters, leaves, phase))
    return tuple(changes)


def _points(listed: Iterable[Suggestion]) -> list[tuple[UUID, tuple[int, ...]]]:
    return [(suggestion.project, tuple(reason.tenths for reason in suggestion.reasons)) for suggestion in listed]


def _divide(
    projects: Iterable[Project], situation: Situation, today: date
) -> tuple[list[Project], Mapping[UUID, Exclusion]]:
    allowed, excluded = [], {}
    for project in projects:
        if reason := excluded_because(project, situation, today):
            excluded[project.id] = reason
        else:
            allowed.append(project)
    return allowed, excluded


def _diverse(scores: Iterable[tuple[Score, Project]], scoring: Scoring, most: int) -> Iterator[tuple[Score, Project]]:
    """The best first, then the best given the phases above it, and so on; equals by id.

    Projects with the same phases keep their order among each other whatever stands above them, so that only the first of each
    such queue has to be looked at: at most 127, however many projects there are.
    """
    queues = defaultdict(list)
    for score, project in scores:
        queues[project.phases].append((-score.total, project.id, project))
    for queue in queues.values():
        queue.sort(key=lambda entry: entry[:2], reverse=True)
    above: frozenset[Phase] = frozenset()
    for _ in range(most):
        heads = [(scoring.score(queue[-1][2], above), queue) for queue in queues.values() if queue]
        if not heads:
            return
        score, queue = min(heads, key=lambda head: (-head[0].total, head[1][-1][1]))
        _, _, project = queue.pop()
        yield score, project
        above |= project.phases


def _medians(scores: Collection[Score]) -> tuple[float, ...]:
    """Of each term over the projects that could be shown; need is compared with the gemeente in the middle."""
    of_all = [median(values) for values in zip(*(score.values for score in scores), strict=True)]
    return tuple(MEDIAN_NEED if term is Term.NEED else value for term, value in zip(Term, of_all, strict=False))


def _reasons(score: Score, medians: tuple[float, ...], today: date, weights: Weights) -> tuple[Reason, ...]:
    told = zip(Term, score.tenths, score.values, medians, strict=True)
    return tuple(
        Reason(
            term, tenths, value, reference, SOURCES[term],
            Column.LOW_INCOME.period if term is Term.NEED else today.isoformat(),
            weights.version,
        )
        for term, tenths, value, reference in told
    )  # fmt: skip


def _standing(
    project: Project, projects: Iterable[Project], situation: Situation, today: date, weights: Weights
) -> tuple[int, bool]:
    """The score of one project by itself, and whether it is in the list."""
    allowed, _ = _divide(projects, situation, today)
    scoring = Scoring(situation, weights)
    listed = _diverse(((scoring.score(other), other) for other in allowed), scoring, weights.listed)
    return scoring.score(project).total, project.id in {other.id for _, other in listed}


def _one_field_changed(
    project: Project, situation: Situation, today: date
) -> Iterator[tuple[Field, Phase | None, Situation]]:
    covered = situation.covered
    for phase in Phase:
        if phase in project.phases and phase in covered:
            yield Field.FREED, phase, replace(situation, covered=covered - {phase})
        elif phase in project.phases:
            yield Field.COVERED, phase, replace(situation, covered=covered | {phase})
    if project.effort_fte is not None and (situation.have_fte is None or situation.have_fte < project.effort_fte):
        yield Field.FTE, None, replace(situation, have_fte=project.effort_fte)
    if project.cost_euro is not None and (situation.have_euro is None or situation.have_euro < project.cost_euro):
        yield Field.BUDGET, None, replace(situation, have_euro=project.cost_euro)
    interesting = Feedback(Answer.INTERESTING, project.phases, project.target_groups, today)
    yield Field.INTERESTING, None, replace(situation, answers={**situation.answers, project.id: interesting})
