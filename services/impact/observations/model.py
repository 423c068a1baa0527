"""What a gemeente recorded: exact figures, as aggregates, with where they come from. A correction is the next version.

Source: domain.md, Impact; the rules for what is shown of it are in `publication`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import Figures
from services.impact.plans.model import Period, Plan, Plans
from shared.contracts.events import ImpactRecorded
from shared.reference import UnknownIndicator, indicator
from shared.refusals import Conflict, Fault, Invalid, Refusal

LONGEST_LINE, LONGEST_TEXT, LONGEST_LINK = 300, 4000, 2000

_LINK = re.compile(r"https?://\S+")


class InvalidObservation(Invalid):
    """What was recorded is wrong; every fault names its field."""


class AlreadyRecorded(Conflict):
    """There is a figure for this period: it is corrected, not recorded a second time."""


class NothingCorrected(Conflict):
    """The figure and its source are what they were."""


class AlreadyWithdrawn(Conflict):
    """The figure was withdrawn before."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a figure comes from: the registration it was counted in, how, and a place to look it up if there is one."""

    source: str
    method: str
    link: str | None = None

    def faults(self) -> Iterator[Fault]:
        """What is missing or too long in it."""
        for field, text in (("source", self.source), ("method", self.method)):
            if not text.strip():
                yield Fault(f"provenance.{field}", "Zeg waar het cijfer vandaan komt en hoe er is geteld.")
            elif len(text) > LONGEST_LINE:
                yield Fault(f"provenance.{field}", f"Gebruik hooguit {LONGEST_LINE} tekens.")
        if self.link is not None and not _is_link(self.link):
            yield Fault("provenance.link", f"Geef een volledig webadres (https://...), hooguit {LONGEST_LINK} tekens.")


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody states when recording: of what, over which period, which figure, from where."""

    indicator: str
    period: Period
    figures: Figures
    provenance: Provenance
    breakdown: str | None = None

    @property
    def place(self) -> tuple[str, str | None, Period]:
        """What there is at most one figure of in an adoption."""
        return (self.indicator, self.breakdown, self.period)

    def faults(self, adoption: Adoption, plan: Plan | None, known: Collection[Period], today: date) -> Iterator[Fault]:
        """Everything that is wrong with it, at once.

        `plan` is the adoption's plan for this indicator, if there is one. `known` are the periods over which this gemeente
        has figures, or had published ones, for this project, indicator and breakdown.
        """
        try:
            yield from self.figures.faults(indicator(self.indicator))
        except UnknownIndicator as unknown:
            yield from unknown.faults
        yield from self.provenance.faults()
        yield from self._period_faults(adoption, today)
        yield from self._grain_faults(plan, known)
        if self.breakdown is not None and not 0 < len(self.breakdown.strip()) <= LONGEST_LINE:
            yield Fault("breakdown", f"Noem de uitsplitsing in hooguit {LONGEST_LINE} tekens, of laat haar weg.")

    def _period_faults(self, adoption: Adoption, today: date) -> Iterator[Fault]:
        if self.period.end < self.period.start:
            yield Fault("periodEnd", "Het einde van de periode ligt voor het begin.")
        if self.period.end > today:
            yield Fault("periodEnd", "De periode is nog niet voorbij. Leg het cijfer vast als ze is afgelopen.")
        if adoption.ended_on is not None and self.period.start > adoption.ended_on:
            yield Fault("periodStart", f"De gemeente is op {adoption.ended_on} met het project gestopt.")

    def _grain_faults(self, plan: Plan | None, known: Collection[Period]) -> Iterator[Fault]:
        """Periods that overlap in part would show, by subtraction, what happened in the days between (methods.md D)."""
        if plan is not None and not plan.grain.is_period(self.period.start, self.period.end):
            yield Fault(
                "periodStart", f"Uw plan telt per {plan.grain}. Kies de eerste en de laatste dag van een {plan.grain}."
            )
        if any(self.period != other and self.period.overlaps(other) for other in known):
            yield Fault("periodStart", "Deze periode overlapt met een periode waarover al een cijfer is vastgelegd.")


@dataclass(frozen=True, slots=True)
class Observation:
    """One figure: adoption x indicator x period (x breakdown). `version` counts its corrections from 1."""

    id: UUID
    adoption: UUID
    gemeente: str
    project: UUID
    indicator: str
    period_start: date
    period_end: date
    breakdown: str | None
    figures: Figures
    provenance: Provenance
    recorded_on: date
    version: int = 1
    correction_reason: str | None = None
    withdrawn: bool = False

    @property
    def period(self) -> Period:
        """What it is about."""
        return Period(self.period_start, self.period_end)

    @property
    def place(self) -> tuple[str, str | None, Period]:
        """As `Statement.place`."""
        return (self.indicator, self.breakdown, self.period)

    @property
    def counts(self) -> Figures | None:
        """What it brings to the published figures: nothing once withdrawn, and breakdowns are not published."""
        return None if self.withdrawn or self.breakdown is not None else self.figures

    def correct(
        self, figures: Figures, provenance: Provenance, reason: str, today: date, known: Collection[Period] = ()
    ) -> Observation:
        """The next version, with the reason. Of a withdrawn figure it brings it back, unless its days are taken.

        `known` as in `Statement.faults`. Raises: InvalidObservation with every fault at once; NothingCorrected; AlreadyRecorded.
        """
        faults = [*figures.faults(indicator(self.indicator)), *provenance.faults(), *_reason_faults(reason)]
        if faults:
            raise InvalidObservation("De correctie klopt nog niet.", faults)
        figures = figures.shortest()
        if (figures, provenance, False) == (self.figures, self.provenance, self.withdrawn):
            raise NothingCorrected("Het cijfer en de bron zijn hetzelfde als ze waren.")
        if self.withdrawn and any(self.period != other and self.period.overlaps(other) for other in known):
            raise AlreadyRecorded("Over een deel van deze periode is intussen een ander cijfer vastgelegd.")
        return replace(self._next(reason, today), figures=figures, provenance=provenance, withdrawn=False)

    def withdraw(self, reason: str, today: date) -> Observation:
        """The next version, without a figure. Raises: AlreadyWithdrawn, InvalidObservation."""
        if self.withdrawn:
            raise AlreadyWithdrawn("Dit cijfer is al ingetrokken.")
        if faults := tuple(_reason_faults(reason)):
            raise InvalidObservation("Zonder reden kunt u het cijfer niet intrekken.", faults)
        return replace(self._next(reason, today), figures=Figures(), withdrawn=True)

    def told(self) -> ImpactRecorded:
        """What the others hear of it."""
        return ImpactRecorded.of(
            self,
            observation=self.id,
            value=self.figures.value,
            numerator=self.figures.numerator,
            denominator=self.figures.denominator,
        )

    def _next(self, reason: str, today: date) -> Observation:
        return replace(self, version=self.version + 1, correction_reason=reason, recorded_on=today)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a gemeente has recorded of one project so far: an adoption, its plans, and which periods are taken.

    `own` are the figures of this adoption, also those that were withdrawn: indicator, breakdown, period. `periods` are those
    over which the gemeente has figures, or had published ones, in any of its adoptions of the project.
    """

    adoption: Adoption
    plans: Plans
    own: frozenset[tuple[str, str | None, Period]] = frozenset()
    periods: frozenset[tuple[str, str | None, Period]] = frozenset()

    def periods_of(self, code: str, breakdown: str | None) -> list[Period]:
        """Those of one indicator, or of one part of its target group."""
        return [period for of, part, period in self.periods if (of, part) == (code, breakdown)]

    def record(self, observation: UUID, stated: Statement, today: date) -> Observation:
        """The first version of a figure. Raises: InvalidObservation with every fault at once; AlreadyRecorded."""
        known = self.periods_of(stated.indicator, stated.breakdown)
        if faults := tuple(stated.faults(self.adoption, self.plans.of(stated.indicator), known, today)):
            raise InvalidObservation("Het cijfer klopt nog niet.", faults)
        if stated.place in self.own:
            raise AlreadyRecorded("Over deze periode is al een cijfer vastgelegd. Corrigeer dat als het niet klopt.")
        return Observation(
            id=observation,
            adoption=self.adoption.id,
            gemeente=self.adoption.gemeente,
            project=self.adoption.project,
            indicator=stated.indicator,
            period_start=stated.period.start,
            period_end=stated.period.end,
            breakdown=stated.breakdown,
            figures=stated.figures.shortest(),
            provenance=stated.provenance,
            recorded_on=today,
        )

    def including(self, observation: Observation) -> Recorded:
        """With this figure among them."""
        return replace(self, own=self.own | {observation.place}, periods=self.periods | {observation.place})


