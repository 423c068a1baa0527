"""What is kept of adoptions and published figures, and the portfolio that follows from it and from the assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.assessment.decisions.model import State
from services.assessment.portfolio.model import Entry
from shared.contracts.events import AdoptionStarted, ImpactPublished, ReleaseKind
from shared.contracts.vocabulary import Verdict
from shared.storage import Transaction, UnknownEntity, rows

SAVE_ADOPTIONS = """
insert into adoption (id, project, gemeente) select * from unnest($1::uuid[], $2::uuid[], $3::text[])
on conflict (id) do update set project = excluded.project, gemeente = excluded.gemeente
"""
SAVE_FIGURES = """
insert into figure (block, project, release, withdrawn)
select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::boolean[])
on conflict (block) do update set release = excluded.release, withdrawn = excluded.withdrawn
where figure.release < excluded.release
"""
ENTRY = """
select a.id as assessment, a.project, a.project_version, a.dossier->>'title' as title, a.dossier->'phases' as phases,
       a.dossier->'targetGroups' as target_groups, d.valid_until,
       (select count(distinct gemeente) from adoption where project = a.project) as adoptions,
       (select count(*) from figure where project = a.project and not withdrawn) as figures
from assessment a left join decision d on d.assessment = a.id
"""
ADOPTABLE = f"{ENTRY} where a.offered and a.state = $1 and d.verdict = any($2) and d.valid_until >= $3 order by a.id"
WEIGHED = f"{ENTRY} where a.state = any($1) order by a.id"
ONE = f"{ENTRY} where a.id = $1"

WEIGHED_STATES = [state for state in State if state.can_still_decide]
VERDICTS = [verdict for verdict in Verdict if verdict.allows_adoption]


async def save_adoptions(tx: Transaction, started: Sequence[AdoptionStarted]) -> None:
    """One row an adoption, in the order of their ids."""
    told = [[a.adoption for a in started], [a.project for a in started], [a.gemeente for a in started]]
    await tx.execute(SAVE_ADOPTIONS, *told)


async def save_figures(tx: Transaction, published: Sequence[ImpactPublished]) -> None:
    """One row a block, in the order of their ids: its newest release."""
    await tx.execute(
        SAVE_FIGURES,
        [figure.block for figure in published],
        [figure.project for figure in published],
        [figure.release for figure in published],
        [figure.kind is ReleaseKind.WITHDRAWN for figure in published],
    )


async def adoptable(tx: Transaction, today: date) -> tuple[Entry, ...]:
    """What can be taken over today, the oldest first."""
    return tuple(rows.read(Entry, row) for row in await tx.fetch(ADOPTABLE, State.RELEASED, VERDICTS, today))


async def weighed(tx: Transaction) -> tuple[Entry, ...]:
    """What is before the board, the oldest first."""
    return tuple(rows.read(Entry, row) for row in await tx.fetch(WEIGHED, WEIGHED_STATES))


async def entry(tx: Transaction, assessment: UUID) -> Entry:
    """The project version of an assessment. Raises: UnknownEntity."""
    row = await tx.fetchrow(ONE, assessment)
    if row is None:
        raise UnknownEntity("beoordeling", assessment)
    return rows.read(Entry, row)
