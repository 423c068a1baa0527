"""The catalogue's tables: written by the folds alone, read by everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.matching.catalogue.model import Entry, attainment
from shared.contracts.events import ImpactPublished, ProjectAssessed, ProjectSubmitted
from shared.contracts.vocabulary import EvidenceLevel, Means, PartnerKind, Phase, TargetGroup, Verdict
from shared.storage import Transaction, rows

LOAD = "select project, withdrawn from catalogue_project where project = any($1)"
DESCRIPTION = """
v.project, v.project_version, v.title, v.summary, v.phases, v.target_groups, v.regions, v.available_from, v.effort_fte,
v.cost_euro, v.needed_kinds, v.needed_means
"""
LOAD_VERSIONS = f"""
select {DESCRIPTION}, v.involvements, v.evidence, v.submitted_on from catalogue_version v where v.project = any($1)
"""
LOAD_VERDICTS = """
select project, project_version, assessment, framework_version, verdict, evidence_level, reasons, conditions,
       override_reason, decided_on, released_on, valid_until
from catalogue_verdict where project = any($1)
"""
SAVE = """
insert into catalogue_project (project, withdrawn, offered_version)
select * from unnest($1::uuid[], $2::boolean[], $3::int[])
on conflict (project) do update set withdrawn = excluded.withdrawn, offered_version = excluded.offered_version
"""
_DESCRIBED = (
    "title, summary, phases, target_groups, regions, available_from, effort_fte, cost_euro, needed_kinds, needed_means, "
    "involvements, evidence, submitted_on"
)
_AS_SAID = ", ".join(f"excluded.{name}" for name in _DESCRIBED.split(", "))
_AS_IT_STANDS = ", ".join(f"v.{name}" for name in _DESCRIBED.split(", "))
_VERSION = f"project, project_version, {_DESCRIBED}"
# Said again only by an owner that was restored from an older back-up: then the text that it has now counts.
SAVE_VERSIONS = f"""
insert into catalogue_version as v ({_VERSION})
select {_VERSION} from jsonb_populate_recordset(null::catalogue_version, $1)
on conflict (project, project_version) do update set ({_DESCRIBED}) = ({_AS_SAID})
where ({_AS_IT_STANDS}) is distinct from ({_AS_SAID})
"""
SAVE_VERDICTS = """
insert into catalogue_verdict select * from jsonb_populate_recordset(null::catalogue_verdict, $1)
on conflict (project, project_version) do update set
  assessment = excluded.assessment, framework_version = excluded.framework_version, verdict = excluded.verdict,
  evidence_level = excluded.evidence_level, reasons = excluded.reasons, conditions = excluded.conditions,
  override_reason = excluded.override_reason, decided_on = excluded.decided_on, released_on = excluded.released_on,
  valid_until = excluded.valid_until
"""
_BLOCK = """
block, release, kind, project, indicator, period_start, period_end, scope, shown, shown_numerator, shown_denominator,
target_shown, released_at
"""
LOAD_BLOCKS = f"select {_BLOCK} from catalogue_block where block = any($1)"
SAVE_BLOCKS = """
insert into catalogue_block select * from jsonb_populate_recordset(null::catalogue_block, $1)
on conflict (block) do update set
  release = excluded.release, kind = excluded.kind, project = excluded.project, indicator = excluded.indicator,
  period_start = excluded.period_start, period_end = excluded.period_end, scope = excluded.scope, shown = excluded.shown,
  shown_numerator = excluded.shown_numerator, shown_denominator = excluded.shown_denominator,
  target_shown = excluded.target_shown, released_at = excluded.released_at, share = excluded.share, people = excluded.people
"""
# What was withdrawn is not there, as what was never published: the place of its block would tell them apart (decision 0006).
BLOCKS_OF = f"""
select {_BLOCK} from catalogue_block where project = $1 and kind <> 'ingetrokken' and ($2::uuid is null or block > $2)
order by block limit $3
"""
# All words of $5, or with $6 any of them (methods.md F: AND, then OR).
OFFERED = f"""
select {DESCRIPTION}, d.verdict, d.evidence_level, d.valid_until, jsonb_array_length(d.conditions) as conditions,
  (select count(*) from adoption a where a.project = p.project and a.ended_on is null and a.may_be_named) as adopters
from catalogue_project p
join catalogue_version v on v.project = p.project and v.project_version = p.offered_version
join catalogue_verdict d on d.project = p.project and d.project_version = p.offered_version
where not p.withdrawn and d.valid_until >= $1
  and ($2::text is null or $2 = any(v.phases)) and ($3::text is null or $3 = any(v.target_groups))
  and ($4::text is null or d.evidence_level = $4)
  and ($5::text is null or v.words @@ case when $6
    then replace(plainto_tsquery('dutch', $5)::text, ' & ', ' | ')::tsquery else plainto_tsquery('dutch', $5) end)
  and ($7::uuid is null or p.project < $7)
