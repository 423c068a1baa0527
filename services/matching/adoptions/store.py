"""The adoption tables. An adoption is locked as a whole by its row; lock in one statement, read in the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.matching.adoptions.model import Adoption, Step, Viewer
from shared.storage import Transaction, UnknownEntity, rows

NEW_ID = "select uuidv7()"
ADD = """
insert into adoption (id, gemeente, gemeente_organisation, project, project_version, budget_euro, may_be_named, started_on)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing returning id
"""
LOCK = "select id from adoption where id = any($1) order by id for no key update"
READ = """
select a.id, a.gemeente, a.gemeente_organisation, a.project, a.project_version, a.budget_euro, a.may_be_named,
  a.started_on, a.ended_on, a.end_reason, a.revision,
  exists (select from measured x where x.adoption = a.id) as measured,
  (select coalesce(jsonb_agg(m), '[]') from milestone m where m.adoption = a.id) as milestones,
  (select coalesce(jsonb_agg(p order by p.id), '[]') from partnership p where p.adoption = a.id) as partnerships
from adoption a where a.id = any($1) order by a.id desc
"""
# The same rule as Adoption.is_seen_by: $1 is the viewer's gemeente, $2 its organisations, $3 sees all.
SEEN = """
select a.id from adoption a
where ($3 or a.gemeente = $1 or exists (
    select from partnership p where p.adoption = a.id and p.organisation = any($2)
      and (p.state = 'bevestigd' or (p.state = 'concept' and p.claimed_by = a.gemeente_organisation))))
  and ($4::uuid is null or a.project = $4) and ($5::boolean is null or (a.ended_on is null) = $5)
  and ($6::uuid is null or a.id < $6)
order by a.id desc limit $7
"""
SAVE = """
update adoption set may_be_named = $2, ended_on = $3, end_reason = $4, revision = $5 where id = $1
"""
SAVE_MILESTONES = """
insert into milestone select * from jsonb_populate_recordset(null::milestone, $1)
on conflict (adoption, step) do update set
  owner = excluded.owner, due_on = excluded.due_on, state = excluded.state, blocker = excluded.blocker
"""
# One that was decided stands fast: it is not written again.
SAVE_PARTNERSHIPS = """
insert into partnership select * from jsonb_populate_recordset(null::partnership, $1)
on conflict (id) do update set
  state = excluded.state, decided_on = excluded.decided_on, refusal_reason = excluded.refusal_reason
where partnership.state is distinct from excluded.state
"""
MEASURED = "insert into measured select * from unnest($1::uuid[]) order by 1 on conflict do nothing"
TAKEN = """
select p.organisation, count(distinct a.id) as adoptions
from partnership p join adoption a on a.id = p.adoption
where p.state = 'bevestigd' and a.ended_on is null group by p.organisation
"""

_ORDER = {step.value: place for place, step in enumerate(Step)}


async def new_id(tx: Transaction) -> UUID:
    """Postgres makes all ids, by one clock."""
    made: UUID = await tx.fetchval(NEW_ID)
    return made


async def add(tx: Transaction, adoption: Adoption) -> Adoption | None:
    """The new adoption with its first revision; None when the gemeente has one of this project that runs, or its id is taken."""
    a = adoption
    told = (a.id, a.gemeente, a.gemeente_organisation, a.project, a.project_version, a.budget_euro)
    if await tx.fetchval(ADD, *told, a.may_be_named, a.started_on) is None:
        return None
    await _save_parts(tx, adoption)
    return replace(adoption, revision=1)


async def lock(tx: Transaction, adoption: UUID) -> Adoption:
    """Holds the adoption, with all that belongs to it, until the commit. Raises: UnknownEntity."""
    await tx.execute(LOCK, [adoption])
    return await read(tx, adoption)


async def lock_many(tx: Transaction, adoptions: Collection[UUID]) -> list[Adoption]:
    """As `lock`, in the order of the keys, so that two callers cannot block each other."""
    await tx.execute(LOCK, list(adoptions))
    return await read_many(tx, adoptions)


async def read(tx: Transaction, adoption: UUID) -> Adoption:
    """Raises: UnknownEntity."""
    found = await read_many(tx, [adoption])
    if not found:
        raise UnknownEntity("overname", adoption)
    return found[0]


async def read_many(tx: Transaction, adoptions: Collection[UUID]) -> list[Adoption]:
    """These adoptions, the newest first."""
    return [_adoption(dict(row)) for row in await tx.fetch(READ, list(adoptions))]


async def seen_by(
    tx: Transaction, viewer: Viewer, after: UUID | None, limit: int, *, project: UUID | None, running: bool | None
) -> list[Adoption]:
    """The adoptions that this viewer may see, the newest first, from `after` on."""
    who = (viewer.gemeente, list(viewer.organisations), viewer.sees_all)
    found = await tx.fetch(SEEN, *who, project, running, after, limit)
    return await read_many(tx, [row["id"] for row in found])


async def save(tx: Transaction, adoption: Adoption) -> Adoption:
    """Writes it whole and returns it with its next revision."""
    a = replace(adoption, revision=adoption.revision + 1)
    await _save_parts(tx, a)
    await tx.execute(SAVE, a.id, a.may_be_named, a.ended_on, a.end_reason, a.revision)
    return a


async def note_measured(tx: Transaction, adoptions: Collection[UUID]) -> None:
    """That something was measured in these; nothing of what."""
    await tx.execute(MEASURED, list(adoptions))


async def taken(tx: Transaction) -> Mapping[UUID, int]:
    """In how many running adoptions each organisation takes part."""
    return {row["organisation"]: row["adoptions"] for row in await tx.fetch(TAKEN)}


def _adoption(row: Mapping[str, Any]) -> Adoption:
    milestones = sorted(row["milestones"], key=lambda milestone: _ORDER[milestone["step"]])
    return rows.read(Adoption, {**row, "milestones": milestones})


async def _save_parts(tx: Transaction, adoption: Adoption) -> None:
    belongs = {"adoption": adoption.id}
    await tx.execute(SAVE_MILESTONES, [{**rows.plain(m), **belongs} for m in adoption.milestones])
    await tx.execute(SAVE_PARTNERSHIPS, [{**rows.plain(p), **belongs} for p in adoption.partnerships])