Outcome: TypeAlias = Observation | Refusal
"""What became of one of several statements: it was recorded, or it was refused."""


def record_each(known: Recorded, stated: Sequence[Statement], ids: Sequence[UUID], today: date) -> list[Outcome]:
    """Each stands alone: one that is refused keeps none of the others back. Each also knows of those before it."""
    outcomes: list[Outcome] = []
    for observation, statement in zip(ids, stated, strict=True):
        try:
            recorded = known.record(observation, statement, today)
        except Refusal as refusal:
            outcomes.append(refusal)
        else:
            known = known.including(recorded)
            outcomes.append(recorded)
    return outcomes


def told_faults(
    said: ImpactRecorded, stated: Statement, adoption: Adoption, known: Observation | None
) -> Iterator[Fault]:
    """What is wrong in what a publisher tells beside the figure. `known` is the figure that is there already, if one is."""
    if said.project != adoption.project:
        yield Fault("project", "Deze overname gaat over een ander project.")
    if known is not None and known.place != stated.place:
        yield Fault("observation", "Deze meting gaat over een andere indicator, uitsplitsing of periode.")
    if known is None and said.withdrawn:
        yield Fault("withdrawn", "Over deze periode is er geen cijfer om in te trekken.")
    if known is None and said.correction_reason is not None:
        yield Fault("correctionReason", "Over deze periode is er nog geen cijfer. Laat dit veld leeg.")


def _is_link(text: str) -> bool:
    return _LINK.fullmatch(text) is not None and len(text) <= LONGEST_LINK


def _reason_faults(reason: str) -> Iterator[Fault]:
    if not 0 < len(reason.strip()) <= LONGEST_TEXT:
        yield Fault("reason", f"Zeg in hooguit {LONGEST_TEXT} tekens waarom het cijfer verandert.")
