"""What does a project add to the portfolio?"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.portfolio.model import Entry, Portfolio
from shared.contracts.vocabulary import Phase, TargetGroup

JONGEREN, HUURDERS, ALLE = TargetGroup.JONGEREN, TargetGroup.HUURDERS, TargetGroup.ALLE


def entry(number: int, *phases: Phase, groups: frozenset[TargetGroup] = frozenset({JONGEREN})) -> Entry:
    return Entry(UUID(int=100 + number), UUID(int=number), 1, f"Plan {number}", frozenset(phases), groups)


FUND = entry(1, Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN)


def test_a_phase_without_a_project_is_a_gap() -> None:
    coverage = Portfolio((FUND,)).coverage
    assert list(coverage) == list(Phase)
    assert (coverage[Phase.PLAN_MAKEN], coverage[Phase.KENNISMAKING]) == ((FUND,), ())


def test_what_does_less_for_the_same_group_is_more_of_the_same() -> None:
    less = Portfolio((FUND,)).addition_of(entry(2, Phase.PLAN_MAKEN))
    assert (less.new_phases, less.new_target_groups, less.alike) == ((), (), (FUND,))


def test_a_new_phase_or_another_group_is_an_addition() -> None:
    portfolio = Portfolio((FUND,))
    assert portfolio.addition_of(entry(2, Phase.PLAN_MAKEN, Phase.KENNISMAKING)).new_phases == (Phase.KENNISMAKING,)
    tenants = portfolio.addition_of(entry(2, Phase.PLAN_MAKEN, groups=frozenset({HUURDERS})))
    assert (tenants.new_target_groups, tenants.alike) == ((HUURDERS,), ())


def test_who_serves_everybody_is_alike_for_each_group() -> None:
    everybody = replace(FUND, target_groups=frozenset({ALLE}))
    assert Portfolio((everybody,)).addition_of(entry(2, Phase.PLAN_MAKEN)).alike == (everybody,)


def test_the_next_version_of_a_project_is_not_compared_with_itself() -> None:
    again = replace(FUND, assessment=UUID(int=900), project_version=2)
    assert Portfolio((FUND,)).addition_of(again).new_phases == (Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN)


entries = st.builds(
    lambda number, phases, groups: entry(number, *phases, groups=groups),
    st.integers(1, 30),
    st.frozensets(st.sampled_from(Phase), min_size=1),
    st.frozensets(st.sampled_from(TargetGroup), min_size=1),
)


@given(st.lists(entries, max_size=6), entries)
def test_what_brings_a_new_phase_is_never_more_of_the_same(adoptable: list[Entry], candidate: Entry) -> None:
    addition = Portfolio(tuple(adoptable)).addition_of(candidate)
    assert not (addition.new_phases and addition.alike)
    assert set(addition.new_phases) <= candidate.phases
