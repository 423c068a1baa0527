"""The tables of assessments and their decisions. Lock in one statement, read in the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.assessment.decisions.model import UNMADE, Assessment, Line, State, organisations_behind
from shared.contracts.events.project_submitted import Involvement
from shared.contracts.vocabulary import Phase, Verdict
from shared.storage import StaleRevision, Transaction, UnknownEntity, rows

OPEN = """
insert into assessment (project, project_version, framework_version, dossier, state, offered)
select project, project_version, framework_version, dossier, state, offered
from jsonb_populate_recordset(null::assessment, $1)
"""
MOVE = """
update assessment a set state = m.state, offered = m.offered, revision = a.revision + 1
from unnest($1::uuid[], $2::text[], $3::boolean[]) m(id, state, offered)
where a.id = m.id and (a.state, a.offered) <> (m.state, m.offered)
"""
LOCK = "select revision from assessment where id = $1 for update"
LOCK_PROJECTS = "select id from assessment where project = any($1) order by id for update"
PROJECTS_OF = "select distinct project from assessment where id = any($1)"
READ = """
select a.id, a.project, a.project_version, a.framework_version, a.dossier, a.state, a.offered, a.revision,
       to_jsonb(d) as decision
from assessment a left join decision d on d.assessment = a.id
"""
READ_ONE = f"{READ} where a.id = $1"
READ_PROJECTS = f"{READ} where a.project = any($1) order by a.id"
SAVE = "update assessment set state = $2, offered = $3, revision = $4 where id = $1"
SAVE_DECISION = """
insert into decision (assessment, verdict, evidence_level, reasons, conditions, override_reason, decided_on, released_on,
                      valid_until, delegation)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (assessment) do update set
  verdict = excluded.verdict, evidence_level = excluded.evidence_level, reasons = excluded.reasons,
  conditions = excluded.conditions, override_reason = excluded.override_reason, decided_on = excluded.decided_on,
  released_on = excluded.released_on, valid_until = excluded.valid_until, delegation = excluded.delegation
where decision.released_on is null
"""
NEW_IDS = "select uuidv7() as id from generate_series(1, $1)"
# $1: the member who looks, if it is one; the review may have been made on another seat.
SUMMARIES = """
select a.id, a.project, a.project_version, a.state, a.offered, a.revision,
       a.dossier->>'title' as title, a.dossier->'phases' as phases, a.dossier->'involvements' as involvements,
       (a.dossier->>'submittedOn')::date as submitted_on,
       (select count(*) from review where assessment = a.id and handed_in_on is not null) as handed_in,
       mine.id is not null as begun_by_me, mine.handed_in_on is not null as handed_in_by_me,
       d.verdict, d.valid_until
from assessment a
left join review mine on mine.assessment = a.id
  and mine.member in (select id from member where person = (select person from member where id = $1))
left join decision d on d.assessment = a.id and d.released_on is not null
where ($2::text is null or a.state = $2) and ($3::uuid is null or a.id > $3) order by a.id limit $4
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """An assessment in a list, as a member sees it. The verdict is there once it is known."""

    id: UUID
    project: UUID
    project_version: int
    title: str
    phases: tuple[Phase, ...]
    involvements: tuple[Involvement, ...]
    submitted_on: date
    state: State
    offered: bool
    handed_in: int
    begun_by_me: bool
    handed_in_by_me: bool
    verdict: Verdict | None
    valid_until: date | None
    revision: int

    @property
    def behind(self) -> frozenset[UUID]:
        """The organisations behind the project."""
        return organisations_behind(self.involvements)


async def load_lines(tx: Transaction, projects: Collection[UUID]) -> Mapping[UUID, Line]:
    """What there is of these projects, locked against who reviews and decides meanwhile."""
    lines: dict[UUID, tuple[Assessment, ...]] = {}
    for assessment in await lock_projects(tx, projects):
        lines[assessment.project] = (*lines.get(assessment.project, ()), assessment)
    return {project: Line(project, assessments) for project, assessments in lines.items()}


async def save_lines(tx: Transaction, lines: Sequence[Line]) -> None:
    """Opens what is new, in the order in which it is given, and moves what changed its state."""
    told = [assessment for line in lines for assessment in line.assessments]
    known = [assessment for assessment in told if assessment.id != UNMADE]
    await tx.execute(MOVE, [a.id for a in known], [a.state for a in known], [a.offered for a in known])
    new = [
        {**rows.plain(a), "dossier": a.dossier.model_dump(mode="json", by_alias=True)} for a in told if a.id == UNMADE
    ]
    await tx.execute(OPEN, new)


async def lock(tx: Transaction, assessment: UUID, seen: int | None = None) -> Assessment:
    """Raises: UnknownEntity; StaleRevision when it was changed since `seen`."""
    actual = await tx.fetchval(LOCK, assessment)
    if actual is not None and seen is not None and seen != actual:
        raise StaleRevision(seen, actual)
    return await read(tx, assessment)


async def lock_projects(tx: Transaction, projects: Collection[UUID]) -> tuple[Assessment, ...]:
    """All assessments of these projects, in the order of their ids, so that two callers cannot block each other."""
    await tx.execute(LOCK_PROJECTS, list(projects))
    return tuple(rows.read(Assessment, row) for row in await tx.fetch(READ_PROJECTS, list(projects)))


async def projects_of(tx: Transaction, assessments: Collection[UUID]) -> list[UUID]:
    """The projects that these assessments are about."""
    return [row["project"] for row in await tx.fetch(PROJECTS_OF, list(assessments))]


async def read(tx: Transaction, assessment: UUID) -> Assessment:
    """Raises: UnknownEntity."""
    row = await tx.fetchrow(READ_ONE, assessment)
    if row is None:
        raise UnknownEntity("beoordeling", assessment)
    return rows.read(Assessment, row)


async def save(tx: Transaction, assessment: Assessment) -> Assessment:
    """Writes its state and its decision, and returns it with its next revision. A decision that is known stands fast."""
    revision = assessment.revision + 1
    await tx.execute(SAVE, assessment.id, assessment.state, assessment.offered, revision)
    if (decision := assessment.decision) is not None:
        await tx.execute(
            SAVE_DECISION,
            assessment.id,
            decision.verdict,
            decision.evidence_level,
            rows.plain(decision.reasons),
            rows.plain(decision.conditions),
            decision.override_reason,
            decision.decided_on,
            decision.released_on,
            decision.valid_until,
            decision.delegation,
        )
    return replace(assessment, revision=revision)


async def new_ids(tx: Transaction, count: int) -> list[UUID]:
    """Ids for conditions: Postgres makes them all, by one clock."""
    return [row["id"] for row in await tx.fetch(NEW_IDS, count)]


async def summaries(
    tx: Transaction, member: UUID | None, state: State | None, after: UUID | None, limit: int
) -> Sequence[Summary]:
    """Assessments in this state, or all; the oldest first, from `after` on."""
    return [rows.read(Summary, row) for row in await tx.fetch(SUMMARIES, member, state, after, limit)]
