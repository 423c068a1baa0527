"""What does a project score for a gemeente? (methods.md A: its worked example and its invariants)"""

import string
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.scoring.model import (
    FOLLOW_UP,
    WEIGHTS,
    Answer,
    Attainment,
    Feedback,
    Project,
    Score,
    Scoring,
    Situation,
    Term,
)
from shared.contracts.vocabulary import Phase, TargetGroup
from shared.reference import Column
from tests.unit.services.matching.worked_example import CSR, HERE, JPF, NSR, TODAY

STEADY = settings(derandomize=True, deadline=None)
NONE: frozenset[Phase] = frozenset()


def score(project: Project, situation: Situation = HERE) -> Score:
    return Scoring(situation).score(project)


def tenths(project: Project, situation: Situation, term: Term) -> int:
    return score(project, situation).tenths[list(Term).index(term)]


def said(answer: Answer, project: Project = CSR) -> Feedback:
    return Feedback(answer, project.phases, project.target_groups, TODAY)


@pytest.mark.parametrize(
    ("project", "above", "expected"),
    [
        (CSR, NONE, (250, 213, 0, 115, 0, 100, 0)),
        (JPF, CSR.phases, (208, 175, 23, 112, 13, 50, 0)),
        (NSR, CSR.phases | JPF.phases, (125, 200, 13, 100, 25, 100, 0)),
    ],
)
def test_the_worked_example_comes_out_term_by_term(
    project: Project, above: frozenset[Phase], expected: tuple[int, ...]
) -> None:
    assert Scoring(HERE).score(project, above).tenths == expected


def test_a_project_that_everybody_adopts_gets_nothing_for_it() -> None:
    everyone = frozenset("abcdefghijklmnopqrstuvw")
    assert tenths(replace(NSR, adopters=everyone), HERE, Term.ALIKE) == 0
    assert tenths(replace(NSR, adopters=frozenset("abc")), HERE, Term.ALIKE) == 52


def test_the_most_a_term_can_bring_is_its_weight() -> None:
    alike = dict.fromkeys(string.ascii_lowercase, 1.0)
    best = Situation(
        "GM0518",
        {Column.AGE_15_25: 1},
        alike,
        frozenset(),
        have_fte=9,
        have_euro=10**9,
        answers={JPF.id: said(Answer.INTERESTING, JPF)},
    )
    perfect = replace(JPF, adopters=frozenset(alike), attainments=(Attainment(1, 10**9),))
    found = score(perfect, best)
    assert found.tenths[:2] == (250, 250)
    assert found.tenths[3] == 200
    assert found.tenths[5] == 100
    assert all(got <= most for got, most in zip(found.tenths, WEIGHTS.most, strict=True))


def test_where_nothing_is_known_it_counts_for_a_half() -> None:
    unknown = Situation("GM0518")
    silent = Project(UUID(int=9), "Nieuw", frozenset({Phase.PLAN_MAKEN}), frozenset({TargetGroup.MULTIPROBLEEM}), TODAY)
    assert score(silent, unknown).tenths == (250, 125, 0, 100, 0, 50, 0)


def test_an_unknown_figure_is_skipped_and_not_counted_as_low() -> None:
    only_ao = replace(HERE, percentiles={Column.AO: 0.9})
    assert tenths(replace(CSR, target_groups=frozenset({TargetGroup.MULTIPROBLEEM})), only_ao, Term.NEED) == 225


def test_what_asks_nothing_can_always_be_done() -> None:
    assert tenths(replace(CSR, effort_fte=0, cost_euro=0), Situation("GM0518"), Term.FEASIBLE) == 100


@pytest.mark.parametrize(
    ("answer", "about_same", "about_phase_only"),
    [
        (Answer.INTERESTING, 75, 13),
        (Answer.NOT_FOR_US, -25, -13),
        (Answer.TARGET_GROUP, -13, 0),
        (Answer.HAVE_ALREADY, 0, 0),
        (Answer.TOO_EXPENSIVE, 0, 0),
        (Answer.NO_CAPACITY, 0, 0),
        (Answer.NOT_PROVEN, 0, 0),
    ],
)
def test_an_answer_moves_what_is_like_the_project_it_is_about(
    answer: Answer, about_same: int, about_phase_only: int
) -> None:
    after = replace(HERE, answers={CSR.id: said(answer)})
    other = replace(CSR, id=UUID(int=8), target_groups=frozenset({TargetGroup.HUURDERS}))
    assert tenths(CSR, after, Term.FEEDBACK) == about_same
    assert tenths(other, after, Term.FEEDBACK) == about_phase_only


def test_what_the_gemeente_has_already_counts_as_covered() -> None:
    after = replace(HERE, answers={CSR.id: said(Answer.HAVE_ALREADY)})
    other = replace(CSR, id=UUID(int=8))
    assert (tenths(other, HERE, Term.PHASE), tenths(other, after, Term.PHASE)) == (250, 0)


def test_an_answer_about_money_people_or_proof_asks_something_and_says_nothing_of_taste() -> None:
    assert set(FOLLOW_UP) == {Answer.TOO_EXPENSIVE, Answer.NO_CAPACITY, Answer.NOT_PROVEN}


