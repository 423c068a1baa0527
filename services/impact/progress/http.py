"""/v1/adoptions/{adoption}/progress: against the path, with what everybody sees; for the gemeente and programme managers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.impact.adoptions.http import AdoptionResult, Looker, reader
from services.impact.plans.http import PlanResult
from services.impact.progress import operations
from services.impact.progress.model import Cell, Interval, Series, Status, interval, point
from services.impact.publication.model import HiddenBecause, Shown, Standing, Visibility
from shared.contracts.events.impact_recorded import Figure
from shared.reference import Direction, Indicator
from shared.web import Result, Today, Tx, service_router

router = service_router("/adoptions/{adoption}/progress", tag="Progress")


class IntervalResult(Result):
    """Between these two the true level lies, with 80 % certainty."""

    lower: float
    upper: float

    @classmethod
    def of(cls, between: Interval | None) -> IntervalResult | None:
        """Rounded to hundredths."""
        return None if between is None else cls(lower=round(between.lower, 2), upper=round(between.upper, 2))


class CorrectionResult(Result):
    """When a figure was last changed, and why."""

    version: int
    recorded_on: date
    reason: str


class PublicationResult(Result):
    """What everybody sees of it. `wacht`: that is the version of before, and the next one comes a day later.

    `hiddenBecause` is for the gemeente itself; it is null when the figure may be shown.
    """

    visibility: Visibility
    hidden_because: HiddenBecause | None
    shown: int | None
    shown_numerator: int | None
    shown_denominator: int | None
    percent: int | None
    release: int | None
    released_on: date | None

    @classmethod
    def of(cls, standing: Standing) -> PublicationResult:
        """By the newest release of its block, if it ever had one."""
        block = standing.block
        shown = (block.shown if block else None) or Shown()
        return cls(
            visibility=standing.visibility,
            hidden_because=standing.contribution.hidden_because(),
            shown=shown.count,
            shown_numerator=shown.numerator,
            shown_denominator=shown.denominator,
            percent=shown.percent,
            release=block.last.number if block else None,
            released_on=block.last.released_on if block else None,
        )


class PeriodResult(Result):
    """One period: what was recorded (`observation` is null while nothing is), and where it should be (`path`)."""

    period_start: date
    period_end: date
    path: float | None
    observation: UUID | None
    version: int | None
    withdrawn: bool
    value: Figure | None
    numerator: int | None
    denominator: int | None
    point: float | None
    interval: IntervalResult | None
    status: Status | None
    last_correction: CorrectionResult | None
    publication: PublicationResult

    @classmethod
    def of(cls, cell: Cell, series: Series) -> PeriodResult:
        """As it stands in its series."""
        observation, figures, of = cell.observation, cell.figures, series.indicator
        return cls(
            period_start=cell.period.start,
            period_end=cell.period.end,
            path=round(float(series.plan.path(cell.period.end)), 2) if series.plan else None,
            observation=observation.id if observation else None,
            version=observation.version if observation else None,
            withdrawn=observation is not None and observation.withdrawn,
            value=figures.value if figures else None,
            numerator=figures.numerator if figures else None,
            denominator=figures.denominator if figures else None,
            point=_rounded(point(of, figures)) if figures else None,
            interval=IntervalResult.of(interval(of, figures)) if figures else None,
            status=series.status_of(cell),
            last_correction=_last_correction(cell),
            publication=PublicationResult.of(cell.standing),
        )


class TotalFigureResult(Result):
    """What all periods come to; for what is counted at a date, as it was at the last one."""

    value: Figure | None
    numerator: int | None
    denominator: int | None


class SeriesResult(Result):
    """One indicator. `status` is that of the last figure; `plan` is null where it is measured but was not planned."""

    indicator: str
    name: str
    unit: str
    direction: Direction
    plan: PlanResult | None
    status: Status | None
    total: TotalFigureResult | None
    periods: list[PeriodResult]

    @classmethod
    def of(cls, series: Series) -> SeriesResult:
        """Period by period."""
        of: Indicator = series.indicator
        total = series.total
        return cls(
            indicator=of.code,
            name=of.name,
            unit=of.unit,
            direction=of.direction,
            plan=PlanResult.model_validate(series.plan, from_attributes=True) if series.plan else None,
            status=series.status,
            total=TotalFigureResult.model_validate(total, from_attributes=True) if total else None,
            periods=[PeriodResult.of(cell, series) for cell in series.cells],
        )


class ProgressResult(Result):
    """How an adoption comes along, indicator by indicator. The figures are exact: not for others' eyes."""

    adoption: AdoptionResult
    indicators: list[SeriesResult]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _last_correction(cell: Cell) -> CorrectionResult | None:
    observation = cell.observation
    if observation is None or observation.correction_reason is None:
        return None
    return CorrectionResult(
        version=observation.version, recorded_on=observation.recorded_on, reason=observation.correction_reason
    )


@router.get("")
async def get_progress(adoption: UUID, caller: Looker, tx: Tx, today: Today) -> ProgressResult:
    """Planned, recorded and published, side by side, for each indicator and period."""
    known, every = await operations.read(tx, adoption, reader(caller, today))
    return ProgressResult(adoption=AdoptionResult.of(known), indicators=[SeriesResult.of(one) for one in every])
