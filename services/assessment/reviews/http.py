"""/v1/assessments/{assessment}/reviews/mine: a board member scores each part, on the evidence that it rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.assessment.reviews import operations
from services.assessment.reviews.model import Review, Score
from shared.contracts.vocabulary import Criterion
from shared.web import Body, Caller, IfMatch, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/assessments/{assessment}", tag="Reviews")

BoardMember = Annotated[Caller, caller_of(Role.BOARD_MEMBER)]


class ScoreBody(Body):
    """What the member finds of one part: 0 to 4, or null for no opinion; on which evidence; and what is missing."""

    criterion: Criterion
    part: str
    score: int | None
    evidence: Annotated[tuple[UUID, ...], Field(max_length=40)] = ()
    note: str = ""


class ReviewBody(Body):
    """Scores, as many as there are so far. A part that was scored before gets its new score."""

    scores: Annotated[tuple[ScoreBody, ...], Field(max_length=50)]

    def given(self) -> list[Score]:
        """As the domain has them."""
        return [Score(**dict(score)) for score in self.scores]


class ScoreResult(Result):
    """What a member found of one part."""

    criterion: Criterion
    part: str
    score: int | None
    evidence: list[UUID]
    note: str


class ReviewResult(Result):
    """A review. It counts once it was handed in, and then it stands fast."""

    assessment: UUID
    scores: list[ScoreResult]
    handed_in_on: date | None

    @classmethod
    def of(cls, review: Review) -> ReviewResult:
        """As it is shown."""
        return cls.model_validate(review, from_attributes=True)


@router.put("/reviews/mine")
async def put_my_review(
    assessment: UUID, body: ReviewBody, if_match: IfMatch, caller: BoardMember, tx: Tx, today: Today
) -> ReviewResult:
    """Saves the caller's scores, complete or not. A review that was not begun yet has the ETag "0"."""
    saved = await operations.write(tx, assessment, caller.person, body.given(), seen=if_match, today=today)
    return ReviewResult.of(saved)


@router.post("/review-submissions", status_code=201)
async def hand_in_my_review(assessment: UUID, caller: BoardMember, tx: Tx, today: Today) -> ReviewResult:
    """Hands the caller's review in, or names everything that is missing at once."""
    return ReviewResult.of(await operations.hand_in(tx, assessment, caller.person, today))
