"""The partner registry's tables. Lock in one statement, read in the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.matching.organisations.model import Organisation
from shared.conflicts import Tie
from shared.contracts.vocabulary import Means, PartnerKind, RelationKind
from shared.storage import Transaction, UnknownEntity, rows

COLUMNS = """
o.id, o.name, o.kind, o.gemeente, o.regions, o.phases, o.target_groups, o.means, o.capacity_adoptions, o.active,
o.merged_into, o.revision,
(select coalesce(jsonb_agg(jsonb_build_object('organisation', r.other, 'kind', r.kind, 'until', r.until)
                           order by r.kind collate "C", r.other), '[]')
 from relation r where r.organisation = o.id) as relations
"""
# No stronger: who names one of these (a relation, an adoption) may go on, so that two who name each other do not block.
LOCK = "select id from organisation where id = any($1) order by id for no key update"
READ = f"select {COLUMNS} from organisation o where o.id = any($1) order by o.id"
ALL = f"select {COLUMNS} from organisation o order by o.id"
SEARCH = f"""
select {COLUMNS} from organisation o
where ($1::text is null or o.kind = $1) and ($2::text is null or $2 = any(o.means))
  and ($3::text[] is null or o.regions && $3 or o.gemeente = any($3))
  and ($4::text is null or position(lower($4) in lower(o.name)) > 0)
  and ($5::uuid is null or o.id > $5)
order by o.id limit $6
"""
KNOWN = "select id from organisation where id = any($1)"
OF_GEMEENTEN = "select gemeente, id from organisation where gemeente = any($1)"
ADD_GEMEENTEN = """
insert into organisation (name, kind, gemeente, regions)
select name, 'gemeente', code, array[code] from unnest($1::text[], $2::text[]) as g(code, name) order by code
on conflict (gemeente) where gemeente is not null do nothing returning id
"""
SAVE = """
insert into organisation select * from jsonb_populate_record(null::organisation, $1)
on conflict (id) do update set
  name = excluded.name, kind = excluded.kind, gemeente = excluded.gemeente, regions = excluded.regions,
  phases = excluded.phases, target_groups = excluded.target_groups, means = excluded.means,
  capacity_adoptions = excluded.capacity_adoptions, active = excluded.active, merged_into = excluded.merged_into,
  revision = excluded.revision
"""
FORGET_RELATIONS = "delete from relation where organisation = $1"
SAVE_RELATIONS = """
insert into relation (organisation, other, kind, until)
select $1, r.organisation, r.kind, r.until
from jsonb_to_recordset($2) as r(organisation uuid, kind text, until date) order by r.organisation, r.kind
"""
# Relations bind both ways, and a conflict goes at most two steps: those of these organisations, and of whom they reach.
TIES = """
with direct as (select * from relation where kind = any($2) and (organisation = any($1) or other = any($1))),
     reached as (select organisation as id from direct union select other from direct)
select organisation, kind, other, until from relation
where kind = any($2) and (organisation in (select id from reached) or other in (select id from reached))
"""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in the registry: everything that is None counts for all."""

    kind: PartnerKind | None = None
    means: Means | None = None
    places: Sequence[str] | None = None  # it works in one of these
    name: str | None = None  # a part of it


async def new_id(tx: Transaction) -> UUID:
    """Postgres makes all ids, by one clock."""
    made: UUID = await tx.fetchval("select uuidv7()")
    return made


async def lock(tx: Transaction, organisation: UUID, *more: UUID) -> Organisation:
    """Locks these organisations, in the order of their ids, and reads the first. Raises: UnknownEntity."""
    await tx.execute(LOCK, [organisation, *more])
    return await read(tx, organisation)


async def read(tx: Transaction, organisation: UUID) -> Organisation:
    """Raises: UnknownEntity."""
    found = await read_many(tx, [organisation])
    if not found:
        raise UnknownEntity("organisatie", organisation)
    return found[0]


async def read_many(tx: Transaction, organisations: Collection[UUID]) -> list[Organisation]:
    """Those of these that are in the registry, in the order of their ids."""
    return [rows.read(Organisation, row) for row in await tx.fetch(READ, list(organisations))]


async def read_all(tx: Transaction) -> list[Organisation]:
    """The whole registry."""
    return [rows.read(Organisation, row) for row in await tx.fetch(ALL)]


async def search(tx: Transaction, wanted: Search, after: UUID | None, limit: int) -> list[Organisation]:
    """Organisations in the order of their ids, from `after` on."""
    places = None if wanted.places is None else list(wanted.places)
    found = await tx.fetch(SEARCH, wanted.kind, wanted.means, places, wanted.name, after, limit)
    return [rows.read(Organisation, row) for row in found]


async def unknown(tx: Transaction, organisations: Collection[UUID]) -> frozenset[UUID]:
    """Those of these that are not in the registry."""
    known = {row["id"] for row in await tx.fetch(KNOWN, list(organisations))}
    return frozenset(organisations) - known


async def of_gemeenten(tx: Transaction, codes: Iterable[str]) -> Mapping[str, UUID]:
    """The organisation that each of these gemeenten is."""
    return {row["gemeente"]: row["id"] for row in await tx.fetch(OF_GEMEENTEN, list(codes))}


async def of_gemeente(tx: Transaction, code: str) -> UUID:
    """Raises: UnknownEntity."""
    found = await of_gemeenten(tx, [code])
    if code not in found:
        raise UnknownEntity("gemeente", code)
    return found[code]


async def ties_around(tx: Transaction, organisations: Collection[UUID]) -> list[Tie]:
    """Every relation that a conflict of interest of these organisations could run through."""
    hard = [kind.value for kind in RelationKind if kind.is_hard]
    return [rows.read(Tie, row) for row in await tx.fetch(TIES, list(organisations), hard)]


async def add_gemeenten(tx: Transaction, names: Mapping[str, str]) -> list[Organisation]:
    """These gemeenten as organisations, by code: those that were not there yet."""
    added = await tx.fetch(ADD_GEMEENTEN, list(names), list(names.values()))
    return await read_many(tx, [row["id"] for row in added])


async def save(tx: Transaction, organisation: Organisation) -> Organisation:
    """Writes it whole and returns it with its next revision."""
    saved = replace(organisation, revision=organisation.revision + 1)
    await tx.execute(SAVE, rows.plain(saved))
    await tx.execute(FORGET_RELATIONS, saved.id)
    await tx.execute(SAVE_RELATIONS, saved.id, rows.plain(saved.relations))
    return saved
