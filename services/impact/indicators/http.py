"""/v1/indicators: what can be measured and how, for everybody."""

from __future__ import annotations

from typing import Annotated

from shared.reference import Direction, Figure, Indicator, indicators
from shared.refusals import UnknownEntity
from shared.web import Caller, Result, anyone, service_router

router = service_router("/indicators", tag="Indicators")

Anyone = Annotated[Caller | None, anyone()]


class IndicatorResult(Result):
    """An indicator. `isPublicNow`: whether its figures are published at all; amounts, means and ratios are not yet."""

    code: str
    name: str
    definition: str
    unit: str
    kind: str
    levels: list[str]
    direction: Direction
    moment: str
    source: str
    figure: Figure
    is_public_now: bool

    @classmethod
    def of(cls, found: Indicator) -> IndicatorResult:
        """As the list has it."""
        return cls.model_validate(found, from_attributes=True)


class IndicatorsResult(Result):
    """All indicators, in the order of the list."""

    items: list[IndicatorResult]


@router.get("")
async def list_indicators(_caller: Anyone) -> IndicatorsResult:
    """The indicators by which impact is measured."""
    return IndicatorsResult(items=[IndicatorResult.of(found) for found in indicators().values()])


@router.get("/{code}")
async def get_indicator(code: str, _caller: Anyone) -> IndicatorResult:
    """One indicator: its definition, unit and source."""
    if code not in indicators():
        raise UnknownEntity("indicator", code)
    return IndicatorResult.of(indicators()[code])
