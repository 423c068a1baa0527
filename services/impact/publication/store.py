"""The tables of publication: families, what gemeenten contribute to them, blocks, and the ledger of releases.

Whoever changes anything locks families first, in the order of what they are about, and takes places in the ledger last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.impact.indicators.model import Figures
from services.impact.plans.model import Period
from services.impact.publication.model import Block, Contribution, Family, Place, Release, Shown, Standing, is_published
from shared.contracts.events import ReleaseKind
from shared.reference import indicators
from shared.storage import Transaction, rows

FAMILIES = "unnest($1::uuid[], $2::text[], $3::date[], $4::date[]) f(project, indicator, period_start, period_end)"
OPEN = f"""
insert into family (project, indicator, period_start, period_end)
select * from {FAMILIES} order by 1, 2, 3, 4 on conflict do nothing
"""
LOCK = f"""
select id, project, indicator, period_start, period_end from family
where (project, indicator, period_start, period_end) in (select * from {FAMILIES})
order by project, indicator, period_start, period_end for no key update
"""
PLACES = """
unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::text[]) p(project, indicator, period_start, period_end, gemeente)
"""
# All that a gemeente reported to each place: several adoptions of one project make one contribution. No breakdowns.
REPORTED = f"""
select p.*, a.id as adoption, a.may_be_named, v.value, v.numerator, v.denominator
from {PLACES} join adoption a on a.project = p.project and a.gemeente = p.gemeente
join observation o on o.adoption = a.id and o.indicator = p.indicator and o.breakdown is null
  and o.period_start = p.period_start and o.period_end = p.period_end
join observation_version v on v.observation = o.id and v.version = o.version and not v.withdrawn
"""
# A plan's target is where it ends. Before that a figure is on its way there, and would seem to fall short of it.
AIMED_AT = f"""
select distinct on (p.project, p.indicator, p.period_start, p.period_end, p.gemeente) p.*, t.target
from {PLACES} join adoption a on a.project = p.project and a.gemeente = p.gemeente
join plan t on t.adoption = a.id and t.indicator = p.indicator and p.period_end >= t.ends_on
order by p.project, p.indicator, p.period_start, p.period_end, p.gemeente, a.id desc
"""
RELEASE = """
r.position, b.id as block, b.scope, f.project, f.indicator, f.period_start, f.period_end, r.number, r.kind, r.shown,
r.shown_numerator, r.shown_denominator, r.target_shown, r.replaces, r.released_on, r.released_at
"""
NEWEST = """
block b join family f on f.id = b.family
join lateral (select * from release where block = b.id order by number desc limit 1) r on true
"""
BLOCKS = f"select {RELEASE} from {NEWEST} where b.family = any($1) order by b.id"
PERIODS = """
select f.indicator, f.period_start, f.period_end from block b join family f on f.id = b.family
where f.project = $1 and b.scope = $2
"""
CONTRIBUTED = """
select f.project, f.indicator, f.period_start, f.period_end, c.gemeente, c.family, c.value, c.numerator, c.denominator,
       c.may_be_named, c.waits
from contribution c join family f on f.id = c.family
"""
OF_GEMEENTE = f"{CONTRIBUTED} where f.project = $1 and c.gemeente = $2"
OF_ADOPTIONS = """
select a.id as adoption, f.project, f.indicator, f.period_start, f.period_end, c.gemeente
from adoption a join contribution c on c.gemeente = a.gemeente join family f on f.id = c.family and f.project = a.project
where a.id = any($1)
"""
# Also of indicators that are published no longer: what is seen of them goes.
WAITING = f"""
{CONTRIBUTED} where c.waits or (f.indicator = any($1) and exists (
  select from block b where b.family = c.family and b.scope = c.gemeente and b.withdrawn_at is null))
"""
SAVE_CONTRIBUTIONS = """
insert into contribution as c (family, gemeente, value, numerator, denominator, may_be_named, waits)
select * from unnest($1::uuid[], $2::text[], $3::numeric[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[])
on conflict (family, gemeente) do update set
  value = excluded.value, numerator = excluded.numerator, denominator = excluded.denominator,
  may_be_named = excluded.may_be_named, waits = excluded.waits,
  version = c.version + (case when (c.value, c.numerator, c.denominator, c.may_be_named) is distinct from
    (excluded.value, excluded.numerator, excluded.denominator, excluded.may_be_named) then 1 else 0 end)
"""
NEW_IDS = "select uuidv7() as id from generate_series(1, $1) order by 1"
SAVE_BLOCKS = """
insert into block (id, family, scope, members, withdrawn_at)
select id, family, scope, array[scope], withdrawn_at
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) n(id, family, scope, withdrawn_at)
on conflict (id) do update set withdrawn_at = excluded.withdrawn_at
"""
TAKE = "update ledger set last = last + $1 returning last - $1"
ADD = """
insert into release (position, block, number, kind, shown, shown_numerator, shown_denominator, target_shown, replaces,
                     released_on, released_at)
