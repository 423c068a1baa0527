"""/v1/published-figures and /v1/releases: what everybody may see. What is hidden is not there, whatever the reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.impact.figures import operations, store
from services.impact.figures.model import Published, Search, name_of
from services.impact.figures.operations import RegionTotal
from services.impact.publication.model import Family
from shared.contracts.events import ReleaseKind
from shared.reference import current_code, indicator
from shared.web import Caller, Page, Paging, Result, Today, Tx, anyone, service_router
from shared.web.paging import BadCursor, cursor_of

router = service_router("/published-figures", tag="Published figures")
releases = service_router("/releases", tag="Releases")

Anyone = Annotated[Caller | None, anyone()]


class FigureResult(Result):
    """A figure that everybody may see. A count has `shown`; a percentage has numerator, denominator and `percent`.

    Every number is rounded to 5; the percentage is computed from the rounded numbers, in whole percents.
    """

    block: UUID
    project: UUID
    indicator: str
    unit: str
    period_start: date
    period_end: date
    scope: str
    scope_name: str
    shown: int | None
    shown_numerator: int | None
    shown_denominator: int | None
    percent: int | None
    target_shown: int | None
    release: int
    released_at: datetime

    @classmethod
    def of(cls, published: Published) -> FigureResult:
        """As its newest release shows it."""
        return cls.model_validate(_told(published))


class ReleaseResult(FigureResult):
    """A line of the ledger. `replaces` is the release of the same block that it puts aside.

    `position` has no gaps and only rises. A figure that was withdrawn (`kind`) shows nothing: hidden, never 0.
    """

    position: int
    kind: ReleaseKind
    replaces: int | None

    @classmethod
    def of(cls, published: Published) -> ReleaseResult:
        """As it was written."""
        line = published.block.last
        more = {"position": published.position, "kind": line.kind, "replaces": line.replaces}
        return cls.model_validate({**_told(published), **more})


class TotalResult(Result):
    """The sum of what is shown within a region. When it is not `complete`, something is hidden there: read "ten minste"."""

    region: str
    region_name: str
    shown: int | None
    shown_numerator: int | None
    shown_denominator: int | None
    percent: int | None
    complete: bool
    wording: str

    @classmethod
    def of(cls, found: RegionTotal) -> TotalResult:
        """With the words that go before the number."""
        shown = found.total.shown
        return cls(
            region=found.region,
            region_name=name_of(found.region),
            shown=shown.count,
            shown_numerator=shown.numerator,
            shown_denominator=shown.denominator,
            percent=shown.percent,
            complete=found.total.complete,
            wording="" if found.total.complete else "ten minste",
        )


class TotalsResult(Result):
    """The country first, then the provinces. A region of which nothing is shown is not there; that never means 0."""

    items: list[TotalResult]


def _told(published: Published) -> dict[str, object]:
    block, line = published.block, published.block.last
    shown = line.shown
    return {
        "block": block.id,
        "project": block.family.project,
        "indicator": block.family.indicator,
        "unit": indicator(block.family.indicator).unit,
        "period_start": block.family.period_start,
        "period_end": block.family.period_end,
        "scope": block.scope,
        "scope_name": name_of(block.scope),
        "shown": shown.count if shown else None,
        "shown_numerator": shown.numerator if shown else None,
        "shown_denominator": shown.denominator if shown else None,
        "percent": shown.percent if shown else None,
        "target_shown": line.target_shown,
        "release": line.number,
        "released_at": published.released_at,
    }


def _known_indicator(code: str | None) -> str | None:
    return None if code is None else indicator(code).code


@router.get("")
async def list_published_figures(
    _caller: Anyone,
    tx: Tx,
    page: Paging,
    today: Today,
    project: UUID | None = None,
    indicator: Annotated[str | None, Query(description="A code from the list of indicators.")] = None,
    gemeente: Annotated[str | None, Query(description="A gemeente, such as GM0518.")] = None,
    period_start: Annotated[date | None, Query(alias="periodStart", description="Periods from this day on.")] = None,
    period_end: Annotated[date | None, Query(alias="periodEnd", description="Periods up to this day.")] = None,
) -> Page[FigureResult]:
    """What is shown now. A figure that is hidden is not in the list: that does not mean that it is 0, or that there is one."""
    place = None if gemeente is None else current_code(gemeente, today)
    wanted = Search(project, _known_indicator(indicator), place, period_start, period_end)
    found = await store.shown(tx, wanted, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda published: published.block.id, FigureResult.of)


@router.get("/totals")
async def get_totals(
    _caller: Anyone,
    tx: Tx,
    project: UUID,
    indicator: Annotated[str, Query(description="A code from the list of indicators.")],
    period_start: Annotated[date, Query(alias="periodStart", description="The first day of the period.")],
    period_end: Annotated[date, Query(alias="periodEnd", description="The last day of the period, included.")],
) -> TotalsResult:
    """Sums of published figures, of which none can be told from the others: percentages through numerator and denominator."""
    found = await operations.totals(tx, Family(project, indicator, period_start, period_end))
    return TotalsResult(items=[TotalResult.of(each) for each in found])


@releases.get("")
async def list_releases(_caller: Anyone, tx: Tx, page: Paging) -> Page[ReleaseResult]:
    """The ledger, the oldest line first. While a page holds anything there is a `next`: come back with it for more."""
    found = await store.releases(tx, _position(page.after_text), page.limit)
    following = cursor_of(str(found[-1].position)) if found else None
    return Page(items=[ReleaseResult.of(published) for published in found], next=following)


def _position(after: str | None) -> int:
    """Raises: BadCursor."""
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise BadCursor
    return int(after)
