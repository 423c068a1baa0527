"""The funding tables. A plan changes under the lock of its adoption; read in the statement after the lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.matching.funding.model import FundingPlan
from shared.storage import Transaction, UnknownEntity, rows

READ = """
select p.adoption, p.budget_euro, a.gemeente_organisation, p.secured, p.revision,
  (select coalesce(jsonb_agg(c order by c.id), '[]') from commitment c where c.adoption = p.adoption) as commitments
from funding_plan p join adoption a on a.id = p.adoption
where p.adoption = any($1) order by p.adoption
"""
LAPSED = """
select distinct c.adoption from commitment c
join funding_plan p on p.adoption = c.adoption join adoption a on a.id = c.adoption
where c.counted and c.expires_on < $1 and c.stage <> 'ontvangen' and p.secured and a.ended_on is null
"""
SAVE = """
insert into funding_plan (adoption, budget_euro, secured, revision) values ($1, $2, $3, $4)
on conflict (adoption) do update set
  budget_euro = excluded.budget_euro, secured = excluded.secured, revision = excluded.revision
"""
# One that was withdrawn stands fast: it is not written again.
SAVE_COMMITMENTS = """
insert into commitment select * from jsonb_populate_recordset(null::commitment, $1)
on conflict (adoption, id) do update set
  amount_euro = excluded.amount_euro, stage = excluded.stage, open_conditions = excluded.open_conditions,
  expires_on = excluded.expires_on, withdrawn = excluded.withdrawn, counted = excluded.counted
where not commitment.withdrawn
"""


async def read(tx: Transaction, adoption: UUID) -> FundingPlan:
    """Raises: UnknownEntity."""
    plans = await read_many(tx, [adoption])
    if adoption not in plans:
        raise UnknownEntity("overname", adoption)
    return plans[adoption]


async def read_many(tx: Transaction, adoptions: Collection[UUID]) -> Mapping[UUID, FundingPlan]:
    """The plans of these adoptions, in the order of their keys."""
    return {row["adoption"]: rows.read(FundingPlan, row) for row in await tx.fetch(READ, list(adoptions))}


async def lapsed(tx: Transaction, today: date) -> list[UUID]:
    """The running adoptions with a secured plan that counts on something whose last day is past."""
    return [row["adoption"] for row in await tx.fetch(LAPSED, today)]


async def save(tx: Transaction, plan: FundingPlan) -> FundingPlan:
    """Writes it whole and returns it with its next revision."""
    p = replace(plan, revision=plan.revision + 1)
    await tx.execute(SAVE, p.adoption, p.budget_euro, p.secured, p.revision)
    await tx.execute(SAVE_COMMITMENTS, [{**rows.plain(c), "adoption": p.adoption} for c in p.commitments])
    return p
