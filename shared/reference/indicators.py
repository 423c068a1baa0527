"""The 24 indicators by which impact is measured. Sources: NVVK, Divosa, DDAS, CBS (a column of the table names them)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from shared.reference import tables
from shared.refusals import Fault, Invalid

PEOPLE = ("personen", "huishoudens")


class UnknownIndicator(Invalid):
    """There is no such indicator."""

    title = "Deze indicator bestaat niet"

    def __init__(self, code: str) -> None:
        detail = f"Er is geen indicator met code {code}."
        super().__init__(detail, [Fault("indicator", detail)])


class Figure(StrEnum):
    """What kind of number an indicator is: it decides how figures are combined and what may be shown (methods.md D)."""

    COUNT = "count"
    PERCENTAGE = "percentage"  # recorded as numerator and denominator
    AMOUNT = "amount"  # euro
    MEAN = "mean"  # also a ratio or a score


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "hoger_is_beter"
    LOWER = "lager_is_beter"
    NEUTRAL = "neutraal"


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured and how. `levels`: for a gemeente, a project, or both; `moment`: how often, in words."""

    code: str
    name: str
    definition: str
    unit: str
    kind: str  # context, output, proces, resultaat, kosten or baten
    levels: tuple[str, ...]
    direction: Direction
    moment: str
    source: str
    figure: Figure

    @property
    def is_public_now(self) -> bool:
        """Whether its figures can be published: counts of people or households, and percentages.

        Amounts, means and ratios wait for methods.md D step 8. A count of events waits too: one household may stand behind
        several of them, so that ten events need not be ten people.
        """
        return self.figure is Figure.PERCENTAGE or (self.figure is Figure.COUNT and self.unit in PEOPLE)


@cache
def indicators() -> Mapping[str, Indicator]:
    """All indicators by code, in the order of the table."""
    return MappingProxyType({row["code"]: _indicator(row) for row in tables.rows("indicators")})


def indicator(code: str) -> Indicator:
    """Raises: UnknownIndicator."""
    try:
        return indicators()[code]
    except KeyError:
        raise UnknownIndicator(code) from None


def _indicator(row: dict[str, str]) -> Indicator:
    return Indicator(
        code=row["code"],
        name=row["name"],
        definition=row["definition"],
        unit=row["unit"],
        kind=row["kind"],
        levels=tuple(row["level"].split("|")),
        direction=Direction(row["direction"]),
        moment=row["moment"],
        source=row["source"],
        figure=Figure(row["figure"]),
    )
