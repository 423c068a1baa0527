"""The assessment of one project version, and what the portfolioboard decides of it.

Source: domain.md, Afwegingskader: scores support a decision, they do not take it; decisions are prepared over days and made
known together; conditions are followed to their closure; while a next version is weighed, the old one stays adoptable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.assessment.board.model import Quorum
from services.assessment.frameworks.model import Framework, framework_on
from services.assessment.reviews.model import Review, mean_scores
from shared.contracts.events import Event, ProjectAssessed, ProjectSubmitted, ProjectWithdrawn
from shared.contracts.events.project_submitted import Involvement
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict
from shared.refusals import Conflict, Fault, Invalid

LONGEST_TEXT, LONGEST_CONDITION, MOST_CONDITIONS = 4000, 1000, 20

UNMADE = UUID(int=0)  # an assessment gets its id when it is first written

Means = Mapping[Criterion, float | None]


class IncompleteDecision(Invalid):
    """The decision misses something, or something in it is wrong; every fault names its field."""


class QuorumMissing(Conflict):
    """Too few members have reviewed the project without a conflict of interest."""


class NotOpen(Conflict):
    """The assessment is closed: the decision is known, a newer version took its place, or the project was withdrawn."""


class NothingPrepared(Conflict):
    """There is no prepared decision to make known."""


class State(StrEnum):
    """Where an assessment stands."""

    OPEN = "open"
    DECIDED = "besluit-voorbereid"
    RELEASED = "bekendgemaakt"
    SUPERSEDED = "vervangen"
    WITHDRAWN = "ingetrokken"

    @property
    def can_still_decide(self) -> bool:
        """A prepared decision may be prepared anew until it is made known."""
        return self in (State.OPEN, State.DECIDED)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, for one criterion, on which evidence, beside the mean score (0 to 4) of the board."""

    criterion: Criterion
    reason: str
    evidence: tuple[UUID, ...] = ()
    mean_score: float | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What must still happen, and by when (that day included)."""

    id: UUID
    text: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What the board decided. Until it is made known, it can be prepared anew.

    `delegation` is the board's own decision by which it left this one to somebody else.
    """

    verdict: Verdict
    evidence_level: EvidenceLevel
    reasons: tuple[Reason, ...]
    conditions: tuple[Condition, ...] = ()
    override_reason: str | None = None
    decided_on: date | None = None
    released_on: date | None = None
    valid_until: date | None = None
    delegation: str | None = None

    def faults(
        self, framework: Framework, means: Means, known_evidence: Collection[UUID], today: date
    ) -> Iterator[Fault]:
        """Everything that is missing or wrong in it."""
        yield from self._reason_faults(known_evidence)
        yield from self._condition_faults(today)
        yield from self._override_faults(framework, means)

    def _override_faults(self, framework: Framework, means: Means) -> Iterator[Fault]:
        given, against = (self.override_reason or "").strip(), framework.goes_against(self.verdict, means)
        if against and not given:
            advice = framework.advice(means)
            yield Fault("overrideReason", f"De cijfers wijzen op '{advice}'. Zeg waarom het board anders besluit.")
        if given and not against:
            yield Fault("overrideReason", "Dit besluit volgt de cijfers. Laat de reden om af te wijken leeg.")
        if len(given) > LONGEST_TEXT:
            yield Fault("overrideReason", f"Gebruik hooguit {LONGEST_TEXT} tekens.")

    def prepared(self, means: Means, today: date) -> Decision:
        """With the reasons in the order of the criteria, each beside what the scores say, and the day it was taken."""
        by_criterion = {reason.criterion: reason for reason in self.reasons}
        reasons = tuple(replace(by_criterion[c], mean_score=means[c]) for c in Criterion)
        return replace(self, reasons=reasons, decided_on=today, released_on=None, valid_until=None)

    def _reason_faults(self, known_evidence: Collection[UUID]) -> Iterator[Fault]:
        given = {reason.criterion: reason for reason in self.reasons}
        if len(self.reasons) > len(given):
            yield Fault("reasons", "Geef per criterium één reden.")
        for criterion in Criterion:
            at = f"reasons.{criterion}"
            reason = given.get(criterion)
            if reason is None or not reason.reason.strip():
                yield Fault(at, f"Zeg waarom, voor het criterium '{criterion}'.")
            elif len(reason.reason) > LONGEST_TEXT:
                yield Fault(at, f"Gebruik hooguit {LONGEST_TEXT} tekens.")
            if reason and not set(reason.evidence) <= set(known_evidence):
                yield Fault(f"{at}.evidence", "Dit bewijs hoort niet bij deze versie van het project.")

    def _condition_faults(self, today: date) -> Iterator[Fault]:
        if self.verdict is Verdict.ADOPT_WITH_CONDITIONS and not self.conditions:
            yield Fault("conditions", "Noem de voorwaarden waaronder gemeenten dit project kunnen overnemen.")
        if self.verdict is not Verdict.ADOPT_WITH_CONDITIONS and self.conditions:
            yield Fault(
                "conditions", f"Bij '{self.verdict}' horen geen voorwaarden. Kies '{Verdict.ADOPT_WITH_CONDITIONS}'."
            )
        if len(self.conditions) > MOST_CONDITIONS:
            yield Fault("conditions", f"Stel hooguit {MOST_CONDITIONS} voorwaarden.")
        for place, condition in enumerate(self.conditions):
            if not 0 < len(condition.text.strip()) <= LONGEST_CONDITION:
                yield Fault(
                    f"conditions.{place}.text", f"Zeg in hooguit {LONGEST_CONDITION} tekens wat er moet gebeuren."
                )
            if condition.due_on <= today:
                yield Fault(f"conditions.{place}.dueOn", "Kies een dag die nog komt.")


