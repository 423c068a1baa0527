"""When is an adoption funded? (no database, no clock)"""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.funding.model import (
    MOST_COMMITMENTS,
    AmountNotPositive,
    Commitment,
    CommitmentOfAnother,
    CommitmentWithdrawn,
    FundingGap,
    FundingPlan,
    InvalidAmount,
    Reopened,
    Secured,
    StageGoesBack,
    TooManyCommitments,
)
from shared.contracts.events import ReopenedBecause
from shared.contracts.vocabulary import CommitmentStage as Stage
from shared.refusals import UnknownEntity

STEADY = settings(derandomize=True, deadline=None)
TODAY = date(2026, 11, 24)
TOMORROW = TODAY + timedelta(days=1)
ADOPTION, GEMEENTE, BANK = (UUID(int=n) for n in (1, 2, 3))
OWN, LOAN, GIFT = (UUID(int=n) for n in (11, 12, 13))


def commitment(
    organisation: UUID = BANK,
    euro: int = 100,
    stage: Stage = Stage.BESCHIKKING,
    *,
    conditions: tuple[str, ...] = (),
    until: date | None = None,
    named: UUID = LOAN,
) -> Commitment:
    return Commitment(named, organisation, euro, stage, conditions, until)


def own(euro: int = 100, until: date | None = None) -> Commitment:
    return commitment(GEMEENTE, euro, until=until, named=OWN)


def plan(*commitments: Commitment, budget: int = 100) -> FundingPlan:
    return FundingPlan(ADOPTION, budget, GEMEENTE, commitments)


def settled(*commitments: Commitment, budget: int = 100) -> FundingPlan:
    secured, turn = plan(*commitments, budget=budget).settle(TODAY)
    assert turn == Secured()
    return secured


def test_money_alone_does_not_secure_a_plan_without_the_gemeentes_own() -> None:
    assert not plan(commitment(BANK, 100)).is_covered(TODAY)
    assert plan(commitment(BANK, 99), own(1)).is_covered(TODAY)


@pytest.mark.parametrize(
    ("stage", "conditions", "firm"),
    [
        (Stage.INTENTIE, (), False),
        (Stage.TOEZEGGING, ("second gemeente joins",), False),
        (Stage.TOEZEGGING, (), True),
        (Stage.BESCHIKKING, ("report yearly",), True),
        (Stage.ONTVANGEN, (), True),
    ],
)
def test_a_promise_counts_once_its_conditions_are_met(stage: Stage, conditions: tuple[str, ...], firm: bool) -> None:
    assert commitment(stage=stage, conditions=conditions).is_firm(TODAY) is firm


def test_a_commitment_holds_on_its_last_day_and_lapses_the_day_after() -> None:
    last_day = own(until=TODAY)
    assert plan(last_day).is_covered(TODAY)
    assert not plan(last_day).is_covered(TOMORROW)
    assert plan(replace(last_day, stage=Stage.ONTVANGEN)).is_covered(TOMORROW)


def test_settling_speaks_once_when_secured_and_once_when_reopened() -> None:
    secured = settled(own(until=TODAY))
    assert secured.secured
    assert secured.settle(TODAY) == (secured, None)
    reopened, turn = secured.settle(TOMORROW)
    assert (turn, reopened.secured, reopened.gap_euro(TOMORROW)) == (Reopened(ReopenedBecause.LAPSED), False, 100)
    assert reopened.settle(TOMORROW) == (reopened, None)


def test_a_reopened_plan_says_that_a_commitment_was_withdrawn() -> None:
    assert settled(own(50), commitment(euro=50)).without(LOAN).settle(TODAY)[1] == Reopened(ReopenedBecause.WITHDRAWN)


def test_a_reopened_plan_says_that_it_was_changed_by_a_lower_amount_a_condition_or_a_higher_budget() -> None:
    secured = settled(own(50), commitment(euro=50, stage=Stage.TOEZEGGING))
    lower = secured.with_commitment(commitment(euro=49, stage=Stage.TOEZEGGING))
    conditional = secured.with_commitment(commitment(euro=50, stage=Stage.TOEZEGGING, conditions=("first see",)))
    for changed in (lower, conditional, secured.with_budget(101)):
        assert changed.settle(TODAY)[1] == Reopened(ReopenedBecause.CHANGED)


def test_what_lapsed_long_ago_and_was_replaced_is_not_the_cause() -> None:
    replaced = settled(own(50), commitment(euro=50, until=TODAY)).with_commitment(commitment(euro=50, named=GIFT))
    still_secured, turn = replaced.settle(TOMORROW)
    assert (still_secured.secured, turn) == (True, None)
    assert still_secured.without(GIFT).settle(TOMORROW)[1] == Reopened(ReopenedBecause.WITHDRAWN)


