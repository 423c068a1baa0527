"""Who sees whose scores, and which reviews count?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.assessment.board.model import Affiliation, Board, Member, Quorum, Seat
from services.assessment.decisions.model import Assessment, Decision, Reason, State
from services.assessment.dockets.model import Docket, Progress
from services.assessment.frameworks.model import FIRST
from services.assessment.reviews.model import Review, Score
from shared.conflicts import Tie
from shared.contracts.events import ProjectSubmitted
from shared.contracts.vocabulary import Criterion, EvidenceLevel, RelationKind, Verdict

TODAY = date(2026, 11, 24)
EVIDENCE, OWNER, BANK = UUID(int=9), UUID(int=31), UUID(int=32)
SCORES = tuple(Score(part.criterion, part.slug, 3, (EVIDENCE,), "Toelichting") for part in FIRST.parts)
DECISION = Decision(Verdict.ADOPT, EvidenceLevel.EFFECTIVE, tuple(Reason(c, "Het werkt") for c in Criterion))


def member(number: int, of: UUID | None = None) -> Member:
    seat = list(Seat)[number % len(Seat)]
    return Member(
        UUID(int=number), UUID(int=1000 + number), seat, (Affiliation(of or UUID(int=50 + number)),), date(2024, 1, 1)
    )


FIRST_MEMBER, SECOND_MEMBER, BANKER = member(1), member(2), member(3, BANK)


def review(of: Member, *, handed_in: bool = True, scores: tuple[Score, ...] = SCORES) -> Review:
    return Review(UUID(int=200 + of.id.int), UUID(int=21), of, scores, TODAY if handed_in else None)


def docket(
    *reviews: Review, viewer: Member | None = FIRST_MEMBER, state: State = State.OPEN, bound: bool = False
) -> Docket:
    told = ProjectSubmitted.model_validate({
        "project": UUID(int=7), "project_version": 1, "title": "JPF", "summary": "Fonds", "cost_euro": 1, "effort_fte": 1,
        "phases": ["plan-maken"], "target_groups": ["jongeren"], "available_from": TODAY, "submitted_on": TODAY,
        "involvements": [{"organisation": OWNER, "relation": RelationKind.EIGENAAR}],
    })  # fmt: skip
    return Docket(
        assessment=replace(Assessment.open(UUID(int=21), told, FIRST), state=state, decision=DECISION),
        framework=FIRST,
        board=Board((FIRST_MEMBER, SECOND_MEMBER, BANKER), Quorum(reviews=2, seats=2)),
        reviews=reviews,
        viewer=viewer,
        behind=frozenset({OWNER}),
        ties=(Tie(BANK, RelationKind.FINANCIERT, OWNER),) if bound else (),
        names={},
        today=TODAY,
    )


def test_who_has_not_handed_in_sees_nothing_of_the_others() -> None:
    shown = docket(review(SECOND_MEMBER), review(FIRST_MEMBER, handed_in=False))
    assert (shown.shows_scores, shown.others, shown.means, shown.advice, shown.decision) == (
        False,
        (),
        None,
        None,
        None,
    )
    assert [place.progress for place in shown.places] == [Progress.BUSY, Progress.HANDED_IN, Progress.NOT_BEGUN]


def test_who_has_handed_in_sees_what_the_others_handed_in_and_no_more() -> None:
    shown = docket(review(FIRST_MEMBER), review(SECOND_MEMBER), review(BANKER, handed_in=False))
    assert shown.others == (review(SECOND_MEMBER),)
    assert (shown.advice, shown.decision, shown.lacking) == (Verdict.ADOPT, DECISION, None)


def test_a_manager_without_a_seat_has_no_review_to_be_swayed_in() -> None:
    shown = docket(review(FIRST_MEMBER), viewer=None)
    assert (shown.own, shown.others, shown.missing) == (None, (review(FIRST_MEMBER),), ())


@pytest.mark.parametrize("state", [State.RELEASED, State.SUPERSEDED, State.WITHDRAWN])
def test_once_it_is_closed_every_member_sees_all_of_it(state: State) -> None:
    assert docket(review(SECOND_MEMBER), state=state).others == (review(SECOND_MEMBER),)


def test_an_interest_takes_a_review_out_of_the_quorum_and_shows_through_whom() -> None:
    reviews = (review(FIRST_MEMBER), review(BANKER))
    assert docket(*reviews).lacking is None
    bound = docket(*reviews, bound=True)
    assert bound.counted == (review(FIRST_MEMBER),)
    assert bound.lacking is not None
    place = bound.places[2]
    assert place.chain is not None
    assert (place.progress, place.chain.organisations) == (Progress.CONFLICT, (BANK, OWNER))


def test_who_left_the_board_after_reviewing_still_stands_beside_it() -> None:
    gone = replace(member(4), until=date(2026, 11, 1))
    shown = docket(review(FIRST_MEMBER), review(gone))
    assert shown.places[-1].member == gone
    assert gone in [each.member for each in shown.counted]