def test_not_for_us_hides_a_project_for_twelve_months_and_interesting_never() -> None:
    assert said(Answer.NOT_FOR_US).hides(date(2027, 11, 23))
    assert not said(Answer.NOT_FOR_US).hides(date(2027, 11, 24))
    assert not said(Answer.INTERESTING).hides(TODAY)


CODES = st.sampled_from(string.ascii_lowercase)
PHASES = st.frozensets(st.sampled_from(Phase))
GROUPS = st.frozensets(st.sampled_from(TargetGroup))
SHARES = st.floats(0, 1)
IDS = st.integers(1, 9).map(lambda n: UUID(int=n))
PROJECTS = st.builds(
    Project,
    IDS,
    st.just("Een project"),
    PHASES.filter(bool),
    GROUPS.filter(bool),
    st.just(TODAY),
    effort_fte=st.none() | st.floats(0, 5),
    cost_euro=st.none() | st.integers(0, 200_000),
    adopters=st.frozensets(CODES),
    attainments=st.lists(st.builds(Attainment, SHARES, st.integers(0, 500)), max_size=3).map(tuple),
)
ANSWERS = st.builds(Feedback, st.sampled_from(Answer), PHASES, GROUPS, st.just(TODAY))
SITUATIONS = st.builds(
    Situation,
    st.just("GM0518"),
    st.dictionaries(st.sampled_from(Column), SHARES),
    st.dictionaries(CODES, st.floats(0.001, 1), max_size=10),
    st.frozensets(CODES, max_size=6),
    PHASES,
    st.none() | st.floats(0, 3),
    st.none() | st.integers(0, 100_000),
    answers=st.dictionaries(IDS, ANSWERS, max_size=4),
    gemeenten=st.just(60),
)


@STEADY
@given(PROJECTS, SITUATIONS)
def test_every_term_stays_within_its_weight(project: Project, situation: Situation) -> None:
    found = score(project, situation)
    assert found.total == sum(found.tenths)
    least = (0, 0, 0, 0, 0, 0, -100)
    assert all(low <= got <= most for low, got, most in zip(least, found.tenths, WEIGHTS.most, strict=True))


@STEADY
@given(PROJECTS.filter(lambda p: p.attainments), SITUATIONS, st.data())
def test_more_effect_never_lowers(project: Project, situation: Situation, data: st.DataObject) -> None:
    first, *rest = project.attainments
    better = replace(project, attainments=(replace(first, share=data.draw(st.floats(first.share, 1))), *rest))
    assert score(better, situation).total >= score(project, situation).total


@STEADY
@given(PROJECTS, SITUATIONS, st.floats(0, 3), st.floats(0, 3))
def test_more_people_or_money_never_lowers(project: Project, situation: Situation, have: float, more: float) -> None:
    low, high = sorted((have, more))
    for one, other in (
        (replace(situation, have_fte=low), replace(situation, have_fte=high)),
        (replace(situation, have_euro=int(low * 50_000)), replace(situation, have_euro=int(high * 50_000))),
    ):
        assert score(project, one).total <= score(project, other).total


@STEADY
@given(PROJECTS, SITUATIONS)
def test_one_more_look_alike_that_adopts_never_lowers(project: Project, situation: Situation) -> None:
    for code in set(situation.look_alikes) - project.adopters:
        adopted = replace(project, adopters=project.adopters | {code})
        assert score(adopted, situation).total >= score(project, situation).total


@STEADY
@given(PROJECTS, SITUATIONS, st.sampled_from(Phase))
def test_covering_a_phase_never_raises(project: Project, situation: Situation, phase: Phase) -> None:
    covered = replace(situation, covered=situation.covered | {phase})
    assert score(project, covered).total <= score(project, situation).total


@STEADY
@given(PROJECTS, SITUATIONS, ANSWERS.filter(lambda f: f.answer is not Answer.INTERESTING))
def test_a_minus_never_raises(project: Project, situation: Situation, minus: Feedback) -> None:
    answers = {**situation.answers, UUID(int=99): minus}
    assert score(project, replace(situation, answers=answers)).total <= score(project, situation).total


@STEADY
@given(PROJECTS, SITUATIONS, st.booleans())
def test_a_percentile_step_moves_a_score_by_two_tenths_at_most(
    project: Project, situation: Situation, up: bool
) -> None:
    step = 1 / 342 if up else -1 / 342
    moved = {column: min(1, max(0, value + step)) for column, value in situation.percentiles.items()}
    after = score(project, replace(situation, percentiles=moved))
    assert abs(after.total - score(project, situation).total) <= 2


@STEADY
@given(PROJECTS, SITUATIONS)
def test_the_order_of_what_is_known_does_not_matter(project: Project, situation: Situation) -> None:
    turned = replace(
        situation,
        percentiles=dict(reversed(list(situation.percentiles.items()))),
        look_alikes=dict(reversed(list(situation.look_alikes.items()))),
        answers=dict(reversed(list(situation.answers.items()))),
    )
    assert score(replace(project, attainments=project.attainments[::-1]), turned) == score(project, situation)
