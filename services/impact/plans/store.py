"""The plans of an adoption. They change only under the lock of the adoption."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.impact.plans.model import Plan, Plans
from shared.storage import Transaction, rows

REVISION = "select revision from plans where adoption = $1"
READ = """
select indicator, grain, baseline, target, starts_on, ends_on from plan
where adoption = $1 order by indicator collate "C"
"""
MEASURED = "select distinct indicator from observation where adoption = $1"
SAVE = """
insert into plans (adoption, revision) values ($1, $2) on conflict (adoption) do update set revision = excluded.revision
"""
CLEAR = "delete from plan where adoption = $1"
SAVE_EACH = """
insert into plan (adoption, indicator, grain, baseline, target, starts_on, ends_on)
select $1, p.* from unnest($2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::date[], $7::date[]) p
"""


async def read(tx: Transaction, adoption: UUID) -> Plans:
    """Of an adoption of which nothing was planned yet they are empty, with revision 0."""
    revision = await tx.fetchval(REVISION, adoption)
    if revision is None:
        return Plans(adoption)
    return Plans(adoption, tuple(rows.read(Plan, row) for row in await tx.fetch(READ, adoption)), revision)


async def measured(tx: Transaction, adoption: UUID) -> frozenset[str]:
    """The indicators of which figures were recorded, also those that were withdrawn since."""
    return frozenset(row["indicator"] for row in await tx.fetch(MEASURED, adoption))


async def save(tx: Transaction, plans: Plans) -> Plans:
    """Writes them all and returns them with their next revision."""
    saved = replace(plans, revision=plans.revision + 1)
    await tx.execute(SAVE, saved.adoption, saved.revision)
    await tx.execute(CLEAR, saved.adoption)
    await tx.execute(
        SAVE_EACH,
        saved.adoption,
        [plan.indicator for plan in saved.items],
        [plan.grain for plan in saved.items],
        [plan.baseline for plan in saved.items],
        [plan.target for plan in saved.items],
        [plan.starts_on for plan in saved.items],
        [plan.ends_on for plan in saved.items],
    )
    return saved
