"""The afwegingskader: by what a project is weighed. Versioned; an assessment keeps the version it began with.

Source: seed page, "Afwegingskader"; domain.md. "The criteria are not cast in concrete": scores support a decision, they do
not take it. The scale, the thresholds and the term of validity are not published: they are our own, and part of the version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.contracts.vocabulary import Criterion, EvidenceLevel, Phase, Verdict
from shared.reference.criteria import PARTS, Part
from shared.terms import years_after

SCALE: Mapping[int, str] = {
    0: "niet aangetoond",
    1: "nauwelijks aangetoond",
    2: "deels aangetoond",
    3: "grotendeels aangetoond",
    4: "aangetoond",
}
FULLY_CONVINCED = 3  # below it a score needs a note: what is missing goes to the submitter as advice


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which mean score of the WEAKEST criterion the scores speak for a verdict."""

    adopt: float = 3.0
    with_conditions: float = 2.0
    not_now: float = 1.0


@dataclass(frozen=True, slots=True)
class Framework:
    """One version of the afwegingskader."""

    version: int
    valid_from: date
    main_question: str
    preferences: tuple[str, ...]
    parts: tuple[Part, ...] = PARTS
    phases: tuple[Phase, ...] = tuple(Phase)
    evidence_levels: tuple[EvidenceLevel, ...] = tuple(EvidenceLevel)
    scale: Mapping[int, str] = field(default_factory=lambda: SCALE)
    thresholds: Thresholds = Thresholds()
    verdict_years: int = 3

    def has(self, criterion: Criterion, part: str) -> bool:
        """Whether this version weighs such a part."""
        return any(known.criterion is criterion and known.slug == part for known in self.parts)

    def advice(self, means: Mapping[Criterion, float | None]) -> Verdict:
        """What the mean scores (0 to 4) speak for: a project is as strong as its weakest criterion.

        A criterion that nobody scored is not proven: it counts as what keeps a project from being adopted now.
        """
        known = [mean for criterion in Criterion if (mean := means.get(criterion)) is not None]
        if len(known) < len(Criterion):
            return Verdict.NOT_NOW
        weakest = min(known)
        if weakest >= self.thresholds.adopt:
            return Verdict.ADOPT
        if weakest >= self.thresholds.with_conditions:
            return Verdict.ADOPT_WITH_CONDITIONS
        return Verdict.NOT_NOW if weakest >= self.thresholds.not_now else Verdict.NO

    def goes_against(self, verdict: Verdict, means: Mapping[Criterion, float | None]) -> bool:
        """Whether a verdict needs a reason to depart from the scores.

        It does where it lets a project be adopted that the scores do not, or the other way round, and where it drops the
        conditions that the scores ask for. To be stricter on the same side of that line needs no more than its reasons.
        """
        advice = self.advice(means)
        drops_conditions = verdict is Verdict.ADOPT and advice is Verdict.ADOPT_WITH_CONDITIONS
        return verdict.allows_adoption != advice.allows_adoption or drops_conditions

    def valid_until(self, released_on: date) -> date:
        """The last day on which a verdict that was made known on this day holds."""
        return years_after(released_on, self.verdict_years)


FIRST = Framework(
    version=1,
    valid_from=date(2018, 1, 1),
    main_question="Wat voegt het toe aan de projecten die er al zijn?",
    preferences=(
        "Publieke en private partijen doen samen mee.",
        "De doelgroep zegt zelf dat het werkt.",
        "Het vult de zeven fasen aan en is niet meer van hetzelfde.",
    ),
)

VERSIONS: tuple[Framework, ...] = (FIRST,)


def framework_on(day: date, versions: tuple[Framework, ...] = VERSIONS) -> Framework:
    """The version that holds on a day: the newest that is valid by then; before the first one, the first."""
    begun = [framework for framework in versions if framework.valid_from <= day]
    return max(begun or versions[:1], key=lambda framework: framework.version)


def framework_numbered(version: int) -> Framework:
    """The version with this number. Raises: KeyError, as an assessment can only have begun with one that exists."""
    return {framework.version: framework for framework in VERSIONS}[version]
