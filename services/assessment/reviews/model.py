"""A review: what one board member finds of each part of the criteria, and on which evidence that rests.

Source: domain.md, Afwegingskader: scores tied to the evidence they rest on, conflicts of interest by organisation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from statistics import fmean
from uuid import UUID

from services.assessment.board.model import Member
from services.assessment.frameworks.model import FULLY_CONVINCED, Framework
from shared.conflicts import Chain, Tie, conflict_chain
from shared.contracts.vocabulary import Criterion
from shared.refusals import Conflict, Fault, Forbidden, Invalid

LONGEST_NOTE = 4000


class InvalidReview(Invalid):
    """Parts are missing or wrong; every fault names the part."""


class AlreadyHandedIn(Conflict):
    """A review that was handed in stands; the others have seen it."""


class ConflictOfInterest(Forbidden):
    """The member's organisation is bound to the project. `chain` says how: through which organisations."""

    title = "U heeft een belang bij dit project"

    def __init__(self, chain: Chain, names: Mapping[UUID, str] | None = None) -> None:
        through = " - ".join((names or {}).get(organisation, str(organisation)) for organisation in chain.organisations)
        super().__init__(f"U kunt dit project niet beoordelen, want uw organisatie is eraan verbonden: {through}.")
        self.chain = chain


@dataclass(frozen=True, slots=True)
class Score:
    """What a member finds of one part: 0 (not shown at all) to 4 (shown), or None for "no opinion"."""

    criterion: Criterion
    part: str
    score: int | None
    evidence: tuple[UUID, ...] = ()
    note: str = ""

    def faults(self, framework: Framework, known_evidence: Collection[UUID]) -> Iterator[Fault]:
        """What is wrong in what was given, at "scores.<part>"."""
        at = f"scores.{self.part}"
        if not framework.has(self.criterion, self.part):
            yield Fault(at, f"Het criterium '{self.criterion}' heeft geen onderdeel '{self.part}'.")
        if self.score is not None and self.score not in framework.scale:
            yield Fault(f"{at}.score", f"Geef een cijfer van {min(framework.scale)} tot en met {max(framework.scale)}.")
        if unknown := [evidence for evidence in self.evidence if evidence not in known_evidence]:
            yield Fault(f"{at}.evidence", f"Dit bewijs hoort niet bij deze versie van het project: {unknown[0]}.")
        if len(self.note) > LONGEST_NOTE:
            yield Fault(f"{at}.note", f"Gebruik hooguit {LONGEST_NOTE} tekens.")

    def gaps(self) -> Iterator[Fault]:
        """What is still missing: the evidence under a score, and words where the member is not convinced."""
        if self.score and not self.evidence:
            yield Fault(
                f"scores.{self.part}.evidence", "Kies het bewijs waar uw cijfer op rust. Zonder bewijs is het cijfer 0."
            )
        if (self.score is None or self.score < FULLY_CONVINCED) and not self.note.strip():
            yield Fault(f"scores.{self.part}.note", "Zeg wat er ontbreekt. De indiener krijgt dit als advies.")


@dataclass(frozen=True, slots=True)
class Review:
    """One member's review of one assessment. It may be incomplete until it is handed in."""

    id: UUID
    assessment: UUID
    member: Member
    scores: tuple[Score, ...] = ()
    handed_in_on: date | None = None
    revision: int = 0

    def conflicts_with(self, behind: Collection[UUID], ties: Iterable[Tie], on: date) -> Chain | None:
        """How its member is bound to the organisations behind the project; None where there is no conflict of interest.

        `behind` are the organisations with a hard relation to the project, `ties` what binds organisations to each other.
        """
        return conflict_chain(self.member.organisations(on), behind, ties, on)

    def write(self, scores: Iterable[Score], framework: Framework, known_evidence: Collection[UUID]) -> Review:
        """With these scores; a part that was scored before gets its new score, the others stay.

        What is still missing may stay so until the review is handed in; what is given must be right.

        Raises: AlreadyHandedIn, InvalidReview.
        """
        self._check_open()
        given = tuple(scores)
        if faults := tuple(fault for score in given for fault in score.faults(framework, known_evidence)):
            raise InvalidReview("In uw beoordeling klopt iets niet.", faults)
        by_part = {(score.criterion, score.part): score for score in (*self.scores, *given)}
        return replace(self, scores=tuple(by_part.values()))

    def hand_in(self, framework: Framework, today: date) -> Review:
        """Complete and final: the others may see it, and it counts. Raises: AlreadyHandedIn, InvalidReview."""
        self._check_open()
        if gaps := tuple(self.gaps(framework)):
            raise InvalidReview("Uw beoordeling is nog niet compleet.", gaps)
        return replace(self, handed_in_on=today)

    def gaps(self, framework: Framework) -> Iterator[Fault]:
        """Everything that still stands in the way of handing it in, in the order of the framework."""
        scored = {(score.criterion, score.part): score for score in self.scores}
        for part in framework.parts:
            score = scored.get((part.criterion, part.slug))
            if score is None:
                yield Fault(f"scores.{part.slug}", f"Geef uw oordeel: {part.question}")
            else:
                yield from score.gaps()

    def is_visible_to(self, own: Review | None) -> bool:
        """Others' scores are seen only after one's own: `own` is the review of the member who wants to look."""
        if own is None:
            return False
        return own.id == self.id or (self.handed_in_on is not None and own.handed_in_on is not None)

    def _check_open(self) -> None:
        if self.handed_in_on is not None:
            raise AlreadyHandedIn("U heeft deze beoordeling ingediend. Ze ligt vast.")


def impartial(
    reviews: Iterable[Review], behind: Collection[UUID], ties: Collection[Tie], on: date
) -> tuple[Review, ...]:
    """The reviews that may count today: a conflict of interest that came up after the review takes it out."""
    return tuple(review for review in reviews if review.conflicts_with(behind, ties, on) is None)


def mean_scores(reviews: Iterable[Review]) -> dict[Criterion, float | None]:
    """Per criterion the mean (0 to 4, two decimals) over the members of each member's mean; no opinion counts in neither.

    A member weighs as much with three opinions on a criterion as with seven.
    """
    means: dict[Criterion, list[float]] = defaultdict(list)
    for review in reviews:
        for criterion in Criterion:
            given = [s.score for s in review.scores if s.criterion is criterion and s.score is not None]
            if given:
                means[criterion].append(fmean(given))
    return {criterion: round(fmean(means[criterion]), 2) if means[criterion] else None for criterion in Criterion}
