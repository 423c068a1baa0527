"""Does a figure keep to its path, and what do several periods come to?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import comb, exp, lgamma, log
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import Figures, combined
from services.impact.observations.model import Observation, Provenance
from services.impact.plans.model import Grain, Period, Plan, Plans
from services.impact.progress.model import Interval, Status, byar, cumulative, interval, point, series, status, wilson
from services.impact.publication.model import Contribution, Family, HiddenBecause, Standing
from shared.reference import indicator

Q1, Q2, Q3 = date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30)


def level(code: str, at: float, toward: float) -> Plan:
    """A plan whose path is level at `at` before it begins, and goes toward `toward` after that."""
    return Plan(code, Grain.QUARTER, Decimal(str(at)), Decimal(str(toward)), date(2030, 1, 1), date(2031, 1, 1))


def count(number: int) -> Figures:
    return Figures(value=Decimal(number))


def share(numerator: int, denominator: int) -> Figures:
    return Figures(numerator=numerator, denominator=denominator)


# The worked examples of methods E


def test_percentages_of_two_places_are_one_percentage_of_all() -> None:
    both = combined(indicator("recidive_pct"), [share(9, 10), share(30, 100)])
    assert both == share(39, 110)
    reached = point(indicator("recidive_pct"), both or Figures())
    assert reached is not None
    assert round(reached) == 35


@pytest.mark.parametrize(
    ("reached", "between", "stands"),
    [(6, (3.15, 10.52), Status.TOO_EARLY), (4, (1.75, 7.98), Status.BELOW_PATH), (10, None, Status.ON_TRACK)],
)
def test_against_a_path_of_ten_six_is_too_early_to_tell_and_four_is_below(
    reached: int, between: tuple[float, float] | None, stands: Status
) -> None:
    plan = level("schuldenvrij_uitgestroomd", 10, 20)
    assert status(plan, count(reached), Q3) is stands
    if between:
        assert (round(byar(reached).lower, 2), round(byar(reached).upper, 2)) == between


# Status


def test_where_lower_is_better_everything_turns_round() -> None:
    plan = level("recidive_pct", 30, 10)
    assert status(plan, share(15, 50), Q3) is Status.ON_TRACK
    assert status(plan, share(18, 50), Q3) is Status.TOO_EARLY
    assert status(plan, share(25, 50), Q3) is Status.BELOW_PATH


def test_a_neutral_indicator_goes_where_its_plan_goes() -> None:
    assert status(level("aanmeldingen", 40, 60), count(20), Q3) is Status.BELOW_PATH
    assert status(level("aanmeldingen", 40, 20), count(20), Q3) is Status.ON_TRACK


def test_a_mean_has_no_interval_and_is_never_called_below_its_path() -> None:
    plan = level("wachttijd_dagen", 20, 10)
    assert status(plan, Figures(value=Decimal(11)), Q3) is Status.ON_TRACK
    assert status(plan, Figures(value=Decimal(90)), Q3) is Status.TOO_EARLY
    assert interval(indicator("wachttijd_dagen"), Figures(value=Decimal(90))) is None


def test_of_nobody_nothing_can_be_said() -> None:
    assert status(level("recidive_pct", 30, 10), share(0, 0), Q3) is Status.TOO_EARLY


# Intervals


@pytest.mark.parametrize("mean", [5, 8, 12, 20, 35, 60])
def test_of_counts_on_their_path_at_most_ten_in_a_hundred_are_called_below_it(mean: int) -> None:
    chances = [exp(x * log(mean) - mean - lgamma(x + 1)) for x in range(mean)]
    alarms = sum(chance for x, chance in enumerate(chances) if byar(x).upper < mean)
    assert 0.03 < alarms < 0.10
    assert sum(chances) > 0.4


@pytest.mark.parametrize(("people", "percent"), [(50, 30), (80, 50), (120, 40), (200, 70)])
def test_of_percentages_on_their_path_at_most_fifteen_in_a_hundred_are_called_below_it(
    people: int, percent: int
) -> None:
    p = percent / 100
    alarms = sum(
        comb(people, x) * p**x * (1 - p) ** (people - x) for x in range(people + 1) if wilson(x, people).upper < percent
    )
    assert 0.05 < alarms < 0.15


@settings(derandomize=True)
@given(st.integers(0, 10_000))
def test_a_count_lies_in_its_interval_and_more_is_higher(number: int) -> None:
    between, next_up = byar(number), byar(number + 1)
    assert 0 <= between.lower <= number <= between.upper
    assert between.lower <= next_up.lower
    assert between.upper < next_up.upper


@settings(derandomize=True)
@given(st.integers(1, 5_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_percentage_lies_in_its_interval_and_more_people_narrow_it(figures: tuple[int, int]) -> None:
    numerator, denominator = figures
    between, tenfold = wilson(numerator, denominator), wilson(10 * numerator, 10 * denominator)
    percent = 100 * numerator / denominator
    assert 0 <= between.lower <= percent + 1e-9
    assert percent - 1e-9 <= between.upper <= 100
    assert tenfold.upper - tenfold.lower < between.upper - between.lower


def test_of_ten_people_without_any_the_true_share_may_still_be_one_in_seven() -> None:
    assert wilson(0, 10).lower == pytest.approx(0)
    assert round(wilson(0, 10).upper, 1) == 14.1
    assert byar(0) == Interval(0.0, byar(0).upper)


# Several periods


def test_periods_are_added_and_percentages_through_their_parts() -> None:
    assert cumulative(indicator("aanmeldingen"), [(Q2, count(12)), (Q1, count(30))]) == count(42)
    assert cumulative(indicator("recidive_pct"), [(Q1, share(9, 10)), (Q2, share(30, 100))]) == share(39, 110)


def test_what_is_counted_at_a_date_is_as_it_was_at_the_last_one() -> None:
    stock = indicator("hh_problematische_schulden_pct")
    assert cumulative(stock, [(Q3, share(80, 1000)), (Q1, share(90, 1000))]) == share(80, 1000)


def test_means_of_several_periods_make_no_whole() -> None:
    mean = indicator("wachttijd_dagen")
    assert cumulative(mean, [(Q1, count(11)), (Q2, count(13))]) is None
    assert cumulative(mean, [(Q1, count(11))]) == count(11)
    assert cumulative(mean, []) is None


# An adoption as a whole

ADOPTION = Adoption(UUID(int=2), "GM0518", UUID(int=4), may_be_named=True)
SPRING = Period(date(2026, 4, 1), Q2)


def recorded(code: str, figures: Figures, period: Period = SPRING, **more: Any) -> Observation:
    source = Provenance("Registratie", "Geteld")
    made = Observation(
        UUID(int=9), ADOPTION.id, "GM0518", ADOPTION.project, code, period.start, period.end, None, figures, source, Q3
    )
    return replace(made, **more)


def test_every_indicator_that_is_planned_or_measured_has_a_series_with_what_is_due() -> None:
    plan = Plan("aanmeldingen", Grain.QUARTER, Decimal(20), Decimal(60), date(2026, 1, 1), date(2026, 12, 31))
    measured = [recorded("aanmeldingen", count(43)), recorded("recidive_pct", share(9, 60))]
    counted, shared = series(ADOPTION, Plans(ADOPTION.id, (plan,)), measured, {}, date(2026, 10, 1))
    assert [(cell.period.end, cell.figures) for cell in counted.cells] == [(Q1, None), (Q2, count(43)), (Q3, None)]
    assert (counted.status, counted.total) == (Status.ON_TRACK, count(43))
    assert (shared.plan, shared.status, [cell.period for cell in shared.cells]) == (None, None, [SPRING])


def test_what_was_withdrawn_counts_nowhere_and_breakdowns_are_no_part_of_it() -> None:
    gone = recorded("aanmeldingen", Figures(), withdrawn=True, version=2)
    part = recorded("recidive_pct", share(9, 60), breakdown="jongeren")
    (only,) = series(ADOPTION, Plans(ADOPTION.id), [gone, part], {}, date(2026, 10, 1))
    assert (only.indicator.code, only.total, only.status) == ("aanmeldingen", None, None)
    assert only.cells[0].standing.contribution.hidden_because() is HiddenBecause.ABSENT


def test_a_series_takes_its_standing_from_its_own_family() -> None:
    family = Family(ADOPTION.project, "aanmeldingen", SPRING.start, SPRING.end)
    standing = Standing(Contribution(family, "GM0518", count(50)), waits=True)
    (one,) = series(ADOPTION, Plans(ADOPTION.id), [recorded("aanmeldingen", count(43))], {family: standing}, Q3)
    assert one.cells[0].standing is standing
