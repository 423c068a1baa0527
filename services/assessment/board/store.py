"""The tables of the board, and of what the partner registry tells. Names stand in the erasable table `person` alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.assessment.board.model import Board, Member, Organisation, Quorum, Registry
from shared.conflicts import Tie
from shared.storage import Transaction, UnknownEntity, rows

MEMBER = "id, person, seat, affiliations, since, until, revision"
LOCK_BOARD = "select revision from board_settings for update"
READ_SETTINGS = "select reviews, seats, revision from board_settings"
SAVE_SETTINGS = "update board_settings set reviews = $1, seats = $2, revision = revision + 1 returning revision"
READ_MEMBERS = f"select {MEMBER} from member order by id"
READ_PAGE = f"""
select m.*, p.display_name from (select {MEMBER} from member where $1::uuid is null or id > $1 order by id limit $2) m
left join person p on p.id = m.person order by m.id
"""
ADD_MEMBER = "insert into member (person, seat, affiliations, since, until) values ($1, $2, $3, $4, $5) returning id"
SAVE_MEMBER = "update member set seat = $2, affiliations = $3, since = $4, until = $5, revision = $6 where id = $1"
# Who was erased stays so, whatever is told of their seat.
NAME = "update person set display_name = $2 where id = $1 and subject is not null returning display_name"
NAMES = "select id, display_name from person where id = any($1) and display_name is not null"

SAVE_ORGANISATIONS = """
insert into organisation (id, name, merged_into) select * from unnest($1::uuid[], $2::text[], $3::uuid[])
on conflict (id) do update set name = excluded.name, merged_into = excluded.merged_into
"""
CLEAR_RELATIONS = "delete from relation where organisation = any($1)"
SAVE_RELATIONS = """
insert into relation (organisation, nth, kind, other, until)
select * from unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::date[])
"""
# These organisations, with those that they went up in and those that went up in them.
SAME = """
with recursive same (id) as (
  select unnest($1::uuid[])
  union
  select n.id from same, lateral (
    select merged_into as id from organisation where id = same.id and merged_into is not null
    union all select id from organisation where merged_into = same.id) n)
"""
# Two steps from either end meet in the middle: every relation of a chain touches one of its ends.
AROUND = f"""{SAME}
select organisation, kind, other, until from relation
where organisation in (select id from same) or other in (select id from same) order by organisation, nth
"""
READ_ORGANISATIONS = f"{SAME} select id, name, merged_into from organisation where id in (select id from same)"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the board works with, as its managers set it."""

    quorum: Quorum
    revision: int


async def lock(tx: Transaction) -> None:
    """Only one at a time changes who sits on the board, and with what quorum."""
    await tx.execute(LOCK_BOARD)


async def settings(tx: Transaction) -> Settings:
    """The quorum in force."""
    row = await tx.fetchrow(READ_SETTINGS)
    if row is None:
        raise UnknownEntity("instelling", "board")
    return Settings(Quorum(row["reviews"], row["seats"]), row["revision"])


async def save_settings(tx: Transaction, quorum: Quorum) -> Settings:
    """Writes the quorum."""
    return Settings(quorum, await tx.fetchval(SAVE_SETTINGS, quorum.reviews, quorum.seats))


async def board(tx: Transaction) -> Board:
    """Everybody who sits or sat on it, and its quorum."""
    members = tuple(rows.read(Member, row) for row in await tx.fetch(READ_MEMBERS))
    return Board(members, (await settings(tx)).quorum)


async def page(tx: Transaction, after: UUID | None, limit: int) -> Sequence[tuple[Member, str | None]]:
    """Members with their names, from `after` on. The name of who was erased is None."""
    return [(rows.read(Member, row), row["display_name"]) for row in await tx.fetch(READ_PAGE, after, limit)]


async def add(tx: Transaction, member: Member) -> Member:
    """A new member; its id is made here."""
    made = await tx.fetchval(
        ADD_MEMBER, member.person, member.seat, rows.plain(member.affiliations), member.since, member.until
    )
    return replace(member, id=made, revision=1)


async def save(tx: Transaction, member: Member) -> Member:
    """Writes a member and returns it with its next revision."""
    revision = member.revision + 1
    affiliations = rows.plain(member.affiliations)
    await tx.execute(SAVE_MEMBER, member.id, member.seat, affiliations, member.since, member.until, revision)
    return replace(member, revision=revision)


async def name(tx: Transaction, person: UUID, display_name: str | None) -> str | None:
    """Keeps how a person wants to be called, where it can be erased; None of who was erased, whatever they were called."""
    kept: str | None = await tx.fetchval(NAME, person, display_name)
    return kept


async def names(tx: Transaction, persons: Collection[UUID]) -> dict[UUID, str]:
    """How these persons are called; who was erased is left out."""
    return {row["id"]: row["display_name"] for row in await tx.fetch(NAMES, list(persons))}


async def save_organisations(tx: Transaction, changed: Sequence[Organisation]) -> None:
    """Writes them, given in the order of their ids, with all their relations."""
    ids = [organisation.id for organisation in changed]
    await tx.execute(SAVE_ORGANISATIONS, ids, [o.name for o in changed], [o.merged_into for o in changed])
    await tx.execute(CLEAR_RELATIONS, ids)
    ties = [(o.id, nth, tie.kind, tie.other, tie.until) for o in changed for nth, tie in enumerate(o.ties)]
    if ties:
        await tx.execute(SAVE_RELATIONS, *map(list, zip(*ties, strict=True)))


async def registry(tx: Transaction, organisations: Collection[UUID]) -> Registry:
    """These organisations, and as much around them as a conflict of interest can reach."""
    ties: dict[UUID, list[Tie]] = {}
    ids = set(organisations)
    for row in await tx.fetch(AROUND, list(organisations)):
        tie = rows.read(Tie, row)
        ties.setdefault(tie.organisation, []).append(tie)
        ids |= {tie.organisation, tie.other}
    known = await tx.fetch(READ_ORGANISATIONS, list(ids))
    return Registry(
        {
            row["id"]: Organisation(row["id"], row["name"], row["merged_into"], tuple(ties.get(row["id"], ())))
            for row in known
        }
    )
