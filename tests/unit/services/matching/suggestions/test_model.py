"""Which projects does a gemeente see, why, and what would change it? (methods.md A)"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.gemeenten.model import look_alikes, profile
from services.matching.scoring.model import Answer, Attainment, Feedback, Project, Scoring, Situation, Term, Weights
from services.matching.suggestions.model import (
    Change,
    Exclusion,
    Field,
    KeptList,
    Reason,
    Suggestion,
    excluded_because,
    suggest,
    what_would_change,
)
from shared.contracts.vocabulary import Phase, TargetGroup
from shared.reference import COLUMNS_OF, Column, gemeente, gemeenten
from tests.unit.services.matching.worked_example import CSR, HERE, JPF, NSR, TODAY

STEADY = settings(derandomize=True, deadline=None)
TOP_TWO = Weights(listed=2)

ALL = (CSR, JPF, NSR)


def said(answer: Answer, project: Project = CSR, on: date = TODAY) -> Feedback:
    return Feedback(answer, project.phases, project.target_groups, on)


def names(listed: Collection[Suggestion]) -> list[UUID]:
    return [suggestion.project for suggestion in listed]


def reason(suggestion: Suggestion, term: Term) -> Reason:
    return next(r for r in suggestion.reasons if r.term is term)


def test_the_worked_example_comes_out_as_listed() -> None:
    listed = suggest(ALL, HERE, TODAY).listed
    assert [(s.project, s.score) for s in listed] == [(CSR.id, 678), (JPF.id, 581), (NSR.id, 563)]
    assert [[r.tenths for r in s.reasons] for s in listed] == [
        [250, 213, 0, 115, 0, 100, 0],
        [208, 175, 23, 112, 13, 50, 0],
        [125, 200, 13, 100, 25, 100, 0],
    ]


def test_a_reason_has_its_datum_what_it_is_compared_with_its_source_and_its_rule() -> None:
    first = suggest(ALL, HERE, TODAY).listed[0]
    need, effect = reason(first, Term.NEED), reason(first, Term.EFFECT)
    assert [need.value, need.reference] == pytest.approx([0.85, 0.5])
    assert (need.source, need.period) == ("CBS, Kerncijfers wijken en buurten 2021", "2021")
    assert [effect.value, effect.reference] == pytest.approx([0.575, 0.56])
    assert {r.rule_version for r in first.reasons} == {Weights().version}
    assert first.reasons[0].period == "2026-11-24"


def test_one_source_covers_every_figure_of_need() -> None:
    assert {column.source for columns in COLUMNS_OF.values() for column in columns} == {Column.LOW_INCOME.source}


def test_four_reasons_are_shown_those_that_weigh_most_also_when_they_count_against() -> None:
    against = {UUID(int=n): said(Answer.NOT_FOR_US) for n in range(90, 99)}
    first = suggest([CSR], replace(HERE, have_fte=0.0, answers=against), TODAY).listed[0]
    assert [(r.term, r.tenths) for r in first.shown] == [
        (Term.PHASE, 250),
        (Term.NEED, 213),
        (Term.EFFECT, 115),
        (Term.FEEDBACK, -75),
    ]


def test_a_real_gemeente_sees_its_own_figures() -> None:
    code = "GM0518"
    own = profile(code)
    here = Situation(
        code,
        own.percentiles,
        {other.code: other.weight for other in look_alikes(code)},
        gemeente(code).neighbours,
        have_fte=1,
        have_euro=40_000,
        gemeenten=len(gemeenten()),
    )
    alike, border = look_alikes(code)[0], min(gemeente(code).neighbours)
    listed = suggest([replace(CSR, adopters=frozenset({alike.code, border}), effort_fte=2)], here, TODAY).listed[0]
    poor = (own.percentiles[Column.LOW_INCOME] + own.percentiles[Column.BIJSTAND]) / 2
    assert reason(listed, Term.NEED).value == pytest.approx(poor)
    assert reason(listed, Term.FEASIBLE).value == 0.5
    borders = gemeente(code).neighbours
    assert reason(listed, Term.NEIGHBOURS).value == len({alike.code, border} & borders) / (len(borders) + 2)
    assert 0 < reason(listed, Term.ALIKE).value < alike.weight


@pytest.mark.parametrize(
    ("project", "situation", "because"),
    [
        (replace(CSR, withdrawn=True), HERE, Exclusion.WITHDRAWN),
        (replace(CSR, adoptable=False), HERE, Exclusion.UNAVAILABLE),
        (replace(CSR, available_from=TODAY + timedelta(days=1)), HERE, Exclusion.UNAVAILABLE),
        (replace(CSR, adopters=frozenset({"GM0518"})), HERE, Exclusion.ADOPTED),
        (replace(CSR, regions=frozenset({"PV27", "GM0599"})), HERE, Exclusion.REGION),
        (CSR, replace(HERE, conflicts=frozenset({CSR.id})), Exclusion.CONFLICT),
        (CSR, replace(HERE, answers={CSR.id: said(Answer.NOT_FOR_US)}), Exclusion.NOT_FOR_US),
        (CSR, replace(HERE, answers={CSR.id: said(Answer.TOO_EXPENSIVE)}), Exclusion.NOT_FOR_US),
        (CSR, replace(HERE, answers={CSR.id: said(Answer.NOT_FOR_US, on=date(2025, 11, 24))}), None),
        (CSR, replace(HERE, answers={CSR.id: said(Answer.INTERESTING)}), None),
        (replace(CSR, regions=frozenset({"PV28"})), HERE, None),
        (CSR, HERE, None),
    ],
)
def test_what_can_never_be_chosen_is_left_out_and_says_why(
    project: Project, situation: Situation, because: Exclusion | None
) -> None:
    assert excluded_because(project, situation, TODAY) is because
    found = suggest([project, JPF], situation, TODAY)
    assert (project.id in names(found.listed)) is (because is None)
    assert found.excluded == ({project.id: because} if because else {})


def test_a_second_project_for_the_same_phase_gives_way_to_one_for_another() -> None:
    twin = replace(CSR, id=UUID(int=4), attainments=())
    weaker = replace(CSR, id=UUID(int=5), phases=frozenset({Phase.KENNISMAKING}), attainments=(Attainment(0, 300),))
    assert names(suggest([twin, weaker, CSR], HERE, TODAY).listed) == [CSR.id, weaker.id, twin.id]


def test_with_nothing_to_choose_from_the_list_is_empty() -> None:
    assert suggest([], HERE, TODAY).listed == ()


def test_what_would_change_it_is_told_field_by_field() -> None:
    changes = {(c.field, c.phase): c for c in what_would_change(NSR, ALL, HERE, TODAY, TOP_TWO)}
    freed, covered = (Field.FREED, Phase.BEWUSTWORDING), (Field.COVERED, Phase.VERWIJZING)
    assert changes[freed] == Change(Field.FREED, 125, enters=True, leaves=False, phase=Phase.BEWUSTWORDING)
    assert changes[covered].tenths == -125
    assert not changes[covered].enters
    assert changes[Field.INTERESTING, None].enters
    assert set(changes) == {freed, covered, (Field.INTERESTING, None)}


def test_enough_people_alone_do_not_help_where_money_is_short_too() -> None:
    changes = {c.field: c.tenths for c in what_would_change(JPF, ALL, replace(HERE, have_fte=0.25), TODAY)}
    assert changes[Field.FTE] == 25
    assert Field.BUDGET not in changes


def test_covering_its_phase_makes_a_project_leave_the_list() -> None:
    changes = {c.field: c for c in what_would_change(CSR, ALL, HERE, TODAY, TOP_TWO)}
    assert changes[Field.COVERED] == Change(Field.COVERED, -250, enters=False, leaves=True, phase=Phase.SCHULD_AFBOUWEN)


def test_saying_interesting_brings_back_what_was_not_for_us() -> None:
    refused = replace(HERE, answers={CSR.id: said(Answer.NOT_FOR_US)})
    changes = {c.field: c for c in what_would_change(CSR, ALL, refused, TODAY)}
    assert changes[Field.INTERESTING] == Change(Field.INTERESTING, 100, enters=True, leaves=False)


PHASES = st.frozensets(st.sampled_from(Phase), min_size=1)
GROUPS = st.frozensets(st.sampled_from(TargetGroup), min_size=1)
CODES = st.sampled_from([*"abcdefgh", "GM0518"])
PROJECTS = st.lists(
    st.builds(
        Project,
        st.integers(1, 10**6).map(lambda n: UUID(int=n)),
        st.just("Een project"),
        PHASES,
        GROUPS,
        st.sampled_from([TODAY, TODAY + timedelta(days=1)]),
        regions=st.frozensets(st.sampled_from(["PV28", "PV27", "NL"]), max_size=1),
        effort_fte=st.none() | st.floats(0, 5),
        cost_euro=st.none() | st.integers(0, 200_000),
        adopters=st.frozensets(CODES, max_size=3),
        withdrawn=st.booleans(),
        attainments=st.lists(st.builds(Attainment, st.floats(0, 1), st.integers(0, 500)), max_size=2).map(tuple),
    ),
    max_size=12,
    unique_by=lambda project: project.id,
)
COVERED = st.frozensets(st.sampled_from(Phase), max_size=4)


@STEADY
@given(PROJECTS, COVERED)
def test_a_score_is_the_sum_of_its_stored_reasons(projects: list[Project], covered: frozenset[Phase]) -> None:
    for suggestion in suggest(projects, replace(HERE, covered=covered), TODAY).listed:
        assert suggestion.score == sum(r.tenths for r in suggestion.reasons)
        assert [r.term for r in suggestion.reasons] == list(Term)


@STEADY
@given(PROJECTS, COVERED)
def test_no_constraint_is_ever_broken_and_no_project_is_lost(
    projects: list[Project], covered: frozenset[Phase]
) -> None:
    found = suggest(projects, replace(HERE, covered=covered), TODAY)
    by_id = {project.id: project for project in projects}
    for suggestion in found.listed:
        project = by_id[suggestion.project]
        assert not project.withdrawn
        assert project.available_from <= TODAY
        assert "GM0518" not in project.adopters
        assert project.regions in (frozenset(), frozenset({"PV28"}), frozenset({"NL"}))
    assert len(found.listed) == min(Weights().listed, len(projects) - len(found.excluded))


@STEADY
@given(PROJECTS, st.randoms(use_true_random=False))
def test_the_order_in_which_projects_come_in_does_not_matter(projects: list[Project], order: Random) -> None:
    shuffled = order.sample(projects, len(projects))
    assert suggest(shuffled, HERE, TODAY).listed == suggest(projects, HERE, TODAY).listed


@STEADY
@given(PROJECTS)
def test_what_is_not_known_still_gives_a_list(projects: list[Project]) -> None:
    assert all(s.reasons[1].value == 0.5 for s in suggest(projects, Situation("GM0518"), TODAY).listed)
    assert len(suggest(ALL, Situation("GM0518"), TODAY).listed) == 3


@STEADY
@given(PROJECTS, COVERED)
def test_each_next_project_is_the_best_of_all_that_are_left(projects: list[Project], covered: frozenset[Phase]) -> None:
    here = replace(HERE, covered=covered)
    left = [project for project in projects if not excluded_because(project, here, TODAY)]
    above: frozenset[Phase] = frozenset()
    for suggestion in suggest(projects, here, TODAY).listed:
        best = min(left, key=lambda p: (-Scoring(here).score(p, above).total, p.id))
        assert (suggestion.project, suggestion.score) == (best.id, Scoring(here).score(best, above).total)
        left.remove(best)
        above |= best.phases


def test_ten_thousand_projects_are_weighed_in_well_under_a_second() -> None:
    draw = Random(1)
    codes = list(gemeenten())
    many = [
        Project(
            UUID(int=n),
            "Een project",
            frozenset(draw.sample(list(Phase), draw.randint(1, 4))),
            frozenset(draw.sample(list(TargetGroup), 2)),
            TODAY,
            effort_fte=draw.random(),
            cost_euro=draw.randint(0, 90_000),
            adopters=frozenset(draw.sample(codes, draw.randint(0, 20))),
            attainments=(Attainment(draw.random(), 100),),
        )
        for n in range(10_000)
    ]
    began = process_time()
    assert len(suggest(many, HERE, TODAY).listed) == 5
    assert process_time() - began < 1


def test_a_place_counts_from_one_and_what_is_not_listed_has_none() -> None:
    suggestions = suggest(ALL, HERE, TODAY, TOP_TWO)
    assert [suggestions.place_of(project.id) for project in ALL] == [1, 2, None]


def test_a_list_is_kept_anew_when_projects_points_or_the_rule_differ_and_not_for_another_day() -> None:
    listed = suggest(ALL, HERE, TODAY).listed
    kept = KeptList(UUID(int=1), HERE.gemeente, TODAY, "2026-1", listed)
    assert kept.says_the_same_as(suggest(ALL, HERE, TODAY + timedelta(days=1)).listed, "2026-1")
    assert not kept.says_the_same_as(listed, "2027-1")
    assert not kept.says_the_same_as(listed[:2], "2026-1")
    assert not kept.says_the_same_as(suggest(ALL, replace(HERE, have_fte=0.1), TODAY).listed, "2026-1")