def test_a_replacement_secures_a_reopened_plan_again() -> None:
    reopened, _ = settled(own(50), commitment(euro=50, until=TODAY)).settle(TOMORROW)
    assert reopened.with_commitment(commitment(euro=50, named=GIFT)).settle(TOMORROW)[1] == Secured()


@pytest.mark.parametrize("before", list(Stage))
@pytest.mark.parametrize("after", list(Stage))
def test_a_commitment_only_becomes_surer(before: Stage, after: Stage) -> None:
    promised = plan(commitment(stage=before))
    if list(Stage).index(after) >= list(Stage).index(before):
        assert promised.with_commitment(commitment(stage=after)).commitment(LOAN).stage is after
    else:
        with pytest.raises(StageGoesBack, match="kan niet terug"):
            promised.with_commitment(commitment(stage=after))


def test_what_was_withdrawn_counts_never_again() -> None:
    withdrawn = plan(own()).without(OWN)
    assert withdrawn.gap_euro(TODAY) == 100
    with pytest.raises(CommitmentWithdrawn):
        withdrawn.with_commitment(own())
    with pytest.raises(CommitmentWithdrawn):
        withdrawn.without(OWN)


def test_a_commitment_stays_with_who_made_it() -> None:
    with pytest.raises(CommitmentOfAnother):
        plan(own()).with_commitment(commitment(BANK, named=OWN))


def test_a_commitment_that_is_not_there_cannot_be_withdrawn() -> None:
    with pytest.raises(UnknownEntity):
        plan(own()).without(LOAN)


def test_nothing_is_not_a_commitment_and_a_typing_error_neither() -> None:
    with pytest.raises(AmountNotPositive) as refused:
        commitment(euro=0)
    assert [fault.field for fault in refused.value.faults] == ["amountEuro"]
    with pytest.raises(InvalidAmount):
        commitment(euro=10**11)
    with pytest.raises(InvalidAmount):
        plan().with_budget(-1)


def test_a_plan_holds_no_more_than_an_event_can_tell_but_what_it_holds_can_change() -> None:
    full = plan(*(commitment(euro=n + 1, named=UUID(int=100 + n)) for n in range(MOST_COMMITMENTS)))
    with pytest.raises(TooManyCommitments):
        full.with_commitment(own())
    assert len(full.with_commitment(commitment(named=UUID(int=100))).commitments) == MOST_COMMITMENTS


PROMISES = st.lists(st.tuples(st.integers(1, 500), st.sampled_from(Stage), st.booleans()), max_size=6)


def promised(promises: list[tuple[int, Stage, bool]], budget: int) -> FundingPlan:
    made = (
        commitment(GEMEENTE if mine else BANK, euro, stage, named=UUID(int=100 + n))
        for n, (euro, stage, mine) in enumerate(promises)
    )
    return plan(*made, budget=budget)


@STEADY
@given(PROMISES, st.integers(1, 900))
def test_another_firm_commitment_never_widens_the_gap(promises: list[tuple[int, Stage, bool]], budget: int) -> None:
    before = promised(promises, budget)
    after = before.with_commitment(commitment(euro=1))
    assert after.gap_euro(TODAY) <= before.gap_euro(TODAY)


@STEADY
@given(PROMISES, st.integers(1, 900))
def test_a_settled_plan_is_secured_exactly_when_it_is_covered(
    promises: list[tuple[int, Stage, bool]], budget: int
) -> None:
    after, turn = promised(promises, budget).settle(TODAY)
    assert after.secured == after.is_covered(TODAY) == (turn == Secured())
    assert after.settle(TODAY) == (after, None)


@STEADY
@given(PROMISES, st.integers(1, 900))
def test_a_plan_that_is_told_what_it_tells_itself_stays_as_it_is(
    promises: list[tuple[int, Stage, bool]], budget: int
) -> None:
    known = promised(promises, budget)
    again = known.with_told(known.told(TODAY), TODAY)
    assert {c.id: c for c in again.commitments} == {c.id: c for c in known.commitments}


def test_only_a_covered_plan_with_the_gemeentes_own_contribution_passes() -> None:
    plan(own(40), commitment(euro=60)).check_covered(TODAY)
    for lacking, said in ((plan(own(40), commitment(euro=59)), "1 euro"), (plan(commitment()), "eigen bijdrage")):
        with pytest.raises(FundingGap, match=said):
            lacking.check_covered(TODAY)
