"""What a gemeente means to reach with a project: per indicator where it starts, where it wants to be, and by when.

Source: domain.md, Impact; methods.md D 10 (one period grain per plan) and E (Path).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.impact.indicators.model import MOST_EURO, MOST_PEOPLE
from shared.contracts.events import AdoptionEnded, AdoptionStarted, Event
from shared.reference import Figure, UnknownIndicator, indicator
from shared.refusals import Conflict, Fault, Invalid


class InvalidPlan(Invalid):
    """The plan misses something, or something in it is wrong; every fault names its field."""


class AlreadyMeasured(Conflict):
    """Figures were recorded by this plan's periods; other periods beside them would show what lies between."""


class Grain(StrEnum):
    """How long the period of one figure is. Targets of counts are per period of this length."""

    MONTH = "maand"
    QUARTER = "kwartaal"
    HALF_YEAR = "halfjaar"
    YEAR = "jaar"

    @property
    def months(self) -> int:
        """Its length."""
        return {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.HALF_YEAR: 6, Grain.YEAR: 12}[self]

    def is_period(self, start: date, end: date) -> bool:
        """Whether these are the first and the last day of one such period of the calendar."""
        last_month = start.month + self.months - 1
        if start.day != 1 or (start.month - 1) % self.months:
            return False
        return end == date(start.year, last_month, calendar.monthrange(start.year, last_month)[1])


@dataclass(frozen=True, slots=True)
class Plan:
    """The path of one indicator in one adoption: `baseline` on `starts_on`, `target` on `ends_on`.

    Both are in the unit of the indicator: a percentage from 0 to 100, a count per period of the plan's grain.
    """

    id: UUID
    adoption: UUID
    indicator: str
    grain: Grain
    baseline: Decimal
    target: Decimal
    starts_on: date
    ends_on: date
    revision: int = 0

    def check(self) -> None:
        """Raises: InvalidPlan, naming everything that is wrong at once."""
        if faults := tuple(self._faults()):
            raise InvalidPlan("Het plan klopt nog niet.", faults)

    def _faults(self) -> Iterator[Fault]:
        try:
            figure = indicator(self.indicator).figure
        except UnknownIndicator as unknown:
            yield from unknown.faults
        else:
            for field, value in (("baseline", self.baseline), ("target", self.target)):
                yield from _level_faults(field, value, figure)
        if self.baseline.is_finite() and self.baseline == self.target:
            yield Fault("target", "Het doel is gelijk aan het begin. Zeg wat er moet veranderen.")
        if self.ends_on <= self.starts_on:
            yield Fault("endsOn", "Kies een einde dat na het begin ligt.")

    def restate(self, changed: Plan, measured: bool) -> Plan:
        """The plan with what it says now. `measured`: whether figures were recorded by it.

        Raises: InvalidPlan; AlreadyMeasured when the length of its periods would change after that.
        """
        changed.check()
        if measured and (changed.grain is not self.grain or changed.indicator != self.indicator):
            raise AlreadyMeasured(f"Er zijn al cijfers per {self.grain}. Indicator en periode liggen daarom vast.")
        return replace(changed, id=self.id, adoption=self.adoption, revision=self.revision)

    def path(self, on: date) -> Decimal:
        """Where the figure should be on a day: a straight line from baseline to target, level before and after it."""
        elapsed = min(max(on - self.starts_on, timedelta(0)), self.ends_on - self.starts_on)
        return self.baseline + (self.target - self.baseline) * elapsed.days / (self.ends_on - self.starts_on).days


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is known here of an adoption: whose figures these are, and until when anything is measured."""

    id: UUID
    gemeente: str
    project: UUID
    may_be_named: bool = False
    started_on: date | None = None
    ended_on: date | None = None


def started(known: Adoption | None, event: Event[AdoptionStarted], _say: Callable[..., None]) -> Adoption:
    """Told again when something changed, such as whether it may be named; an adoption that ended starts no more."""
    said = event.data
    ended_on = known.ended_on if known else None
    return Adoption(said.adoption, said.gemeente, said.project, said.may_be_named, said.started_on, ended_on)


def ended(known: Adoption | None, event: Event[AdoptionEnded], _say: Callable[..., None]) -> Adoption:
    """From here on nothing is measured. What was published stays."""
    said = event.data
    return replace(known or Adoption(said.adoption, said.gemeente, said.project), ended_on=said.ended_on)


def _level_faults(field: str, value: Decimal, figure: Figure) -> Iterator[Fault]:
    highest = {Figure.PERCENTAGE: Decimal(100), Figure.COUNT: Decimal(MOST_PEOPLE)}.get(figure, MOST_EURO)
    if not value.is_finite():
        yield Fault(field, "Dit is geen getal.")
    elif figure in (Figure.PERCENTAGE, Figure.COUNT) and not 0 <= value <= highest:
        yield Fault(field, f"Geef een getal van 0 tot en met {highest}.")
    elif abs(value) > highest:
        yield Fault(field, f"Geef een getal van hooguit {highest}.")
    elif value != round(value, 2):
        yield Fault(field, "Gebruik hooguit twee cijfers achter de komma.")
