"""The tables of projects and their versions. Lock in one statement, read in the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.submission.projects.model import Description, Project, Summary, Version
from shared.storage import StaleRevision, Transaction, UnknownEntity, rows

ADD = "insert into project (organisation) values ($1) returning id"
BEGIN = "insert into project (id, organisation) values ($1, $2) on conflict (id) do nothing returning id"
LOCK = "select revision from project where id = $1 and organisation = $2 for update"
READ = "select id, organisation, withdrawn_on, withdrawal_reason, revision from project where id = $1"
READ_VERSIONS = """
select number, submitted_on, title, summary, phases, target_groups, regions, available_from, effort_fte, cost_euro,
       needed_kinds, needed_means, involvements, evidence
from version where project = $1 order by number
"""
SAVE = "update project set withdrawn_on = $2, withdrawal_reason = $3, revision = $4 where id = $1"
SAVE_VERSION = """
insert into version select * from jsonb_populate_record(null::version, $1)
on conflict (project, number) do update set
  submitted_on = excluded.submitted_on, title = excluded.title, summary = excluded.summary, phases = excluded.phases,
  target_groups = excluded.target_groups, regions = excluded.regions, available_from = excluded.available_from,
  effort_fte = excluded.effort_fte, cost_euro = excluded.cost_euro, needed_kinds = excluded.needed_kinds,
  needed_means = excluded.needed_means, involvements = excluded.involvements, evidence = excluded.evidence
where version.submitted_on is null
"""
# $1 sees its own projects whole; $2: sees of all others what was submitted.
SUMMARIES = """
select p.id, p.organisation, coalesce(concept.title, latest.title) as title,
       coalesce(concept.phases, latest.phases) as phases, latest.number as version, latest.submitted_on,
       concept.number is not null as has_concept, p.withdrawn_on, p.revision
from project p
left join version concept on concept.project = p.id and concept.submitted_on is null and p.organisation = $1
left join lateral (
  select number, title, phases, submitted_on from version
  where project = p.id and submitted_on is not null order by number desc limit 1) latest on true
where (p.organisation = $1 or ($2 and latest.number is not null)) and ($3::uuid is null or p.id < $3)
order by p.id desc limit $4
"""


async def add(tx: Transaction, organisation: UUID, description: Description) -> Project:
    """A new project with its first concept."""
    project = Project(await tx.fetchval(ADD, organisation), organisation, description, revision=1)
    await _save_version(tx, project)
    return project


async def begin(tx: Transaction, project: UUID, organisation: UUID) -> Project | None:
    """A new project with an id that a publisher gave it, of which nothing is known yet; None where there is one, whosever it is.

    It waits for who begins the same one at this moment.
    """
    is_new = await tx.fetchval(BEGIN, project, organisation) is not None
    return Project(project, organisation, concept=None, revision=1) if is_new else None


async def new_id(tx: Transaction) -> UUID:
    """An id for a piece of evidence: Postgres makes them all, by one clock."""
    made: UUID = await tx.fetchval("select uuidv7()")
    return made


async def lock(tx: Transaction, project: UUID, organisation: UUID, seen: int | None = None) -> Project:
    """The project of this organisation. Raises: UnknownEntity; StaleRevision when it was changed since `seen`."""
    actual = await tx.fetchval(LOCK, project, organisation)
    if actual is None:
        raise UnknownEntity("project", project)
    if seen is not None and seen != actual:
        raise StaleRevision(seen, actual)
    return await read(tx, project)


async def read(tx: Transaction, project: UUID) -> Project:
    """The project with all its versions. Raises: UnknownEntity."""
    row = await tx.fetchrow(READ, project)
    if row is None:
        raise UnknownEntity("project", project)
    return _project(row, await tx.fetch(READ_VERSIONS, project))


async def save(tx: Transaction, project: Project) -> Project:
    """Writes it and returns it with its next revision. Only the last version can have changed: all others stand fast."""
    revision = project.revision + 1
    await tx.execute(SAVE, project.id, project.withdrawn_on, project.withdrawal_reason, revision)
    await _save_version(tx, project)
    return replace(project, revision=revision)


async def summaries(
    tx: Transaction, organisation: UUID | None, after: UUID | None, limit: int, *, sees_submitted: bool
) -> Sequence[Summary]:
    """The newest projects first, from `after` on: those of this organisation, and all that were submitted."""
    found = await tx.fetch(SUMMARIES, organisation, sees_submitted, after, limit)
    return [rows.read(Summary, row) for row in found]


def _project(row: rows.Row, versions: Sequence[rows.Row]) -> Project:
    submitted = [version for version in versions if version["submitted_on"] is not None]
    concept = next((rows.read(Description, v) for v in versions if v["submitted_on"] is None), None)
    return Project(
        **dict(row),
        concept=concept,
        versions=tuple(Version(v["number"], rows.read(Description, v), v["submitted_on"]) for v in submitted),
    )


async def _save_version(tx: Transaction, project: Project) -> None:
    if project.concept is not None:
        number, description, submitted_on = len(project.versions) + 1, project.concept, None
    else:
        last = project.versions[-1]
        number, description, submitted_on = last.number, last.description, last.submitted_on
    place = {"project": project.id, "number": number, "submitted_on": submitted_on}
    await tx.execute(SAVE_VERSION, {**rows.plain(description), **place})
