"""What does a gemeente mean to reach, and where should it be on the way?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.impact.adoptions.model import Adoption
from services.impact.plans.model import AdoptionHasEnded, AlreadyMeasured, Grain, InvalidPlan, Period, Plan, Plans

START, END = date(2026, 1, 1), date(2027, 12, 31)
PLAN = Plan("aanmeldingen", Grain.QUARTER, Decimal(20), Decimal(60), START, END)
ADOPTION = Adoption(UUID(int=2), "GM0518", UUID(int=4))
PLANS = Plans(ADOPTION.id, (PLAN,), revision=1)


def fields(plan: Plan) -> set[str]:
    return {fault.field for fault in plan.faults()}


def test_the_path_is_a_straight_line_from_baseline_to_target() -> None:
    plan = replace(PLAN, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 11))
    assert [plan.path(date(2026, 1, day)) for day in (1, 6, 11)] == [20, 40, 60]


def test_before_and_after_the_plan_the_path_is_level() -> None:
    assert PLAN.path(date(2020, 1, 1)) == 20
    assert PLAN.path(date(2040, 1, 1)) == 60


def test_a_path_may_go_down() -> None:
    plan = replace(PLAN, indicator="wachttijd_dagen", baseline=Decimal(30), target=Decimal(10))
    assert fields(plan) == set()
    assert plan.path(START) > plan.path(date(2026, 12, 31)) > plan.path(END)


@settings(derandomize=True)
@given(st.dates(date(2019, 1, 1), date(2035, 1, 1)), st.dates(date(2019, 1, 1), date(2035, 1, 1)))
def test_the_path_never_turns_back_nor_leaves_its_ends(one: date, other: date) -> None:
    earlier, later = sorted((one, other))
    assert 20 <= PLAN.path(earlier) <= PLAN.path(later) <= 60


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"indicator": "onzin"}, "indicator"),
        ({"target": Decimal(-1)}, "target"),
        ({"target": Decimal("NaN")}, "target"),
        ({"baseline": Decimal("sNaN")}, "baseline"),
        ({"target": Decimal(20)}, "target"),
        ({"indicator": "recidive_pct", "target": Decimal(101)}, "target"),
        ({"indicator": "gemiddelde_schuld_eur", "target": Decimal("1E+30")}, "target"),
        ({"target": Decimal("10.005")}, "target"),
        ({"ends_on": START}, "endsOn"),
        ({"ends_on": date(2047, 1, 1)}, "endsOn"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(wrong: dict[str, Any], field: str) -> None:
    assert fields(replace(PLAN, **wrong)) == {field}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert fields(replace(PLAN, indicator="onzin", target=PLAN.baseline, ends_on=START)) == {
        "indicator",
        "target",
        "endsOn",
    }


def test_plans_are_restated_but_their_periods_stand_once_something_is_measured() -> None:
    higher, yearly = replace(PLAN, target=Decimal("80.00")), replace(PLAN, grain=Grain.YEAR)
    assert str(PLANS.restate([higher], ADOPTION, {PLAN.indicator}).items[0].target) == "80"
    assert PLANS.restate([yearly], ADOPTION, ()).items[0].grain is Grain.YEAR
    assert PLANS.restate([], ADOPTION, ()).items == ()
    for stated in ([yearly], []):
        with pytest.raises(AlreadyMeasured):
            PLANS.restate(stated, ADOPTION, {PLAN.indicator})


def test_all_faults_of_all_plans_are_named_with_their_place() -> None:
    wrong = replace(PLAN, indicator="recidive_pct", target=Decimal(101))
    with pytest.raises(InvalidPlan) as refusal:
        PLANS.restate([PLAN, wrong, PLAN], ADOPTION, ())
    assert [fault.field for fault in refusal.value.faults] == [
        "plans.0.indicator", "plans.1.target", "plans.2.indicator",
    ]  # fmt: skip


def test_nothing_is_planned_after_the_end() -> None:
    with pytest.raises(AdoptionHasEnded):
        PLANS.restate([PLAN], replace(ADOPTION, ended_on=START), ())


def test_a_figure_is_due_of_every_period_that_ended_on_the_way() -> None:
    plan = replace(PLAN, starts_on=date(2026, 2, 15), ends_on=date(2026, 12, 15))
    assert plan.periods(date(2026, 10, 1)) == (
        Period(date(2026, 1, 1), date(2026, 3, 31)),
        Period(date(2026, 4, 1), date(2026, 6, 30)),
        Period(date(2026, 7, 1), date(2026, 9, 30)),
    )
    assert len(plan.periods(date(2026, 9, 30))) == 2
    assert len(plan.periods(date(2030, 1, 1))) == 3
    assert plan.periods(date(2020, 1, 1)) == ()


@pytest.mark.parametrize(
    ("grain", "start", "end", "fits"),
    [
        (Grain.MONTH, date(2028, 2, 1), date(2028, 2, 29), True),
        (Grain.MONTH, date(2026, 2, 1), date(2026, 2, 27), False),
        (Grain.QUARTER, date(2026, 10, 1), date(2026, 12, 31), True),
        (Grain.QUARTER, date(2026, 11, 1), date(2027, 1, 31), False),
        (Grain.QUARTER, date(2026, 10, 2), date(2026, 12, 31), False),
        (Grain.HALF_YEAR, date(2026, 7, 1), date(2026, 12, 31), True),
        (Grain.YEAR, date(2026, 1, 1), date(2026, 12, 31), True),
        (Grain.YEAR, date(2026, 1, 1), date(2027, 12, 31), False),
    ],
)
def test_a_period_is_one_whole_stretch_of_the_calendar(grain: Grain, start: date, end: date, fits: bool) -> None:
    assert grain.is_period(start, end) is fits
