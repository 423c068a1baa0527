"""The review table: one row for each person of the board and assessment, with the seat that it was made on."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.assessment.board.model import Member
from services.assessment.reviews.model import Review
from shared.storage import Transaction, rows

READ = """
select r.id, r.assessment, to_jsonb(m) as member, r.scores, r.handed_in_on, r.revision
from review r join member m on m.id = r.member where r.assessment = $1 order by r.id
"""
SAVE = """
insert into review (id, assessment, member, scores, handed_in_on, revision) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set
  member = excluded.member, scores = excluded.scores, handed_in_on = excluded.handed_in_on, revision = excluded.revision
"""


async def of_assessment(tx: Transaction, assessment: UUID) -> tuple[Review, ...]:
    """Every review of it, handed in or not."""
    return tuple(rows.read(Review, row) for row in await tx.fetch(READ, assessment))


async def begin(tx: Transaction, assessment: UUID, member: Member) -> Review:
    """An empty review, which is not there yet until it is saved."""
    return Review(await tx.fetchval("select uuidv7()"), assessment, member)


async def save(tx: Transaction, review: Review) -> Review:
    """Writes it and returns it with its next revision. The assessment must be locked."""
    revision = review.revision + 1
    scores = rows.plain(review.scores)
    await tx.execute(SAVE, review.id, review.assessment, review.member.id, scores, review.handed_in_on, revision)
    return replace(review, revision=revision)
