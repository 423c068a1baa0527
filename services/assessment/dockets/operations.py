"""Gathers what somebody of the board may see. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.assessment.board import store as board
from services.assessment.board.model import Board, Member
from services.assessment.decisions import store as assessments
from services.assessment.decisions.model import State
from services.assessment.decisions.store import Summary
from services.assessment.dockets.model import Docket
from services.assessment.frameworks.model import framework_numbered
from services.assessment.reviews import operations as reviewing
from services.assessment.reviews import store as reviews
from shared.conflicts import conflict_chain
from shared.storage import Transaction


async def docket(tx: Transaction, assessment: UUID, person: UUID, today: date, *, manages: bool) -> Docket:
    """The assessment as this person may see it. Raises: NotOnTheBoard, UnknownEntity."""
    seats = await board.board(tx)
    who = _seen_by(seats, person, today, manages=manages)
    known = await assessments.read(tx, assessment)
    made = await reviews.of_assessment(tx, assessment)
    concerned = [*seats.sitting(today), *(review.member for review in made)]
    registry = await reviewing.around(tx, known, concerned, today)
    return Docket(
        assessment=known,
        framework=framework_numbered(known.framework_version),
        board=seats,
        reviews=made,
        viewer=who,
        behind=registry.same_as(known.behind),
        ties=registry.ties,
        names=registry.names,
        today=today,
    )


async def listed(
    tx: Transaction, person: UUID, state: State | None, after: UUID | None, limit: int, *, today: date, manages: bool
) -> Sequence[tuple[Summary, bool]]:
    """Assessments in this state, or all, the oldest first; each with whether this person has a conflict of interest.

    Raises: NotOnTheBoard.
    """
    who = _seen_by(await board.board(tx), person, today, manages=manages)
    found = await assessments.summaries(tx, None if who is None else who.id, state, after, limit)
    if who is None:
        return [(summary, False) for summary in found]
    theirs = who.organisations(today)
    registry = await board.registry(tx, theirs.union(*(summary.behind for summary in found)))
    ties = registry.ties
    return [(s, conflict_chain(theirs, registry.same_as(s.behind), ties, today) is not None) for s in found]


def _seen_by(seats: Board, person: UUID, today: date, *, manages: bool) -> Member | None:
    """Whoever looks, as a member; None for a programme manager without a seat. Raises: NotOnTheBoard."""
    return seats.seat_of(person, today) if manages else seats.member(person, today)
