"""A gemeente by its figures: how it stands among all others, and which ones are like it (methods.md A).

All 20 columns of the method can be had from the reference table. Three are computed there: density, and the shares of people
under 15 and over 65. Nothing here depends on what happens on the platform, so it is computed once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import dist, isfinite, log
from statistics import fmean, median, pstdev
from types import MappingProxyType
from uuid import UUID

from shared.contracts.vocabulary import Phase
from shared.reference import Column, Gemeente, gemeente, gemeenten
from shared.refusals import Fault, Invalid

LOOK_ALIKES = 10
MOST_DEVIATIONS = 2.5  # further out is no more different: else one odd figure would decide who is alike

MOST_FTE = 10_000
MOST_EURO = 10_000_000_000  # above this it is a typing error
LONGEST_TEXT = 4000

_LOGARITHMIC = (Column.POPULATION, Column.DENSITY)  # twice as many people is the same step at every size


@dataclass(frozen=True, slots=True)
class Profile:
    """A gemeente with its place among all: a percentile is 0..1, and absent where the figure was not published."""

    gemeente: Gemeente
    percentiles: Mapping[Column, float]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A gemeente that is like another one: `weight` is near 1 for a twin, near 0 for one that is hardly alike."""

    code: str
    weight: float


class InvalidSituation(Invalid):
    """Something that a gemeente tells of itself cannot be; every fault names its field."""


@dataclass(frozen=True, slots=True)
class OwnSituation:
    """What a gemeente says of itself. What is None it did not say.

    `covered` are the phases in which it has something already; `conflicts` the projects that it may not choose and the
    organisations that it may not work with.
    """

    gemeente: str
    covered: tuple[Phase, ...] = ()
    have_fte: float | None = None
    have_euro: int | None = None
    conflicts: tuple[UUID, ...] = ()
    wishes: str | None = None
    revision: int = 0

    def check(self) -> None:
        """Raises: InvalidSituation, naming everything that is wrong at once."""
        if faults := list(self._faults()):
            raise InvalidSituation("De gegevens over uw situatie kloppen niet.", faults)

    def _faults(self) -> Iterator[Fault]:
        fte, euro = self.have_fte, self.have_euro
        if fte is not None and not (isfinite(fte) and 0 <= fte <= MOST_FTE):
            yield Fault("availableFte", f"Geef het aantal fte dat u heeft: 0 tot en met {MOST_FTE}.")
        if euro is not None and not 0 <= euro <= MOST_EURO:
            yield Fault("availableEuro", f"Geef een bedrag van 0 tot en met {MOST_EURO} euro, in hele euro's.")
        for field, named in (("coveredPhases", self.covered), ("conflicts", self.conflicts)):
            if len(set(named)) < len(named):
                yield Fault(field, "Noem elke waarde één keer.")
        if self.wishes is not None and len(self.wishes) > LONGEST_TEXT:
            yield Fault("wishes", f"Gebruik hooguit {LONGEST_TEXT} tekens.")


def short_name(code: str) -> str:
    """As people say it: Den Haag. Of a gemeente that is there no longer, its code."""
    found = gemeenten().get(code)
    return code if found is None else found.short_name


@cache
def profile(code: str) -> Profile:
    """Raises: UnknownGemeente."""
    found = gemeente(code)
    return Profile(found, MappingProxyType({c: _percentile(c, value) for c, value in found.figures.items()}))


@cache
def median_of(column: Column) -> float:
    """The figure of the gemeente in the middle: what a figure is compared with when it is shown."""
    return median(_sorted(column))


@cache
def look_alikes(code: str, k: int = LOOK_ALIKES) -> tuple[LookAlike, ...]:
    """The k gemeenten most like this one, nearest first; weight = 1 - distance / distance of the next one.

    Distance: root mean square over the columns, in standard deviations. Raises: UnknownGemeente.
    """
    own = _vectors()[gemeente(code).code]
    by_distance = sorted((dist(own, other), name) for name, other in _vectors().items() if name != code)
    beyond = by_distance[k][0]  # the square root of the number of columns cancels out
    return tuple(LookAlike(name, 1 - far / beyond) for far, name in by_distance[:k])


@cache
def _sorted(column: Column) -> list[float]:
    return sorted(g.figures[column] for g in gemeenten().values() if column in g.figures)


def _percentile(column: Column, value: float) -> float:
    """The share of gemeenten that stand lower; those that stand equal count for half."""
    known = _sorted(column)
    return (bisect_left(known, value) + bisect_right(known, value)) / 2 / len(known)


@cache
def _vectors() -> Mapping[str, tuple[float, ...]]:
    by_column = [_deviations(column) for column in Column]
    return dict(zip(gemeenten(), zip(*by_column, strict=True), strict=True))


def _deviations(column: Column) -> list[float]:
    """For each gemeente how far it stands from the mean, in standard deviations, clipped. Not published = the median."""
    values = [g.figures.get(column, median_of(column)) for g in gemeenten().values()]
    if column in _LOGARITHMIC:
        values = [log(value) for value in values]
    mean, deviation = fmean(values), pstdev(values)
    return [max(-MOST_DEVIATIONS, min(MOST_DEVIATIONS, (value - mean) / deviation)) for value in values]