select * from unnest($1::bigint[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
                     $10::date[], $11::timestamptz[])
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a gemeente reported in one adoption."""

    adoption: UUID
    figures: Figures
    may_be_named: bool


async def lock(tx: Transaction, families: Collection[Family]) -> Mapping[Family, UUID]:
    """These families, made where they are new, held until the commit."""
    columns = _columns(families)
    await tx.execute(OPEN, *columns)
    return {rows.read(Family, row): row["id"] for row in await tx.fetch(LOCK, *columns)}


async def reported(tx: Transaction, places: Collection[Place]) -> Mapping[Place, list[Reported]]:
    """What was reported to these places and holds."""
    found: dict[Place, list[Reported]] = {}
    for row in await tx.fetch(REPORTED, *_place_columns(places)):
        given = Reported(row["adoption"], _figures(row), row["may_be_named"])
        found.setdefault(_place(row), []).append(given)
    return found


async def aimed_at(tx: Transaction, places: Collection[Place]) -> Mapping[Place, Decimal]:
    """The target that each of these gemeenten has for the indicator, in its newest adoption that plans it."""
    return {_place(row): row["target"] for row in await tx.fetch(AIMED_AT, *_place_columns(places))}


async def blocks(tx: Transaction, families: Collection[UUID]) -> Mapping[Place, Block]:
    """The blocks of these families, each by its newest release."""
    found = [block_of(row) for row in await tx.fetch(BLOCKS, list(families))]
    return {Place(block.family, block.scope): block for block in found}


async def save(tx: Transaction, families: Mapping[Family, UUID], standings: Sequence[Standing]) -> None:
    """Writes what gemeenten contribute."""
    given = [standing.contribution for standing in standings]
    none = Figures()
    await tx.execute(
        SAVE_CONTRIBUTIONS,
        [families[c.family] for c in given],
        [c.gemeente for c in given],
        [(c.figures or none).value for c in given],
        [(c.figures or none).numerator for c in given],
        [(c.figures or none).denominator for c in given],
        [c.may_be_named for c in given],
        [standing.waits for standing in standings],
    )


async def new_ids(tx: Transaction, count: int) -> list[UUID]:
    """Postgres makes all ids, by one clock."""
    return [row["id"] for row in await tx.fetch(NEW_IDS, count)]


async def release(
    tx: Transaction, families: Mapping[Family, UUID], released: Sequence[Block], released_at: datetime
) -> None:
    """Adds the newest release of each of these blocks to the ledger."""
    await tx.execute(
        SAVE_BLOCKS,
        [block.id for block in released],
        [families[block.family] for block in released],
        [block.scope for block in released],
        [None if block.shown else released_at for block in released],
    )
    taken = await tx.fetchval(TAKE, len(released))
    lines = [(block.id, block.last, block.shown or Shown()) for block in released]
    await tx.execute(
        ADD,
        [taken + nth for nth in range(1, len(lines) + 1)],
        [block for block, _, _ in lines],
        [line.number for _, line, _ in lines],
        [line.kind for _, line, _ in lines],
        [shown.count for _, _, shown in lines],
        [shown.numerator for _, _, shown in lines],
        [shown.denominator for _, _, shown in lines],
        [line.target_shown for _, line, _ in lines],
        [line.replaces for _, line, _ in lines],
        [line.released_on for _, line, _ in lines],
        [released_at for _ in lines],
    )


async def waiting(tx: Transaction) -> list[Place]:
    """Where a release is due that had to wait for the next day, or of an indicator that is not published any more."""
    unpublished = [each.code for each in indicators().values() if not is_published(each)]
    return [_place(row) for row in await tx.fetch(WAITING, unpublished)]


async def places_of(tx: Transaction, adoptions: Collection[UUID]) -> Mapping[UUID, list[Place]]:
    """Where the gemeente of each of these adoptions contributes something of its project."""
    found: dict[UUID, list[Place]] = {}
    for row in await tx.fetch(OF_ADOPTIONS, list(adoptions)):
        found.setdefault(row["adoption"], []).append(_place(row))
    return found


async def standings(tx: Transaction, project: UUID, gemeente: str) -> Mapping[Family, Standing]:
    """How a gemeente stands with everything that it reported of a project."""
    found = await tx.fetch(OF_GEMEENTE, project, gemeente)
    known = await blocks(tx, [row["family"] for row in found])
    standing = [Standing(_contribution(row), row["waits"], known.get(_place(row))) for row in found]
    return {each.contribution.family: each for each in standing}


async def periods(tx: Transaction, project: UUID, gemeente: str) -> list[tuple[str, Period]]:
    """The indicators and periods of which this gemeente has or had published figures."""
    found = await tx.fetch(PERIODS, project, gemeente)
    return [(row["indicator"], Period(row["period_start"], row["period_end"])) for row in found]


def block_of(row: rows.Row) -> Block:
    """The block of a row with the columns of RELEASE; it stands as that release made it."""
    shown = Shown(row["shown"], row["shown_numerator"], row["shown_denominator"])
    release = Release(
        number=row["number"],
        kind=ReleaseKind(row["kind"]),
        shown=None if shown == Shown() else shown,
        released_on=row["released_on"],
        replaces=row["replaces"],
        target_shown=row["target_shown"],
    )
    return Block(row["block"], rows.read(Family, row), row["scope"], release)


def _place(row: rows.Row) -> Place:
    return Place(rows.read(Family, row), row["gemeente"])


def _figures(row: rows.Row) -> Figures:
    return Figures(row["value"], row["numerator"], row["denominator"])


def _contribution(row: rows.Row) -> Contribution:
    figures = _figures(row)
    given = None if figures == Figures() else figures
    return Contribution(rows.read(Family, row), row["gemeente"], given, row["may_be_named"])


def _columns(families: Iterable[Family]) -> list[list[Any]]:
    """Column by column, for FAMILIES."""
    known = list(families)
    return [
        [family.project for family in known],
        [family.indicator for family in known],
        [family.period_start for family in known],
        [family.period_end for family in known],
    ]


def _place_columns(places: Iterable[Place]) -> list[list[Any]]:
    """Column by column, for PLACES."""
    known = list(places)
    return [*_columns(place.family for place in known), [place.gemeente for place in known]]