def check_quorum(reviews: Collection[Review], quorum: Quorum) -> tuple[Review, ...]:
    """The reviews that count: those that were handed in. Raises: QuorumMissing when they are too few."""
    counted = tuple(review for review in reviews if review.handed_in_on is not None)
    if lacking := quorum.lacking(review.member for review in counted):
        raise QuorumMissing(lacking)
    return counted


def organisations_behind(involvements: Iterable[Involvement]) -> frozenset[UUID]:
    """The organisations with a hard relation to a project."""
    return frozenset(involved.organisation for involved in involvements if involved.relation.is_hard)


@dataclass(frozen=True, slots=True)
class Assessment:
    """One project version before the board. It keeps the version of the framework that held when it was opened.

    `dossier` is what the board has before it: the project version as it was submitted. `offered` tells whether the project
    is on offer: it ends with its withdrawal, and begins again with its next version.
    """

    id: UUID
    project: UUID
    project_version: int
    framework_version: int
    dossier: ProjectSubmitted
    state: State = State.OPEN
    decision: Decision | None = None
    offered: bool = True
    revision: int = 0

    @classmethod
    def open(cls, assessment: UUID, submitted: ProjectSubmitted, framework: Framework) -> Assessment:
        """The assessment of a version that was just submitted, by the framework that holds now."""
        return cls(assessment, submitted.project, submitted.project_version, framework.version, submitted)

    @property
    def evidence(self) -> frozenset[UUID]:
        """What a score or a reason can rest on."""
        return frozenset(evidence.id for evidence in self.dossier.evidence)

    @property
    def behind(self) -> frozenset[UUID]:
        """The organisations behind the project: what a conflict of interest is looked for in."""
        return organisations_behind(self.dossier.involvements)

    def check_open(self) -> None:
        """Raises: NotOpen."""
        if not self.state.can_still_decide:
            raise NotOpen(f"Over deze versie wordt niet meer besloten: ze is {self.state}.")

    def decide(
        self, decision: Decision, reviews: Collection[Review], framework: Framework, quorum: Quorum, today: date
    ) -> Assessment:
        """Prepares the decision; only `release` makes it known.

        `reviews` are those of members without a conflict of interest; only what was handed in counts.

        Raises: NotOpen, QuorumMissing, IncompleteDecision with every fault at once.
        """
        self.check_open()
        counted = check_quorum(reviews, quorum)
        means = mean_scores(counted)
        if faults := tuple(decision.faults(framework, means, self.evidence, today)):
            raise IncompleteDecision("Het besluit is nog niet compleet.", faults)
        return replace(self, state=State.DECIDED, decision=decision.prepared(means, today))

    def release(self, framework: Framework, today: date) -> Assessment:
        """Makes the prepared decision known. Raises: NotOpen, NothingPrepared."""
        self.check_open()
        if self.decision is None or self.state is not State.DECIDED:
            raise NothingPrepared("Er is nog geen besluit voorbereid om bekend te maken.")
        known = replace(self.decision, released_on=today, valid_until=framework.valid_until(today))
        return replace(self, state=State.RELEASED, decision=known)

    def make_way(self) -> Assessment:
        """A next version was submitted: nobody decides on this one any more. A verdict that is known stands (again)."""
        return replace(self, offered=True, state=State.SUPERSEDED if self.state.can_still_decide else self.state)

    def yield_to(self, newer: Assessment) -> Assessment:
        """The verdict on a newer version is known: it takes the place of this one where it lets gemeenten adopt.

        A newer version that the board turns down leaves the older verdict as it was.
        """
        takes_over = newer.decision is not None and newer.decision.verdict.allows_adoption
        older = newer.project == self.project and newer.project_version > self.project_version
        if self.state is State.RELEASED and newer.state is State.RELEASED and older and takes_over:
            return replace(self, state=State.SUPERSEDED)
        return self

    def withdraw(self) -> Assessment:
        """The project was withdrawn: there is nothing to decide any more, and nothing to adopt until it is offered again."""
        return replace(self, offered=False, state=State.WITHDRAWN if self.state.can_still_decide else self.state)

    def is_adoptable(self, on: date) -> bool:
        """Whether this verdict lets a gemeente take the version over on this day."""
        decision = self.decision
        if not self.offered or self.state is not State.RELEASED or decision is None or decision.valid_until is None:
            return False
        return decision.verdict.allows_adoption and on <= decision.valid_until

    def told(self) -> ProjectAssessed:
        """What the others hear once the decision is made known. Raises: NothingPrepared."""
        if self.decision is None or self.decision.released_on is None:
            raise NothingPrepared("Dit besluit is nog niet bekend.")
        return ProjectAssessed.of(
            self.decision,
            assessment=self.id,
            project=self.project,
            project_version=self.project_version,
            framework_version=self.framework_version,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """All assessments of one project: one for each version that was submitted."""

    project: UUID
    assessments: tuple[Assessment, ...] = ()


def submitted(line: Line | None, event: Event[ProjectSubmitted], _say: Callable[..., None]) -> Line | None:
    """A version comes before the board, by the framework of that day. Only the newest is weighed, however they come."""
    said = event.data
    known = line.assessments if line else ()
    if any(assessment.project_version == said.project_version for assessment in known):
        return line
    all_of_it = (*known, Assessment.open(UNMADE, said, framework_on(said.submitted_on)))
    newest = max(assessment.project_version for assessment in all_of_it)
    return Line(said.project, tuple(a if a.project_version == newest else a.make_way() for a in all_of_it))


def withdrawn(line: Line | None, _event: Event[ProjectWithdrawn], _say: Callable[..., None]) -> Line | None:
    """Nothing of the project is weighed any longer, nor adopted, until it is submitted again."""
    return None if line is None else Line(line.project, tuple(a.withdraw() for a in line.assessments))
