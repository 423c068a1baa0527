"""A gemeente by its figures: how it stands among all others, and which ones are like it (methods.md A).

All 20 columns of the method can be had from the reference table. Three are computed there: density, and the shares of people
under 15 and over 65. Nothing here depends on what happens on the platform, so it is computed once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import dist, log
from statistics import fmean, median, pstdev
from types import MappingProxyType

from shared.reference import Column, Gemeente, gemeente, gemeenten

LOOK_ALIKES = 10
MOST_DEVIATIONS = 2.5  # further out is no more different: else one odd figure would decide who is alike

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
