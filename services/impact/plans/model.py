"""What a gemeente means to reach with a project: per indicator where it starts, where it wants to be, and by when.

Source: domain.md, Impact; methods.md D 10 (one period grain per plan) and E (Path).
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import MOST_EURO, MOST_PEOPLE, shortest
from shared.reference import Figure, UnknownIndicator, indicator
from shared.refusals import Conflict, Fault, Invalid

LONGEST_YEARS = 20  # a plan that takes longer is a typing error


class InvalidPlan(Invalid):
    """The plan misses something, or something in it is wrong; every fault names its field."""


class AlreadyMeasured(Conflict):
    """Figures were recorded by this plan's periods; other periods beside them would show what lies between."""


class AdoptionHasEnded(Conflict):
    """The gemeente stopped with the project: nothing is planned any more."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    start: date
    end: date

    def overlaps(self, other: Period) -> bool:
        """Whether they have a day in common."""
        return self.start <= other.end and other.start <= self.end


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
        return Period(start, end) == self.period_of(start)

    def period_of(self, day: date) -> Period:
        """The period of the calendar in which this day lies."""
        first = (day.month - 1) // self.months * self.months + 1
        last = first + self.months - 1
        return Period(date(day.year, first, 1), date(day.year, last, calendar.monthrange(day.year, last)[1]))


@dataclass(frozen=True, slots=True)
class Plan:
    """The path of one indicator: `baseline` on `starts_on`, `target` on `ends_on`.

    Both are in the unit of the indicator: a percentage from 0 to 100, a count per period of the plan's grain.
    """

    indicator: str
    grain: Grain
    baseline: Decimal
    target: Decimal
    starts_on: date
    ends_on: date

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with it."""
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
        elif self.ends_on.year - self.starts_on.year > LONGEST_YEARS:
            yield Fault("endsOn", f"Kies een einde binnen {LONGEST_YEARS} jaar na het begin.")

    def path(self, on: date) -> Decimal:
        """Where the figure should be on a day: a straight line from baseline to target, level before and after it."""
        elapsed = min(max(on - self.starts_on, timedelta(0)), self.ends_on - self.starts_on)
        return self.baseline + (self.target - self.baseline) * elapsed.days / (self.ends_on - self.starts_on).days

    def periods(self, today: date) -> tuple[Period, ...]:
        """The periods of which a figure is due: those that ended on the way, and before today."""
        due, period = [], self.grain.period_of(self.starts_on)
        while period.end <= self.ends_on and period.end < today:
            due.append(period)
            period = self.grain.period_of(period.end + timedelta(days=1))
        return tuple(due)


@dataclass(frozen=True, slots=True)
class Plans:
    """What an adoption is measured by: one plan for each indicator, in the order of the indicators' codes."""

    adoption: UUID
    items: tuple[Plan, ...] = ()
    revision: int = 0

    def of(self, code: str) -> Plan | None:
        """The plan for this indicator, if there is one."""
        return next((plan for plan in self.items if plan.indicator == code), None)

    def restate(self, stated: Collection[Plan], adoption: Adoption, measured: Collection[str]) -> Plans:
        """The plans as they are stated now. `measured`: the indicators of which figures were recorded.

        Raises: AdoptionHasEnded; InvalidPlan with every fault at once; AlreadyMeasured when a plan by which figures were
        recorded would go, or would get periods of another length.
        """
        if adoption.ended_on is not None:
            raise AdoptionHasEnded(f"De gemeente is op {adoption.ended_on:%d-%m-%Y} met dit project gestopt.")
        if faults := tuple(_faults(tuple(stated))):
            raise InvalidPlan("Het plan klopt nog niet.", faults)
        grains = {plan.indicator: plan.grain for plan in stated}
        for known in self.items:
            if known.indicator in measured and grains.get(known.indicator) is not known.grain:
                name = indicator(known.indicator).name
                raise AlreadyMeasured(f"Voor '{name}' zijn al cijfers per {known.grain} vastgelegd. Dat ligt nu vast.")
        return replace(self, items=tuple(sorted(map(_shortest, stated), key=lambda plan: plan.indicator)))


def _faults(stated: tuple[Plan, ...]) -> Iterator[Fault]:
    times = Counter(plan.indicator for plan in stated)
    for nth, plan in enumerate(stated):
        yield from (Fault(f"plans.{nth}.{fault.field}", fault.message) for fault in plan.faults())
        if times[plan.indicator] > 1:
            yield Fault(
                f"plans.{nth}.indicator", "Deze indicator staat er meer dan eens. Geef elke indicator één plan."
            )


def _shortest(plan: Plan) -> Plan:
    return replace(plan, baseline=shortest(plan.baseline), target=shortest(plan.target))


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
