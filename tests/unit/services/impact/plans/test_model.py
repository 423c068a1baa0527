"""What does a gemeente mean to reach, and where should it be on the way?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.impact.plans.model import Adoption, AlreadyMeasured, Grain, InvalidPlan, Plan, ended, started
from shared.contracts.events import AdoptionEnded, AdoptionStarted, Event, EventData

START, END = date(2026, 1, 1), date(2027, 12, 31)
PLAN = Plan(UUID(int=1), UUID(int=2), "aanmeldingen", Grain.QUARTER, Decimal(20), Decimal(60), START, END)


def fields(plan: Plan) -> set[str]:
    with pytest.raises(InvalidPlan) as refusal:
        plan.check()
    return {fault.field for fault in refusal.value.faults}


def test_the_path_is_a_straight_line_from_baseline_to_target() -> None:
    plan = replace(PLAN, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 11))
    assert [plan.path(date(2026, 1, day)) for day in (1, 6, 11)] == [20, 40, 60]


def test_before_and_after_the_plan_the_path_is_level() -> None:
    assert PLAN.path(date(2020, 1, 1)) == 20
    assert PLAN.path(date(2040, 1, 1)) == 60


def test_a_path_may_go_down() -> None:
    plan = replace(PLAN, indicator="wachttijd_dagen", baseline=Decimal(30), target=Decimal(10))
    plan.check()
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
        ({"indicator": "uitval_pct", "target": Decimal(101)}, "target"),
        ({"indicator": "gemiddelde_schuld_eur", "target": Decimal("1E+30")}, "target"),
        ({"target": Decimal("10.005")}, "target"),
        ({"ends_on": START}, "endsOn"),
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


def test_a_plan_is_restated_but_its_periods_stand_once_something_is_measured() -> None:
    higher = replace(PLAN, target=Decimal(80))
    assert PLAN.restate(higher, measured=True).target == 80
    yearly = replace(PLAN, grain=Grain.YEAR)
    assert PLAN.restate(yearly, measured=False).grain is Grain.YEAR
    with pytest.raises(AlreadyMeasured):
        PLAN.restate(yearly, measured=True)
    with pytest.raises(InvalidPlan):
        PLAN.restate(replace(PLAN, target=Decimal(-5)), measured=False)


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


def heard(data: EventData) -> Event[Any]:
    return Event(UUID(int=1), data.entity, 1, datetime(2026, 11, 24, tzinfo=UTC), data)


BEGUN = AdoptionStarted(
    adoption=UUID(int=2), gemeente="GM0518", gemeente_organisation=UUID(int=3), project=UUID(int=4), project_version=1,
    budget_euro=100, may_be_named=True, started_on=START,
)  # fmt: skip
STOPPED = AdoptionEnded(
    adoption=UUID(int=2), gemeente="GM0518", project=UUID(int=4), reason="Klaar", ended_on=date(2027, 1, 1)
)


def say(*_: object) -> None: ...


def test_an_adoption_is_known_from_its_start_and_ends_for_good() -> None:
    begun = started(None, heard(BEGUN), say)
    assert begun == Adoption(UUID(int=2), "GM0518", UUID(int=4), True, START, None)
    over = ended(begun, heard(STOPPED), say)
    assert over.ended_on == date(2027, 1, 1)
    unnamed = started(over, heard(BEGUN.model_copy(update={"may_be_named": False})), say)
    assert (unnamed.may_be_named, unnamed.ended_on) == (False, date(2027, 1, 1))


def test_an_adoption_of_which_only_the_end_is_heard_is_not_named() -> None:
    assert ended(None, heard(STOPPED), say) == Adoption(UUID(int=2), "GM0518", UUID(int=4), ended_on=date(2027, 1, 1))
