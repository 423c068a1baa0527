"""The tables of what was heard. Lock in one statement, read in the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.impact.adoptions.model import Adoption, Assessed, GemeenteName, Surroundings, UnknownAdoption
from shared.storage import Transaction, rows

COLUMNS = """
id, gemeente, project, may_be_named, started_on, ended_on, gemeente_organisation, project_version, is_funded
"""
LOAD = f"select {COLUMNS} from adoption where id = any($1)"
# All adoptions of one project by one gemeente: their figures are one contribution, and their periods may not overlap.
LOCK = """
select id from adoption where (project, gemeente) = (select project, gemeente from adoption where id = $1)
order by id for no key update
"""
SAVE = """
insert into adoption select * from jsonb_populate_recordset(null::adoption, $1)
on conflict (id) do update set
  gemeente = excluded.gemeente, project = excluded.project, may_be_named = excluded.may_be_named,
  started_on = excluded.started_on, ended_on = excluded.ended_on,
  gemeente_organisation = excluded.gemeente_organisation, project_version = excluded.project_version,
  is_funded = excluded.is_funded
"""
LOAD_ASSESSED = """
select assessment, project, project_version, verdict, evidence_level, valid_until from assessed
where assessment = any($1)
"""
SAVE_ASSESSED = """
insert into assessed select * from jsonb_populate_recordset(null::assessed, $1)
on conflict (assessment) do update set
  verdict = excluded.verdict, evidence_level = excluded.evidence_level, valid_until = excluded.valid_until
"""
LOAD_NAMES = "select organisation, gemeente, name from gemeente_name where organisation = any($1)"
SAVE_NAMES = """
insert into gemeente_name select * from jsonb_populate_recordset(null::gemeente_name, $1)
on conflict (organisation) do update set gemeente = excluded.gemeente, name = excluded.name
"""
NAME = "select name from gemeente_name where organisation = $1"
VERDICT = """
select assessment, project, project_version, verdict, evidence_level, valid_until from assessed
where project = $1 and project_version = $2
"""


async def load_many(tx: Transaction, adoptions: Sequence[UUID]) -> Mapping[UUID, Adoption]:
    """Those of these that were heard of."""
    return {row["id"]: rows.read(Adoption, row) for row in await tx.fetch(LOAD, adoptions)}


async def save_many(tx: Transaction, changed: Sequence[Adoption]) -> None:
    """Writes them in the order in which they are given: that of their ids."""
    await tx.execute(SAVE, [rows.plain(adoption) for adoption in changed])


async def read(tx: Transaction, adoption: UUID) -> Adoption:
    """Raises: UnknownAdoption."""
    found = await load_many(tx, [adoption])
    if adoption not in found:
        raise UnknownAdoption(adoption)
    return found[adoption]


async def lock(tx: Transaction, adoption: UUID) -> Adoption:
    """The adoption, held until the commit with all others of this gemeente and project. Raises: UnknownAdoption."""
    await tx.execute(LOCK, adoption)
    return await read(tx, adoption)


async def surroundings(tx: Transaction, adoption: Adoption) -> Surroundings:
    """With what is known around it."""
    name = await tx.fetchval(NAME, adoption.gemeente_organisation)
    verdict = await tx.fetchrow(VERDICT, adoption.project, adoption.project_version)
    return Surroundings(adoption, name, rows.read(Assessed, verdict) if verdict else None)


async def load_assessed(tx: Transaction, assessments: Sequence[UUID]) -> Mapping[UUID, Assessed]:
    """Those of these that were made known."""
    found = await tx.fetch(LOAD_ASSESSED, assessments)
    return {row["assessment"]: rows.read(Assessed, row) for row in found}


async def save_assessed(tx: Transaction, changed: Sequence[Assessed]) -> None:
    """Writes them in the order in which they are given."""
    await tx.execute(SAVE_ASSESSED, [rows.plain(one) for one in changed])


async def load_names(tx: Transaction, organisations: Sequence[UUID]) -> Mapping[UUID, GemeenteName]:
    """Those of these that are a gemeente."""
    return {row["organisation"]: rows.read(GemeenteName, row) for row in await tx.fetch(LOAD_NAMES, organisations)}


async def save_names(tx: Transaction, changed: Sequence[GemeenteName]) -> None:
    """Writes them in the order in which they are given."""
    await tx.execute(SAVE_NAMES, [rows.plain(one) for one in changed])
