"""When may the board decide, what must a decision hold, and what becomes of it when the next version comes?"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.assessment.board.model import Affiliation, Member, Quorum, Seat
from services.assessment.decisions.model import (
    Assessment,
    Condition,
    Decision,
    IncompleteDecision,
    Line,
    NothingPrepared,
    NotOpen,
    QuorumMissing,
    Reason,
    State,
)
from services.assessment.decisions.model import submitted as submitted_step
from services.assessment.decisions.model import withdrawn as withdrawn_step
from services.assessment.frameworks.model import FIRST
from services.assessment.reviews.model import Review, Score
from shared.contracts.events import Event, ProjectAssessed, ProjectSubmitted, ProjectWithdrawn
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Phase, RelationKind, TargetGroup, Verdict

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
PROJECT, OWNER, MEMBER_OF, EVIDENCE = UUID(int=7), UUID(int=31), UUID(int=32), UUID(int=9)
QUORUM = Quorum(reviews=3, seats=3)


def submitted(version: int = 1) -> ProjectSubmitted:
    return ProjectSubmitted.model_validate({
        "project": PROJECT, "project_version": version, "title": "JPF", "summary": "Fonds", "cost_euro": 1, "effort_fte": 1,
        "phases": [Phase.PLAN_MAKEN], "target_groups": [TargetGroup.JONGEREN], "available_from": TODAY,
        "involvements": [
            {"organisation": OWNER, "relation": RelationKind.EIGENAAR},
            {"organisation": MEMBER_OF, "relation": RelationKind.LID_VAN},
        ],
        "evidence": [{
            "id": EVIDENCE, "criterion": Criterion.WERKBAAR, "part": "echte-clienten",
            "link": "https://example.nl", "quote": "53 jongeren",
        }],
        "submitted_on": TODAY,
    })  # fmt: skip


def assessment(version: int = 1) -> Assessment:
    return Assessment.open(UUID(int=20 + version), submitted(version), FIRST)


def reviews(score: int = 4, handed_in: int = 3) -> list[Review]:
    scores = tuple(Score(part.criterion, part.slug, score, (EVIDENCE,), "Toelichting") for part in FIRST.parts)
    made = []
    for number, seat in enumerate((Seat.DIRECTEUR, Seat.VNG, Seat.PARTNERS)):
        member = Member(UUID(int=number), UUID(int=100 + number), seat, (Affiliation(MEMBER_OF),), date(2024, 1, 1))
        review = Review(UUID(int=200 + number), UUID(int=21), member, scores)
        made.append(review.hand_in(FIRST, TODAY) if number < handed_in else review)
    return made


REASONS = tuple(Reason(criterion, f"Zo is het: {criterion}", (EVIDENCE,)) for criterion in reversed(Criterion))
ADOPT = Decision(Verdict.ADOPT, EvidenceLevel.WELL_FOUNDED, REASONS)
CONDITION = Condition(UUID(int=40), "Twee gemeenten meer", date(2027, 3, 1))


def decided(of: Assessment, decision: Decision = ADOPT, score: int = 4) -> Assessment:
    return of.decide(decision, reviews(score), FIRST, QUORUM, TODAY)


def fields(refusal: pytest.ExceptionInfo[IncompleteDecision]) -> set[str]:
    return {fault.field for fault in refusal.value.faults}


def test_a_decision_is_prepared_first_and_known_only_when_it_is_released() -> None:
    prepared = decided(assessment())
    assert (prepared.state, prepared.is_adoptable(TODAY)) == (State.DECIDED, False)
    with pytest.raises(NothingPrepared):
        prepared.told()
    known = prepared.release(FIRST, TOMORROW)
    assert (known.state, known.is_adoptable(TOMORROW)) == (State.RELEASED, True)
    told: ProjectAssessed = known.told()
    assert (told.decided_on, told.released_on, told.valid_until) == (TODAY, TOMORROW, date(2029, 11, 25))
    assert [(r.criterion, r.mean_score) for r in told.reasons] == [(criterion, 4.0) for criterion in Criterion]


def test_a_verdict_holds_on_its_last_day_and_no_longer() -> None:
    known = decided(assessment()).release(FIRST, TODAY)
    assert known.is_adoptable(date(2029, 11, 24))
    assert not known.is_adoptable(date(2029, 11, 25))


def test_a_verdict_that_turns_a_project_down_makes_nothing_adoptable() -> None:
    known = decided(assessment(), replace(ADOPT, verdict=Verdict.NOT_NOW), score=1).release(FIRST, TODAY)
    assert not known.is_adoptable(TODAY)


def test_reviews_that_were_not_handed_in_make_no_quorum() -> None:
    with pytest.raises(QuorumMissing, match="2 beoordelingen zijn klaar, 3 zijn nodig"):
        assessment().decide(ADOPT, reviews(handed_in=2), FIRST, QUORUM, TODAY)


def test_an_empty_decision_names_every_gap_at_once() -> None:
    empty = Decision(Verdict.ADOPT_WITH_CONDITIONS, EvidenceLevel.NONE, (Reason(Criterion.WERKBAAR, " "),))
    with pytest.raises(IncompleteDecision) as refusal:
        decided(assessment(), empty, score=0)
    assert fields(refusal) == {
        "reasons.werkbaar", "reasons.herbruikbaar", "reasons.beschikbaar", "conditions", "overrideReason",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"conditions": (CONDITION,)}, "conditions"),
        ({"override_reason": "Omdat het kan"}, "overrideReason"),
        ({"reasons": (*REASONS[1:], replace(REASONS[0], evidence=(UUID(int=404),)))}, "reasons.beschikbaar.evidence"),
        ({"reasons": (*REASONS, REASONS[0])}, "reasons"),
        ({"reasons": (*REASONS[1:], replace(REASONS[0], reason="x" * 4001))}, "reasons.beschikbaar"),
        (
            {"verdict": Verdict.ADOPT_WITH_CONDITIONS, "conditions": (replace(CONDITION, due_on=TODAY),)},
            "conditions.0.dueOn",
        ),
        (
            {"verdict": Verdict.ADOPT_WITH_CONDITIONS, "conditions": (CONDITION, replace(CONDITION, text=" "))},
            "conditions.1.text",
        ),
        ({"verdict": Verdict.ADOPT_WITH_CONDITIONS, "conditions": (CONDITION,) * 21}, "conditions"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(IncompleteDecision) as refusal:
        decided(assessment(), replace(ADOPT, **wrong))
    assert fields(refusal) == {field}


def test_a_verdict_against_the_scores_needs_a_reason_and_tells_it() -> None:
    with pytest.raises(IncompleteDecision) as refusal:
        decided(assessment(), ADOPT, score=1)
    assert fields(refusal) == {"overrideReason"}
    overridden = decided(assessment(), replace(ADOPT, override_reason="Vult de enige lege fase"), score=1)
    assert overridden.release(FIRST, TODAY).told().override_reason == "Vult de enige lege fase"


def test_conditions_are_told_with_the_day_on_which_they_are_due() -> None:
    conditional = replace(ADOPT, verdict=Verdict.ADOPT_WITH_CONDITIONS, conditions=(CONDITION,))
    told = decided(assessment(), conditional).release(FIRST, TODAY).told()
    assert [(c.text, c.due_on) for c in told.conditions] == [("Twee gemeenten meer", date(2027, 3, 1))]


def test_a_decision_can_be_prepared_anew_until_it_is_known() -> None:
    prepared = decided(assessment())
    again = decided(prepared, replace(ADOPT, evidence_level=EvidenceLevel.EFFECTIVE))
    assert again.decision is not None
    assert again.decision.evidence_level is EvidenceLevel.EFFECTIVE
    known = again.release(FIRST, TODAY)
    with pytest.raises(NotOpen):
        decided(known)
    with pytest.raises(NotOpen):
        known.release(FIRST, TOMORROW)


def test_nothing_is_released_that_was_not_decided() -> None:
    with pytest.raises(NothingPrepared):
        assessment().release(FIRST, TODAY)


def test_while_version_2_is_weighed_version_1_stays_adoptable() -> None:
    first = decided(assessment(1)).release(FIRST, TODAY).make_way()
    second = assessment(2)
    assert first.is_adoptable(TODAY)
    assert first.yield_to(second) == first
    assert first.yield_to(decided(second)) == first
    known = decided(second).release(FIRST, TOMORROW)
    assert first.yield_to(known).state is State.SUPERSEDED
    assert not first.yield_to(known).is_adoptable(TOMORROW)
    assert known.yield_to(first) == known


def test_a_version_2_that_is_turned_down_leaves_version_1_as_it_was() -> None:
    first = decided(assessment(1)).release(FIRST, TODAY)
    refused = decided(assessment(2), replace(ADOPT, verdict=Verdict.NO), score=0).release(FIRST, TOMORROW)
    assert first.yield_to(refused).is_adoptable(TOMORROW)


@pytest.mark.parametrize("before", [assessment(), decided(assessment())])
def test_a_next_version_or_a_withdrawal_ends_what_was_not_known_yet(before: Assessment) -> None:
    assert before.make_way().state is State.SUPERSEDED
    assert before.withdraw().state is State.WITHDRAWN
    for closed in (before.make_way(), before.withdraw()):
        with pytest.raises(NotOpen):
            decided(closed)
        with pytest.raises(NotOpen):
            closed.release(FIRST, TODAY)


def test_a_known_verdict_outlives_a_withdrawal_and_holds_again_once_the_project_is_back() -> None:
    known = decided(assessment()).release(FIRST, TODAY)
    withdrawn = known.withdraw()
    assert (withdrawn.state, withdrawn.decision) == (known.state, known.decision)
    assert not withdrawn.is_adoptable(TODAY)
    assert withdrawn.make_way() == known


def heard(*told: ProjectSubmitted | ProjectWithdrawn) -> Line:
    line: Line | None = None
    for data in told:
        event: Event[Any] = Event(UUID(int=1), PROJECT, 1, datetime(2026, 11, 24, tzinfo=UTC), data)
        line = (submitted_step if isinstance(data, ProjectSubmitted) else withdrawn_step)(line, event, lambda *_: None)
    assert line is not None
    return line


WITHDRAWN = ProjectWithdrawn(project=PROJECT, project_version=2, reason="Gestopt", withdrawn_on=TODAY)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_only_the_newest_version_is_weighed_in_whatever_order_the_versions_come(order: tuple[int, ...]) -> None:
    line = heard(*(submitted(version) for version in (*order, *order)))
    states = {a.project_version: a.state for a in line.assessments}
    assert states == {1: State.SUPERSEDED, 2: State.SUPERSEDED, 3: State.OPEN}
    assert len(line.assessments) == 3


def test_a_withdrawal_closes_what_is_weighed_and_the_next_version_opens_a_new_assessment() -> None:
    gone = heard(submitted(1), submitted(2), WITHDRAWN)
    assert [(a.state, a.offered) for a in gone.assessments] == [(State.SUPERSEDED, False), (State.WITHDRAWN, False)]
    back = heard(submitted(1), submitted(2), WITHDRAWN, submitted(3))
    assert [a.state for a in back.assessments] == [State.SUPERSEDED, State.WITHDRAWN, State.OPEN]
    assert all(a.offered for a in back.assessments)


def test_only_hard_relations_stand_behind_the_project_for_a_conflict_of_interest() -> None:
    assert assessment().behind == {OWNER}
    assert assessment().evidence == {EVIDENCE}
