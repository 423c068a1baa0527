"""What suggestions are made of, the answers of gemeenten, and the lists that they were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.matching.scoring.model import Answer, Attainment, Feedback, Project
from services.matching.suggestions.model import KeptList, Suggestion
from shared.contracts.vocabulary import Phase, RelationKind, TargetGroup
from shared.storage import Transaction, UnknownEntity, rows

# Every project that a board ever let gemeenten adopt. Adopters are those that may be named, and effect is of published figures.
PROJECTS = """
select p.project as id, v.title, v.phases, v.target_groups, v.available_from, v.regions, v.effort_fte, v.cost_euro,
  v.needed_kinds, v.needed_means, p.withdrawn, d.valid_until >= $1 as adoptable,
  (select coalesce(array_agg(a.gemeente), '{}') from adoption a
   where a.project = p.project and a.ended_on is null and a.may_be_named) as adopters,
  b.attained, b.people
from catalogue_project p
join catalogue_version v on v.project = p.project and v.project_version = p.offered_version
join catalogue_verdict d on d.project = p.project and d.project_version = p.offered_version
left join (select project, sum(share * people) as attained, sum(people) as people
           from catalogue_block where people is not null group by project) b on b.project = p.project
"""
BEHIND = """
select distinct v.project, (i ->> 'organisation')::uuid as organisation
from catalogue_project p
join catalogue_version v on v.project = p.project and v.project_version = p.offered_version
cross join jsonb_array_elements(v.involvements) i
where i ->> 'relation' = any($1)
"""
ADOPTED = """
select a.project, coalesce(v.phases, '{}') as phases from adoption a
left join catalogue_version v on v.project = a.project and v.project_version = a.project_version
where a.gemeente = $1 and a.ended_on is null
"""
_FEEDBACK = "gemeente, project, answer, phases, target_groups, note, given_on, revision"
ANSWERS = f"select {_FEEDBACK} from feedback where gemeente = $1"
ANSWERS_PAGE = f"""
select {_FEEDBACK} from feedback where gemeente = $1 and ($2::uuid is null or project > $2) order by project limit $3
"""
SAVE_ANSWER = f"""
insert into feedback ({_FEEDBACK}) values ($1, $2, $3, $4, $5, $6, $7, 1)
on conflict (gemeente, project) do update set
  answer = excluded.answer, phases = excluded.phases, target_groups = excluded.target_groups, note = excluded.note,
  given_on = excluded.given_on, revision = feedback.revision + 1
returning revision
"""
LOCK_ANSWER = "select revision from feedback where gemeente = $1 and project = $2 for update"
TAKE_BACK = "delete from feedback where gemeente = $1 and project = $2"
_LIST = "id, gemeente, made_on, rule_version, suggestions"
KEPT = f"""
select {_LIST} from suggestion_list where gemeente = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""
KEEP = "insert into suggestion_list (gemeente, made_on, rule_version, suggestions) values ($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Given:
    """The answer of a gemeente about one project, with a note of its own."""

    gemeente: str
    project: UUID
    answer: Answer
    phases: frozenset[Phase]
    target_groups: frozenset[TargetGroup]
    given_on: date
    note: str | None = None
    revision: int = 0

    @property
    def feedback(self) -> Feedback:
        """What counts of it in the ranking."""
        return Feedback(self.answer, self.phases, self.target_groups, self.given_on)


async def projects(tx: Transaction, today: date) -> list[Project]:
    """Everything that could be suggested, with what is known of its effect and of who adopted it."""
    return [
        rows.read(
            Project,
            {
                **row,
                "attainments": [Attainment(row["attained"] / row["people"], row["people"])] if row["people"] else [],
            },
        )
        for row in await tx.fetch(PROJECTS, today)
    ]


async def behind(tx: Transaction) -> list[tuple[UUID, UUID]]:
    """Each project with each organisation that is bound to it hard: in whom a conflict of interest ends."""
    hard = [kind.value for kind in RelationKind if kind.is_hard]
    return [(row["project"], row["organisation"]) for row in await tx.fetch(BEHIND, hard)]


async def adopted(tx: Transaction, gemeente: str) -> Mapping[UUID, frozenset[Phase]]:
    """The projects that this gemeente runs, with the phases that it covers by them."""
    found = await tx.fetch(ADOPTED, gemeente)
    return {row["project"]: frozenset(Phase(phase) for phase in row["phases"]) for row in found}


async def answers(tx: Transaction, gemeente: str) -> list[Given]:
    """All that this gemeente answered."""
    return [rows.read(Given, row) for row in await tx.fetch(ANSWERS, gemeente)]


async def answers_page(tx: Transaction, gemeente: str, after: UUID | None, limit: int) -> list[Given]:
    """As `answers`, in the order of the projects, from `after` on."""
    return [rows.read(Given, row) for row in await tx.fetch(ANSWERS_PAGE, gemeente, after, limit)]


async def save_answer(tx: Transaction, given: Given) -> int:
    """Puts it in the place of what was answered before, and returns its revision."""
    g, phases, groups = given, sorted(given.phases), sorted(given.target_groups)
    revision: int = await tx.fetchval(SAVE_ANSWER, g.gemeente, g.project, g.answer, phases, groups, g.note, g.given_on)
    return revision


async def lock_answer(tx: Transaction, gemeente: str, project: UUID) -> int:
    """The revision of an answer, held until the commit. Raises: UnknownEntity."""
    revision: int | None = await tx.fetchval(LOCK_ANSWER, gemeente, project)
    if revision is None:
        raise UnknownEntity("antwoord over project", project)
    return revision


async def take_back(tx: Transaction, gemeente: str, project: UUID) -> None:
    """As if nothing was answered."""
    await tx.execute(TAKE_BACK, gemeente, project)


async def kept(tx: Transaction, gemeente: str, after: UUID | None, limit: int) -> list[KeptList]:
    """The lists that a gemeente was given, the newest first."""
    return [rows.read(KeptList, row) for row in await tx.fetch(KEPT, gemeente, after, limit)]


async def keep(tx: Transaction, gemeente: str, listed: Sequence[Suggestion], today: date, rule_version: str) -> None:
    """Keeps a list with all its reasons."""
    await tx.execute(KEEP, gemeente, today, rule_version, rows.plain(listed))
