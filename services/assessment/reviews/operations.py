"""What a board member does with a review. A conflict of interest is looked for each time: it may have come up since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.assessment.board import store as board
from services.assessment.board.model import Member, Registry
from services.assessment.decisions import store as assessments
from services.assessment.decisions.model import Assessment
from services.assessment.frameworks.model import framework_numbered
from services.assessment.reviews import store
from services.assessment.reviews.model import ConflictOfInterest, Review, Score, impartial
from shared.storage import StaleRevision, Transaction


async def write(
    tx: Transaction, assessment: UUID, person: UUID, scores: Iterable[Score], *, seen: int, today: date
) -> Review:
    """Saves scores, complete or not. A review that is not there yet has revision 0.

    Raises: UnknownEntity, NotOpen, NotOnTheBoard, ConflictOfInterest, StaleRevision, AlreadyHandedIn, InvalidReview.
    """
    known = await _lock(tx, assessment, person, today)
    review = await _own(tx, known, person, today)
    if seen != review.revision:
        raise StaleRevision(seen, review.revision)
    framework = framework_numbered(known.framework_version)
    return await store.save(tx, review.write(scores, framework, known.evidence))


async def hand_in(tx: Transaction, assessment: UUID, person: UUID, today: date) -> Review:
    """Makes the member's review final.

    Raises: UnknownEntity, NotOpen, NotOnTheBoard, ConflictOfInterest, AlreadyHandedIn, InvalidReview.
    """
    known = await _lock(tx, assessment, person, today)
    review = await _own(tx, known, person, today)
    return await store.save(tx, review.hand_in(framework_numbered(known.framework_version), today))


async def that_may_count(tx: Transaction, assessment: Assessment, today: date) -> tuple[Review, ...]:
    """The reviews of members who have no conflict of interest today."""
    reviews = await store.of_assessment(tx, assessment.id)
    registry = await around(tx, assessment, [review.member for review in reviews], today)
    return impartial(reviews, registry.same_as(assessment.behind), registry.ties, today)


async def around(tx: Transaction, assessment: Assessment, members: Iterable[Member], today: date) -> Registry:
    """What binds these members to the organisations behind the project."""
    theirs = {organisation for member in members for organisation in member.organisations(today)}
    return await board.registry(tx, theirs | assessment.behind)


async def check_impartial(tx: Transaction, assessment: Assessment, member: Member, today: date) -> None:
    """Raises: ConflictOfInterest, which shows through which organisations."""
    registry = await around(tx, assessment, [member], today)
    review = Review(member.id, assessment.id, member)
    if chain := review.conflicts_with(registry.same_as(assessment.behind), registry.ties, today):
        raise ConflictOfInterest(chain, registry.names)


async def _lock(tx: Transaction, assessment: UUID, person: UUID, today: date) -> Assessment:
    """The assessment, for who sits on the board: others are not told whether it is there.

    Raises: NotOnTheBoard, UnknownEntity.
    """
    (await board.board(tx)).member(person, today)
    return await assessments.lock(tx, assessment)


async def _own(tx: Transaction, assessment: Assessment, person: UUID, today: date) -> Review:
    assessment.check_open()
    member = (await board.board(tx)).member(person, today)
    await check_impartial(tx, assessment, member, today)
    reviews = await store.of_assessment(tx, assessment.id)
    own = next((review for review in reviews if review.member.person == person), None)
    if own is None:
        return await store.begin(tx, assessment.id, member)
    return replace(own, member=member) if own.handed_in_on is None else own  # a seat may change, the person does not
