"""How does a gemeente stand among all others, and which ones are like it? (methods.md A)"""

from itertools import pairwise
from math import dist
from statistics import fmean
from uuid import UUID

import pytest

from services.matching.gemeenten.model import (
    InvalidSituation,
    OwnSituation,
    _vectors,
    look_alikes,
    median_of,
    profile,
)
from shared.contracts.vocabulary import Phase
from shared.reference import Column, UnknownGemeente, gemeente, gemeenten

DEN_HAAG, ROTTERDAM, SCHIERMONNIKOOG, TEXEL = "GM0518", "GM0599", "GM0088", "GM0448"
DEBTS = {  # percentage of households with registered problematic debts, October 2020. Bron: CBS
    "GM0599": 15.5,
    "GM0606": 13.7,
    "GM0995": 13.4,
    "GM0518": 13.3,
    "GM0917": 13.0,
    "GM0765": 11.7,
    "GM0363": 10.6,
    "GM0479": 10.0,
    "GM0880": 4.8,
    "GM0431": 4.2,
    "GM0344": 6.5,
    "GM0277": 1.3,
    "GM0312": 2.5,
    "GM0717": 2.9,
}


@pytest.mark.parametrize("column", list(Column))
def test_who_has_more_stands_higher_and_the_middle_is_a_half(column: Column) -> None:
    stands = sorted(
        (p.gemeente.figures[column], p.percentiles[column])
        for p in map(profile, gemeenten())
        if column in p.percentiles
    )
    assert all(low <= high for (_, low), (_, high) in pairwise(stands))
    assert 0 < stands[0][1] < stands[-1][1] < 1
    assert fmean(p for _, p in stands) == pytest.approx(0.5)


def test_equal_figures_stand_equal() -> None:
    by_figure = {(p.gemeente.urbanity, p.percentiles[Column.URBANITY]) for p in map(profile, gemeenten())}
    assert len(by_figure) == 5


def test_a_figure_that_was_not_published_has_no_place() -> None:
    unpublished = next(g for g in gemeenten().values() if Column.WMO not in g.figures)
    assert Column.WMO not in profile(unpublished.code).percentiles


def test_the_median_is_the_figure_in_the_middle() -> None:
    assert median_of(Column.URBANITY) in {1, 2, 3, 4, 5}
    below = sum(g.figures[Column.LOW_INCOME] < median_of(Column.LOW_INCOME) for g in gemeenten().values())
    assert below <= 342 / 2


def test_cities_are_like_cities_and_an_island_is_like_quiet_places_by_the_sea() -> None:
    assert ROTTERDAM in {other.code for other in look_alikes(DEN_HAAG)[:2]}
    assert all(gemeente(other.code).urbanity <= 2 for other in look_alikes(DEN_HAAG))
    assert look_alikes(SCHIERMONNIKOOG)[0].code == TEXEL


def test_gemeenten_that_are_alike_have_debts_alike() -> None:
    """The mean of the two nearest predicts the 14 debt shares that CBS published to 2.0 points (methods.md A)."""
    vectors = _vectors()
    squares = []
    for code, share in DEBTS.items():
        nearest = sorted((dist(vectors[code], vectors[other]), other) for other in DEBTS if other != code)[:2]
        squares.append((share - fmean(DEBTS[other] for _, other in nearest)) ** 2)
    assert fmean(squares) ** 0.5 == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("code", [DEN_HAAG, SCHIERMONNIKOOG, TEXEL, "GM1680"])
def test_there_are_ten_the_nearest_weighs_most_and_none_is_the_gemeente_itself(code: str) -> None:
    found = look_alikes(code)
    weights = [other.weight for other in found]
    assert len({other.code for other in found}) == 10
    assert code not in {other.code for other in found}
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= weight < 1 for weight in weights)


def test_a_shorter_list_is_the_head_of_a_longer_one() -> None:
    assert [a.code for a in look_alikes(DEN_HAAG, 3)] == [a.code for a in look_alikes(DEN_HAAG, 10)][:3]


def test_a_gemeente_that_is_not_there_has_no_look_alikes() -> None:
    with pytest.raises(UnknownGemeente):
        look_alikes("GM0000")


def test_what_a_gemeente_says_of_itself_is_refused_with_all_its_faults_at_once() -> None:
    OwnSituation(DEN_HAAG, (Phase.VERWIJZING,), have_fte=0, have_euro=0, wishes="Meer voor jongeren").check()
    twice = (Phase.VERWIJZING, Phase.VERWIJZING)
    with pytest.raises(InvalidSituation) as refused:
        OwnSituation(DEN_HAAG, twice, float("inf"), -1, (UUID(int=1), UUID(int=1)), "x" * 4001).check()
    assert [fault.field for fault in refused.value.faults] == [
        "availableFte", "availableEuro", "coveredPhases", "conflicts", "wishes",
    ]  # fmt: skip
