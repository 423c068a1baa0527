"""Who sits on the board, and have enough of them looked?"""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.assessment.board.model import (
    Affiliation,
    AlreadySeated,
    Board,
    InvalidMember,
    InvalidQuorum,
    Member,
    NotOnTheBoard,
    Organisation,
    Quorum,
    Registry,
    Seat,
)
from shared.conflicts import Tie, conflict_chain
from shared.contracts.vocabulary import RelationKind

TODAY = date(2026, 11, 24)
ING, VNG = UUID(int=101), UUID(int=102)


def member(number: int, seat: Seat = Seat.VNG, since: date = date(2024, 1, 1), until: date | None = None) -> Member:
    return Member(UUID(int=number), UUID(int=1000 + number), seat, (Affiliation(VNG),), since, until)


def test_a_member_sits_from_the_first_day_to_the_last_both_included() -> None:
    seated = member(1, since=TODAY, until=TODAY)
    assert seated.sits(TODAY)
    assert not seated.sits(date(2026, 11, 23))
    assert not seated.sits(date(2026, 11, 25))


def test_an_organisation_counts_for_two_years_after_the_member_left_it() -> None:
    moved = replace(member(1), affiliations=(Affiliation(ING, until=date(2024, 11, 24)), Affiliation(VNG)))
    assert moved.organisations(TODAY) == {ING, VNG}
    assert moved.organisations(date(2026, 11, 25)) == {VNG}


def test_who_sits_on_the_board_is_found_by_person_on_a_day() -> None:
    board = Board().seat(member(1)).seat(member(2, Seat.PARTNERS, until=date(2026, 11, 23)))
    assert board.sitting(TODAY) == (member(1),)
    assert board.member(UUID(int=1001), TODAY).seat is Seat.VNG
    with pytest.raises(NotOnTheBoard):
        board.member(UUID(int=1002), TODAY)


def test_one_person_holds_one_seat_at_a_time() -> None:
    board = Board().seat(member(1, until=TODAY))
    again = replace(member(2, Seat.PARTNERS, since=TODAY), person=member(1).person)
    with pytest.raises(AlreadySeated):
        board.seat(again)
    later = replace(again, since=date(2026, 11, 25))
    assert len(board.seat(later).members) == 2
    assert board.seat(later).member(again.person, date(2026, 11, 25)).seat is Seat.PARTNERS


def test_a_member_is_changed_in_place() -> None:
    board = Board().seat(member(1)).seat(member(1, Seat.DIRECTEUR))
    assert [m.seat for m in board.members] == [Seat.DIRECTEUR]


def test_a_member_without_organisations_or_who_leaves_before_arriving_is_refused_with_both_faults() -> None:
    with pytest.raises(InvalidMember) as refusal:
        Board().seat(replace(member(1, since=TODAY, until=date(2026, 1, 1)), affiliations=()))
    assert {fault.field for fault in refusal.value.faults} == {"affiliations", "until"}
    with pytest.raises(InvalidMember):
        member(1, since=TODAY).leave(date(2026, 1, 1))
    assert not member(1).leave(TODAY).sits(date(2026, 11, 25))


def test_a_quorum_asks_for_enough_reviews_from_enough_seats() -> None:
    managers = [member(n, Seat.PROGRAMMAMANAGER) for n in range(1, 5)]
    others = [member(5, Seat.VNG), member(6, Seat.DIRECTEUR)]
    quorum = Quorum(reviews=4, seats=3)
    assert quorum.lacking(managers[:3]) == "3 beoordelingen zijn klaar, 4 zijn nodig voor een besluit."
    assert quorum.lacking(managers) == "De beoordelingen komen van 1 zetels, 3 zijn nodig voor een besluit."
    assert quorum.lacking(managers[:2] + others) is None


@pytest.mark.parametrize(
    ("reviews", "seats", "fields"),
    [(0, 1, ["reviews", "seats"]), (4, 6, ["seats"]), (2, 3, ["seats"]), (51, 0, ["reviews", "seats"])],
)
def test_a_quorum_that_can_never_be_is_refused_with_all_its_faults(reviews: int, seats: int, fields: list[str]) -> None:
    with pytest.raises(InvalidQuorum) as refusal:
        Quorum(reviews, seats).check()
    assert [fault.field for fault in refusal.value.faults] == fields


def registry(*organisations: Organisation) -> Registry:
    return Registry({organisation.id: organisation for organisation in organisations})


A, B, C, D = (UUID(int=n) for n in range(201, 205))


def test_an_organisation_that_went_up_in_another_counts_as_that_other() -> None:
    known = registry(Organisation(A, "A", merged_into=B), Organisation(B, "B", merged_into=C), Organisation(C, "C"))
    assert known.same_as([A]) == known.same_as([C]) == {A, B, C}
    assert known.same_as([D]) == {D}
    bound = registry(
        Organisation(A, "A", B, (Tie(A, RelationKind.FINANCIERT, D),)), Organisation(B, "B"), Organisation(D, "D")
    )
    assert conflict_chain([B], [D], bound.ties, TODAY) is not None


def test_organisations_that_say_to_have_gone_up_in_each_other_do_no_harm() -> None:
    assert A in registry(Organisation(A, "A", merged_into=B), Organisation(B, "B", merged_into=A)).same_as([A])
