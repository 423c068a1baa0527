"""What makes a review complete, and who may not write one?"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.assessment.board.model import Affiliation, Member, Seat
from services.assessment.frameworks.model import FIRST
from services.assessment.reviews.model import (
    AlreadyHandedIn,
    ConflictOfInterest,
    InvalidReview,
    Review,
    Score,
    impartial,
    mean_scores,
)
from shared.conflicts import Tie
from shared.contracts.vocabulary import Criterion, RelationKind

TODAY = date(2026, 11, 24)
ING, ING_FUND, VNG, DEN_HAAG, ELSEWHERE = (UUID(int=n) for n in range(101, 106))
EVIDENCE = UUID(int=9)

# methods.md C: JPF by Den Haag; ING Nederland fonds, a daughter of ING, finances it; Den Haag is a member of the VNG.
BEHIND_JPF = {DEN_HAAG, ING_FUND}
TIES = (Tie(ING_FUND, RelationKind.DOCHTER_VAN, ING), Tie(DEN_HAAG, RelationKind.LID_VAN, VNG))


def review(number: int = 1, of: UUID = VNG, seat: Seat = Seat.VNG, scores: tuple[Score, ...] = ()) -> Review:
    member = Member(UUID(int=number), UUID(int=1000 + number), seat, (Affiliation(of),), date(2024, 1, 1))
    return Review(UUID(int=number), UUID(int=50), member, scores)


def full(score: int = 4, **criteria: int) -> tuple[Score, ...]:
    return tuple(
        Score(part.criterion, part.slug, criteria.get(part.criterion, score), (EVIDENCE,), "Toelichting")
        for part in FIRST.parts
    )


def fields(refusal: pytest.ExceptionInfo[InvalidReview]) -> set[str]:
    return {fault.field for fault in refusal.value.faults}


def test_a_bank_whose_daughter_finances_the_project_has_a_conflict_of_interest() -> None:
    chain = review(of=ING).conflicts_with(BEHIND_JPF, TIES, TODAY)
    assert chain is not None
    assert chain.organisations == (ING, ING_FUND)
    refusal = ConflictOfInterest(chain, {ING: "ING", ING_FUND: "ING Nederland fonds"})
    assert "ING - ING Nederland fonds" in refusal.detail


def test_the_umbrella_of_all_gemeenten_has_none() -> None:
    assert review(of=VNG).conflicts_with(BEHIND_JPF, TIES, TODAY) is None


def test_who_left_the_organisation_two_years_ago_has_a_conflict_and_who_left_before_has_none() -> None:
    left = replace(review(), member=replace(review().member, affiliations=(Affiliation(DEN_HAAG, date(2024, 11, 24)),)))
    assert left.conflicts_with(BEHIND_JPF, TIES, TODAY) is not None
    assert left.conflicts_with(BEHIND_JPF, TIES, date(2026, 11, 25)) is None


def test_a_review_whose_member_became_bound_to_the_project_counts_no_more() -> None:
    reviews = (review(1, VNG), review(2, ING))
    assert impartial(reviews, BEHIND_JPF, (), TODAY) == reviews
    assert impartial(reviews, BEHIND_JPF, TIES, TODAY) == reviews[:1]


def test_a_review_is_saved_part_by_part_and_a_part_scored_again_takes_its_new_score() -> None:
    first = Score(Criterion.WERKBAAR, "echte-clienten", 2)
    other = Score(Criterion.WERKBAAR, "in-productie", 4, (EVIDENCE,))
    written = review().write([first], FIRST, {EVIDENCE}).write([other, replace(first, score=3)], FIRST, {EVIDENCE})
    assert [(s.part, s.score) for s in written.scores] == [("echte-clienten", 3), ("in-productie", 4)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Score(Criterion.WERKBAAR, "in-productie", 5), "scores.in-productie.score"),
        (Score(Criterion.WERKBAAR, "in-productie", -1), "scores.in-productie.score"),
        (Score(Criterion.BESCHIKBAAR, "in-productie", 3), "scores.in-productie"),
        (Score(Criterion.WERKBAAR, "in-productie", 3, (UUID(int=404),)), "scores.in-productie.evidence"),
        (Score(Criterion.WERKBAAR, "in-productie", 3, note="x" * 4001), "scores.in-productie.note"),
    ],
)
def test_what_is_wrong_is_refused_as_soon_as_it_is_written(wrong: Score, field: str) -> None:
    with pytest.raises(InvalidReview) as refusal:
        review().write([wrong], FIRST, {EVIDENCE})
    assert fields(refusal) == {field}


def test_handing_in_names_every_part_that_is_missing_at_once() -> None:
    with pytest.raises(InvalidReview) as refusal:
        review(scores=full()[1:4]).hand_in(FIRST, TODAY)
    assert fields(refusal) == {f"scores.{p.slug}" for p in FIRST.parts} - {f"scores.{s.part}" for s in full()[1:4]}


@pytest.mark.parametrize(
    ("gap", "field"),
    [
        (Score(Criterion.WERKBAAR, "in-productie", 1, (), "Geen bron"), "scores.in-productie.evidence"),
        (Score(Criterion.WERKBAAR, "in-productie", 2, (EVIDENCE,)), "scores.in-productie.note"),
        (Score(Criterion.WERKBAAR, "in-productie", 0), "scores.in-productie.note"),
        (Score(Criterion.WERKBAAR, "in-productie", None), "scores.in-productie.note"),
    ],
)
def test_a_score_rests_on_evidence_and_doubt_is_explained(gap: Score, field: str) -> None:
    with pytest.raises(InvalidReview) as refusal:
        review(scores=(gap, *full()[1:])).hand_in(FIRST, TODAY)
    assert fields(refusal) == {field}


def test_no_opinion_is_an_answer_and_nothing_shown_needs_no_evidence() -> None:
    abstained = Score(Criterion.WERKBAAR, "in-productie", None, note="Niet mijn vak")
    nothing = Score(Criterion.WERKBAAR, "echte-clienten", 0, note="Ik zie geen cliënten")
    assert review(scores=(abstained, nothing, *full()[2:])).hand_in(FIRST, TODAY).handed_in_on == TODAY


def test_a_review_that_was_handed_in_stands() -> None:
    done = review(scores=full()).hand_in(FIRST, TODAY)
    with pytest.raises(AlreadyHandedIn):
        done.write([], FIRST, {EVIDENCE})
    with pytest.raises(AlreadyHandedIn):
        done.hand_in(FIRST, TODAY)


def test_others_scores_are_seen_only_after_ones_own() -> None:
    mine, theirs = review(1, scores=full()), review(2, scores=full()).hand_in(FIRST, TODAY)
    assert mine.is_visible_to(mine)
    assert not theirs.is_visible_to(mine)
    assert not theirs.is_visible_to(None)
    assert theirs.is_visible_to(mine.hand_in(FIRST, TODAY))
    assert not mine.is_visible_to(theirs)


def test_each_member_weighs_the_same_however_many_parts_they_scored() -> None:
    thorough = review(1, scores=full(4))
    one_opinion = review(2, scores=(Score(Criterion.WERKBAAR, "in-productie", 1, (EVIDENCE,), "Matig"),))
    assert mean_scores([thorough, one_opinion]) == {
        Criterion.WERKBAAR: 2.5,
        Criterion.HERBRUIKBAAR: 4.0,
        Criterion.BESCHIKBAAR: 4.0,
    }
    assert mean_scores([]) == dict.fromkeys(Criterion)


def test_the_order_of_the_reviews_does_not_matter() -> None:
    chance = random.Random(7)
    reviews = [
        review(n, scores=tuple(replace(s, score=chance.choice([None, 0, 1, 2, 3, 4])) for s in full()))
        for n in range(7)
    ]
    shuffled = chance.sample(reviews, len(reviews))
    assert mean_scores(reviews) == mean_scores(shuffled)
