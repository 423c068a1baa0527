"""The ledger as everybody may read it: every figure that leaves comes from here, and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.impact.figures.model import Published, Search
from services.impact.publication.model import Block, Family
from services.impact.publication.store import NEWEST, RELEASE, block_of, blocks
from shared.storage import Transaction, rows

SHOWN = f"""
select {RELEASE} from {NEWEST}
where r.kind <> 'ingetrokken' and ($1::uuid is null or f.project = $1) and ($2::text is null or f.indicator = $2)
  and ($3::text is null or b.scope = $3) and ($4::date is null or f.period_start >= $4)
  and ($5::date is null or f.period_end <= $5) and ($6::uuid is null or b.id > $6)
order by b.id limit $7
"""
LEDGER = f"""
select {RELEASE} from release r join block b on b.id = r.block join family f on f.id = b.family
where r.position > $1 order by r.position limit $2
"""
FAMILY = """
select id from family where (project, indicator, period_start, period_end) = ($1, $2, $3, $4)
"""
# Whenever it began: figures of before the start may be reported as well.
MEMBERS = "select distinct gemeente from adoption where project = $1 and (ended_on is null or ended_on >= $2)"


async def shown(tx: Transaction, wanted: Search, after: UUID | None, limit: int) -> Sequence[Published]:
    """What everybody may see now, in the order in which blocks came to be."""
    found = await tx.fetch(
        SHOWN, wanted.project, wanted.indicator, wanted.gemeente, wanted.period_start, wanted.period_end, after, limit
    )
    return [published(row) for row in found]


async def releases(tx: Transaction, after: int, limit: int) -> Sequence[Published]:
    """The ledger from this place on."""
    found = await tx.fetch(LEDGER, after, limit)
    return [published(row) for row in found]


async def of_family(tx: Transaction, family: Family) -> Sequence[Block]:
    """The blocks of one family; none where nothing was ever shown of it."""
    found = await tx.fetchval(FAMILY, family.project, family.indicator, family.period_start, family.period_end)
    return [] if found is None else list((await blocks(tx, [found])).values())


async def members(tx: Transaction, family: Family) -> frozenset[str]:
    """The gemeenten that take part in the project."""
    return frozenset(row["gemeente"] for row in await tx.fetch(MEMBERS, family.project, family.period_start))


def published(row: rows.Row) -> Published:
    """The line of a row with the columns of RELEASE."""
    return Published(row["position"], block_of(row), row["released_at"])
