"""Whether a figure keeps to its path, and what several periods come to.

Source: methods.md E. Small figures vary by chance: a figure is below its path only when its whole 80 % interval is. So of a
hundred counts that are on their path at most ten are called below it (percentages: fifteen); a plain line calls nearly half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import Figures, combined
from services.impact.observations.model import Observation
from services.impact.plans.model import Period, Plan, Plans
from services.impact.publication.model import Contribution, Family, Standing
from shared.reference import Direction, Figure, Indicator, indicator

Z80 = 1.2816  # of the normal distribution, 80 % between both sides
AT_A_DATE = "peildatum"


class Status(StrEnum):
    """How a figure stands to its path."""

    ON_TRACK = "op koers"
    BELOW_PATH = "onder pad"
    TOO_EARLY = "nog niet te zeggen"


@dataclass(frozen=True, slots=True)
class Interval:
    """Between these two the true level lies, with 80 % certainty."""

    lower: float
    upper: float


def byar(count: int) -> Interval:
    """The interval of a count (Byar's approximation of the Poisson interval)."""
    above = count + 1
    lower = count * (1 - 1 / (9 * count) - Z80 / (3 * sqrt(count))) ** 3 if count else 0.0
    return Interval(max(0.0, lower), above * (1 - 1 / (9 * above) + Z80 / (3 * sqrt(above))) ** 3)


def wilson(numerator: int, denominator: int) -> Interval:
    """The interval of a percentage, from 0 to 100 (Wilson's score interval). The denominator is at least 1."""
    share, square = numerator / denominator, Z80 * Z80
    middle = share + square / (2 * denominator)
    reach = Z80 * sqrt(share * (1 - share) / denominator + square / (4 * denominator * denominator))
    scale = 100 / (1 + square / denominator)
    return Interval(max(0.0, (middle - reach) * scale), min(100.0, (middle + reach) * scale))


def point(of: Indicator, figures: Figures) -> float | None:
    """The figure as one number, in the unit of its indicator; None for a percentage of nobody."""
    if of.figure is not Figure.PERCENTAGE:
        return None if figures.value is None else float(figures.value)
    return 100 * (figures.numerator or 0) / figures.denominator if figures.denominator else None


def interval(of: Indicator, figures: Figures) -> Interval | None:
    """How sure the figure is; None for a mean, an amount or a ratio, as it is not known of how many it is one."""
    if of.figure is Figure.COUNT:
        return byar(figures.count)
    if of.figure is Figure.PERCENTAGE and figures.denominator:
        return wilson(figures.numerator or 0, figures.denominator)
    return None


def status(plan: Plan, figures: Figures, on: date) -> Status:
    """Whether the figure of a period that ended on this day keeps to the path of its plan.

    Which way is better is the indicator's; where it says neither, the plan's own: from its baseline to its target.
    """
    of = indicator(plan.indicator)
    reached, sure, path = point(of, figures), interval(of, figures), float(plan.path(on))
    if reached is None:
        return Status.TOO_EARLY
    higher_is_better = _higher_is_better(of, plan)
    if reached >= path if higher_is_better else reached <= path:
        return Status.ON_TRACK
    if sure is not None and (sure.upper < path if higher_is_better else sure.lower > path):
        return Status.BELOW_PATH
    return Status.TOO_EARLY


def cumulative(of: Indicator, periods: Iterable[tuple[date, Figures]]) -> Figures | None:
    """What the periods (each by its last day) come to: their sum; what is counted at a date, as it was at the last one.

    None where there are none, and for means and ratios of several periods.
    """
    in_order = [figures for _, figures in sorted(periods, key=lambda period: period[0])]
    return combined(of, in_order[-1:] if AT_A_DATE in of.moment else in_order)


def _higher_is_better(of: Indicator, plan: Plan) -> bool:
    if of.direction is Direction.NEUTRAL:
        return plan.target >= plan.baseline
    return of.direction is Direction.HIGHER


@dataclass(frozen=True, slots=True)
class Cell:
    """One indicator over one period: what was recorded, if anything was, and what everybody sees of it."""

    period: Period
    observation: Observation | None
    standing: Standing

    @property
    def figures(self) -> Figures | None:
        """What was recorded and holds."""
        return self.observation.counts if self.observation else None


@dataclass(frozen=True, slots=True)
class Series:
    """One indicator in an adoption, period by period; without a plan where it is measured but was not planned."""

    indicator: Indicator
    plan: Plan | None
    cells: tuple[Cell, ...]

    @property
    def status(self) -> Status | None:
        """How the last figure that holds stands to the path; None without a plan or a figure."""
        return next((self.status_of(cell) for cell in reversed(self.cells) if cell.figures), None)

    @property
    def total(self) -> Figures | None:
        """What all periods come to."""
        return cumulative(self.indicator, ((c.period.end, c.figures) for c in self.cells if c.figures))

    def status_of(self, cell: Cell) -> Status | None:
        """How the figure of one period stands to the path."""
        return status(self.plan, cell.figures, cell.period.end) if self.plan and cell.figures else None


def series(
    adoption: Adoption,
    plans: Plans,
    observations: Iterable[Observation],
    standings: Mapping[Family, Standing],
    today: date,
) -> tuple[Series, ...]:
    """Every indicator that is planned or measured, over every period that is due or was recorded."""
    found = {(o.indicator, o.period): o for o in observations if o.breakdown is None}
    codes = sorted({plan.indicator for plan in plans.items} | {code for code, _ in found})
    every = []
    for code in codes:
        plan = plans.of(code)
        due = set(plan.periods(today)) if plan else set()
        periods = sorted(due | {period for of, period in found if of == code}, key=lambda p: (p.start, p.end))
        cells = (_cell(adoption, code, period, found.get((code, period)), standings) for period in periods)
        every.append(Series(indicator(code), plan, tuple(cells)))
    return tuple(every)


def _cell(
    adoption: Adoption,
    code: str,
    period: Period,
    observation: Observation | None,
    standings: Mapping[Family, Standing],
) -> Cell:
    family = Family(adoption.project, code, period.start, period.end)
    figures = observation.counts if observation else None
    alone = Standing(Contribution(family, adoption.gemeente, figures, adoption.may_be_named))
    return Cell(period, observation, standings.get(family, alone))