order by p.project desc limit $8
"""
ADOPTERS = """
select gemeente, project_version, started_on from adoption
where project = $1 and ended_on is null and may_be_named order by started_on, gemeente
"""
TITLES = "select project, project_version, title from catalogue_version where project = any($1)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in the catalogue: everything that is None counts for all. `words` are searched in the texts."""

    phase: Phase | None = None
    target_group: TargetGroup | None = None
    evidence_level: EvidenceLevel | None = None
    words: str | None = None
    any_word: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """A project in the list, in the version that can be taken over. `adopters` are those that may be named."""

    project: UUID
    project_version: int
    title: str
    summary: str
    phases: tuple[Phase, ...]
    target_groups: tuple[TargetGroup, ...]
    regions: tuple[str, ...]
    available_from: date
    effort_fte: float
    cost_euro: int
    needed_kinds: tuple[PartnerKind, ...]
    needed_means: tuple[Means, ...]
    verdict: Verdict
    evidence_level: EvidenceLevel
    valid_until: date
    conditions: int
    adopters: int


@dataclass(frozen=True, slots=True)
class Adopter:
    """A gemeente that took the project over and may be named."""

    gemeente: str
    project_version: int
    started_on: date


async def load_many(tx: Transaction, projects: Sequence[UUID]) -> Mapping[UUID, Entry]:
    """What is known of these projects; one of which nothing is known has no entry."""
    versions: dict[UUID, dict[int, ProjectSubmitted]] = {}
    for row in await tx.fetch(LOAD_VERSIONS, projects):
        versions.setdefault(row["project"], {})[row["project_version"]] = rows.read(ProjectSubmitted, row)
    verdicts: dict[UUID, dict[int, ProjectAssessed]] = {}
    for row in await tx.fetch(LOAD_VERDICTS, projects):
        verdicts.setdefault(row["project"], {})[row["project_version"]] = rows.read(ProjectAssessed, row)
    return {
        row["project"]: Entry(
            row["project"], versions.get(row["project"], {}), verdicts.get(row["project"], {}), row["withdrawn"]
        )
        for row in await tx.fetch(LOAD, projects)
    }


async def load(tx: Transaction, project: UUID) -> Entry | None:
    """What is known of one project."""
    return (await load_many(tx, [project])).get(project)


async def save_many(tx: Transaction, changed: Sequence[Entry]) -> None:
    """Writes them in the order in which they are given: that of their projects."""
    await tx.execute(
        SAVE, [e.project for e in changed], [e.withdrawn for e in changed], [e.offered_version for e in changed]
    )
    await tx.execute(SAVE_VERSIONS, _in_order(e.versions for e in changed))
    await tx.execute(SAVE_VERDICTS, _in_order(e.verdicts for e in changed))


async def load_blocks(tx: Transaction, blocks: Sequence[UUID]) -> Mapping[UUID, ImpactPublished]:
    """The newest release of these blocks."""
    return {row["block"]: rows.read(ImpactPublished, row) for row in await tx.fetch(LOAD_BLOCKS, blocks)}


async def save_blocks(tx: Transaction, changed: Sequence[ImpactPublished]) -> None:
    """Writes them in the order in which they are given: that of their blocks; with what they say of the project's effect."""
    await tx.execute(SAVE_BLOCKS, [{**vars(block), **_attained(block)} for block in changed])


async def blocks_of(tx: Transaction, project: UUID, after: UUID | None, limit: int) -> list[ImpactPublished]:
    """What is shown of a project now, block by block."""
    return [rows.read(ImpactPublished, row) for row in await tx.fetch(BLOCKS_OF, project, after, limit)]


async def offered(tx: Transaction, wanted: Wanted, today: date, after: UUID | None, limit: int) -> list[Offered]:
    """What can be taken over today, the newest project first, from `after` on."""
    w = wanted
    found = await tx.fetch(OFFERED, today, w.phase, w.target_group, w.evidence_level, w.words, w.any_word, after, limit)
    return [rows.read(Offered, row) for row in found]


async def adopters(tx: Transaction, project: UUID) -> list[Adopter]:
    """Where the project runs, as far as that may be said."""
    return [rows.read(Adopter, row) for row in await tx.fetch(ADOPTERS, project)]


async def titles(tx: Transaction, projects: Iterable[UUID]) -> Mapping[tuple[UUID, int], str]:
    """What these projects are called, by version."""
    found = await tx.fetch(TITLES, list(projects))
    return {(row["project"], row["project_version"]): row["title"] for row in found}


def _attained(block: ImpactPublished) -> dict[str, float | int]:
    found = attainment(block)
    return {} if found is None else {"share": found.share, "people": found.n}


def _in_order(
    cells: Iterable[Mapping[int, ProjectSubmitted] | Mapping[int, ProjectAssessed]],
) -> list[ProjectSubmitted | ProjectAssessed]:
    return [of_project[number] for of_project in cells for number in sorted(of_project)]
