"""The ledger as subscribers follow it: from a place on, and as it stood at a place."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.impact.feed.model import Wanted
from services.impact.figures.model import Published
from services.impact.figures.store import published
from services.impact.publication.store import RELEASE
from shared.feeds.cursor import Place
from shared.storage import Transaction

FIRST = UUID(int=0)
"""Before every block: asked for without "or is null", each page begins in the index where the one before it ended."""
FOUND = "block b join family f on f.id = b.family join"
WANTED = """
($1::text[] is null or b.scope = any($1)) and ($2::uuid is null or f.project = $2) and ($3::text is null or f.indicator = $3)
"""
NEWEST = "select r.position, r.block, r.number from ledger l join release r on r.position = l.last"
AT = "select r.position, r.block, r.number from release r where r.position = $1"
BETWEEN = f"""
select {RELEASE} from {FOUND} release r on r.block = b.id
where {WANTED} and r.position > $4 and r.position <= $5 order by r.position limit $6
"""
AS_IT_STOOD = f"""
select {RELEASE} from {FOUND}
  lateral (select * from release where block = b.id and position <= $4 order by number desc limit 1) r on true
where {WANTED} and r.kind <> 'ingetrokken' and b.id > $5 order by b.id limit $6
"""


async def newest(tx: Transaction) -> Place:
    """After the newest line of the ledger."""
    return await _place(tx, NEWEST)


async def place_at(tx: Transaction, position: int) -> Place | None:
    """After the line with this position; None when there is no such line."""
    if position == 0:
        return Place()
    found = await _place(tx, AT, position)
    return found if found.position else None


async def between(tx: Transaction, wanted: Wanted, after: int, until: int, limit: int) -> Sequence[Published]:
    """The lines after one position and up to another, in their order."""
    found = await tx.fetch(BETWEEN, *_columns(wanted), after, until, limit)
    return [published(row) for row in found]


async def as_it_stood(
    tx: Transaction, wanted: Wanted, position: int, after: UUID | None, limit: int
) -> Sequence[Published]:
    """What was shown once the ledger had come to this position, in the order in which blocks came to be."""
    found = await tx.fetch(AS_IT_STOOD, *_columns(wanted), position, after or FIRST, limit)
    return [published(row) for row in found]


async def _place(tx: Transaction, sql: str, *arguments: int) -> Place:
    row = await tx.fetchrow(sql, *arguments)
    return Place() if row is None else Place.after(row["position"], row["block"], row["number"])


def _columns(wanted: Wanted) -> tuple[list[str] | None, UUID | None, str | None]:
    return None if wanted.scopes is None else sorted(wanted.scopes), wanted.project, wanted.indicator
