"""The tables of observations and their versions. They change only under the lock of the adoption; a version never does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import Figures
from services.impact.observations.model import Observation, Recorded, Statement
from services.impact.plans.model import Period, Plans
from shared.storage import Transaction, UnknownEntity, rows

NEW_IDS = "select uuidv7() as id from generate_series(1, $1) order by 1"
COLUMNS = """
o.id, o.adoption, a.gemeente, a.project, o.indicator, o.period_start, o.period_end, o.breakdown,
v.value, v.numerator, v.denominator, v.provenance, v.recorded_on, v.version, v.correction_reason, v.withdrawn
"""
NEWEST = f"""
select {COLUMNS} from observation o join adoption a on a.id = o.adoption
join observation_version v on v.observation = o.id and v.version = o.version
"""
READ = f"{NEWEST} where o.id = $1"
VERSIONS = f"""
select {COLUMNS} from observation o join adoption a on a.id = o.adoption
join observation_version v on v.observation = o.id where o.id = $1 order by v.version
"""
PAGE = f"""
{NEWEST} where o.adoption = $1 and ($2::text is null or o.indicator = $2) and ($3::uuid is null or o.id > $3)
order by o.id limit $4
"""
WHOLE = f"{NEWEST} where o.adoption = $1 and o.breakdown is null order by o.indicator, o.period_start"
PERIODS = f"{NEWEST} where a.project = $1 and a.gemeente = $2"
ADD = """
insert into observation (id, adoption, indicator, period_start, period_end, breakdown)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::text[])
on conflict (id) do nothing returning id
"""
# The one with this id, whosever it is; else the one in this place.
KNOWN = f"""
{NEWEST} where o.id = $1 or (o.adoption = $2 and o.indicator = $3 and o.breakdown is not distinct from $4
  and o.period_start = $5 and o.period_end = $6)
order by o.id = $1 desc limit 1
"""
RAISE = "update observation set version = $2 where id = $1"
ADD_VERSIONS = """
insert into observation_version
  (observation, version, value, numerator, denominator, provenance, correction_reason, withdrawn, recorded_on)
select * from unnest($1::uuid[], $2::int[], $3::numeric[], $4::bigint[], $5::bigint[], $6::jsonb[], $7::text[],
                     $8::boolean[], $9::date[])
"""


async def new_ids(tx: Transaction, count: int) -> list[UUID]:
    """Postgres makes all ids, by one clock."""
    return [row["id"] for row in await tx.fetch(NEW_IDS, count)]


async def read(tx: Transaction, observation: UUID) -> Observation:
    """Its newest version. Raises: UnknownEntity."""
    row = await tx.fetchrow(READ, observation)
    if row is None:
        raise UnknownEntity("meting", observation)
    return _observation(row)


async def known(tx: Transaction, observation: UUID, adoption: UUID, stated: Statement) -> Observation | None:
    """The figure with this id, also of another adoption; else the one that stands in the place of what is stated."""
    period = stated.period
    place = (adoption, stated.indicator, stated.breakdown, period.start, period.end)
    row = await tx.fetchrow(KNOWN, observation, *place)
    return None if row is None else _observation(row)


async def versions(tx: Transaction, observation: UUID) -> Sequence[Observation]:
    """All its versions, the first one first."""
    return [_observation(row) for row in await tx.fetch(VERSIONS, observation)]


async def page(
    tx: Transaction, adoption: UUID, indicator: str | None, after: UUID | None, limit: int
) -> Sequence[Observation]:
    """The figures of an adoption in the order in which they were recorded, of one indicator or all."""
    return [_observation(row) for row in await tx.fetch(PAGE, adoption, indicator, after, limit)]


async def of_adoption(tx: Transaction, adoption: UUID) -> Sequence[Observation]:
    """All its figures that are no breakdown, by indicator and period."""
    return [_observation(row) for row in await tx.fetch(WHOLE, adoption)]


async def recorded(
    tx: Transaction, adoption: Adoption, plans: Plans, published: Iterable[tuple[str, Period]]
) -> Recorded:
    """What the gemeente has recorded of this project. `published`: the periods of which it had published figures."""
    found = [_observation(row) for row in await tx.fetch(PERIODS, adoption.project, adoption.gemeente)]
    own = frozenset((o.indicator, o.breakdown, o.period) for o in found if o.adoption == adoption.id)
    counting = {(o.indicator, o.breakdown, o.period) for o in found if not o.withdrawn}
    return Recorded(adoption, plans, own, frozenset(counting | {(code, None, period) for code, period in published}))


async def add(tx: Transaction, recorded: Sequence[Observation]) -> None:
    """Writes new observations. Raises: UnknownEntity where somebody else's has the id that a publisher gave to one."""
    added = await tx.fetch(
        ADD,
        [o.id for o in recorded],
        [o.adoption for o in recorded],
        [o.indicator for o in recorded],
        [o.period_start for o in recorded],
        [o.period_end for o in recorded],
        [o.breakdown for o in recorded],
    )
    if taken := {o.id for o in recorded} - {row["id"] for row in added}:
        raise UnknownEntity("meting", taken.pop())
    await _add_versions(tx, recorded)


async def save(tx: Transaction, changed: Observation) -> None:
    """Writes its next version beside those before it."""
    await tx.execute(RAISE, changed.id, changed.version)
    await _add_versions(tx, [changed])


async def _add_versions(tx: Transaction, recorded: Sequence[Observation]) -> None:
    await tx.execute(
        ADD_VERSIONS,
        [o.id for o in recorded],
        [o.version for o in recorded],
        [o.figures.value for o in recorded],
        [o.figures.numerator for o in recorded],
        [o.figures.denominator for o in recorded],
        [rows.plain(o.provenance) for o in recorded],
        [o.correction_reason for o in recorded],
        [o.withdrawn for o in recorded],
        [o.recorded_on for o in recorded],
    )


def _observation(row: rows.Row) -> Observation:
    known: Mapping[str, Any] = dict(row)
    figures = Figures(known["value"], known["numerator"], known["denominator"])
    return rows.read(Observation, {**known, "figures": figures})
