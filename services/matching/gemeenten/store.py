"""What each gemeente says of itself. Lock in one statement, read in the next."""

from __future__ import annotations

from dataclasses import replace

from services.matching.gemeenten.model import OwnSituation
from shared.storage import Transaction, rows

BEGIN = "insert into situation (gemeente) values ($1) on conflict do nothing"
LOCK = "select gemeente from situation where gemeente = $1 for update"
READ = "select gemeente, covered, have_fte, have_euro, conflicts, wishes, revision from situation where gemeente = $1"
SAVE = """
update situation set covered = $2, have_fte = $3, have_euro = $4, conflicts = $5, wishes = $6, revision = $7
where gemeente = $1
"""


async def lock(tx: Transaction, gemeente: str) -> OwnSituation:
    """The situation as it stands, held until the commit; also of a gemeente that never said anything."""
    await tx.execute(BEGIN, gemeente)
    await tx.execute(LOCK, gemeente)
    return await read(tx, gemeente)


async def read(tx: Transaction, gemeente: str) -> OwnSituation:
    """Of a gemeente that never said anything it is empty, with revision 0."""
    row = await tx.fetchrow(READ, gemeente)
    return OwnSituation(gemeente) if row is None else rows.read(OwnSituation, row)


async def save(tx: Transaction, situation: OwnSituation) -> OwnSituation:
    """Writes it and returns it with its next revision."""
    s = replace(situation, revision=situation.revision + 1)
    await tx.execute(SAVE, s.gemeente, s.covered, s.have_fte, s.have_euro, s.conflicts, s.wishes, s.revision)
    return s
