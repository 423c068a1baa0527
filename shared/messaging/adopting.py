"""Taking over the log's versions, after our database was restored from an older back-up.

What the log has in our name was said, whatever our database remembers of it. So `said` rises to it, and what we said since
the restore, which nobody has heard, takes the versions after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging import confirmed
from shared.messaging.audit import Act, fence, record
from shared.messaging.claims import Unknown, claims_of, make_room, settle, unknown
from shared.messaging.confirmed import Confirmed, Partition
from shared.messaging.places import event_id_of
from shared.messaging.reading import Log
from shared.messaging.shards import MEMBER
from shared.storage import Database, Transaction

# Relays share this lock for as long as they tell (shards.py).
ALONE = "select pg_try_advisory_xact_lock(hashtext(current_schema() || '.relay'), $1)"
RAISE = """
insert into said select * from unnest($1::smallint[], $2::uuid[], $3::int[]) on conflict (stream, entity)
do update set sequence = greatest(said.sequence, excluded.sequence)
"""
# Two rows of one version are one fact in two schema versions: they keep sharing one.
RENUMBER = """
with n as (
  select o.shard, o.seq, e.stream, e.entity,
    e.log + dense_rank() over (partition by o.topic, o.key order by o.sequence) as sequence
  from unnest($1::smallint[], $2::uuid[], $3::int[], $4::text[]) e(stream, entity, log, topic)
  join outbox o on o.topic = e.topic and o.key = e.entity::text),
u as (update outbox o set sequence = n.sequence from n where o.shard = n.shard and o.seq = n.seq)
select stream, entity, count(distinct sequence)::int as count, max(sequence)::int as last from n group by stream, entity
"""
FOLLOW = """
update said s set sequence = e.last from unnest($1::smallint[], $2::uuid[], $3::int[]) e(stream, entity, last)
where s.stream = e.stream and s.entity = e.entity
"""


class StillTelling(Exception):
    """Numbers cannot be changed under a relay that may be telling them."""

    def __init__(self, service: str) -> None:
        super().__init__(f"A replica of {service} still tells. Stop all of them first; start them again afterwards.")


@dataclass(frozen=True, slots=True)
class Adoption:
    """What becomes of one entity: its last version in the log, ours before and after, and how many get a new number."""

    stream: Stream
    entity: UUID
    log: int
    before: int
    after: int
    renumbered: int


@dataclass(slots=True)
class Adopted:
    """What was found, and done unless it was a dry run. `settled` rows of the outbox stood in the log already.

    `left` are entities of which others wrote in our name: they keep their versions.
    """

    entities: list[Adoption] = field(default_factory=list)
    left: list[Unknown] = field(default_factory=list)
    settled: int = 0
    places: dict[Partition, Confirmed] = field(default_factory=dict)

    def __str__(self) -> str:
        """One sentence, for the audit and for whoever asked."""
        renumbered = sum(each.renumbered for each in self.entities)
        left = f"; not ours, and left as they are: {'; '.join(map(str, self.left))}" if self.left else ""
        return (
            f"{len(self.entities)} entities take over the log's version, {renumbered} versions that nobody has heard get "
            f"a new number, {self.settled} events stood in the log already{left}"
        )


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose log it is: the service, its streams by topic, and the cluster it is in."""

    service: str
    streams: Sequence[Stream]
    cluster: str


class _DryRun(Exception):
    """Ends a transaction that was only to show what would come of it."""


async def adopt(
    database: Database, log_: Log, owner: Owner, act: Act, *, not_ours: Collection[UUID] = (), dry_run: bool = False
) -> Adopted:
    """Reads the log whole and takes over its versions, in one transaction. A dry run does the same and takes it back.

    `not_ours`: entities of which somebody else wrote in our name, whose versions are left as we said them: had they risen to
    those, every listener would wait for ever for what was never said in between. Raises: StillTelling; Busy; KafkaError.
    """
    adopted = Adopted()
    with suppress(_DryRun):
        async with database.transaction() as tx:
            await fence(tx, "said")
            if not await tx.fetchval(ALONE, MEMBER):
                raise StillTelling(owner.service)
            await make_room(tx.connection)
            found = await _read(tx, log_, owner, adopted)
            adopted.left = [each for each in found if each.entity in not_ours]
            adopted.entities = await _adopt(tx, [each for each in found if each.entity not in not_ours])
            for at, place in adopted.places.items():
                await confirmed.put(tx.connection, at, place)
            await record(tx, act, "said adopt-log", owner.service, str(adopted))
            if dry_run:
                raise _DryRun
    return adopted


async def _read(tx: Transaction, log_: Log, owner: Owner, adopted: Adopted) -> list[Unknown]:
    """What the log has and we do not know, with its highest version of each entity."""
    streams = {stream.topic: stream for stream in owner.streams}
    found: dict[tuple[Stream, UUID], Unknown] = {}
    for tp, (first, end) in (await log_.bounds(streams)).items():
        last = None
        async for records in log_.read(tp, first, end):
            claims = claims_of(records, streams[tp.topic], owner.service)
            adopted.settled += await settle(tx.connection, claims, owner.cluster)
            for each in await unknown(tx.connection, claims):
                known = found.get((each.stream, each.entity))
                if known is None or known.log < each.log:
                    found[each.stream, each.entity] = each
            last = event_id_of(records[-1])
        adopted.places[tp.topic, tp.partition] = Confirmed(end, last, owner.cluster)
    return [found[key] for key in sorted(found)]


async def _adopt(tx: Transaction, found: Sequence[Unknown]) -> list[Adoption]:
    """Locks and raises `said`, and only then looks at what waits: a speaker may have been faster."""
    streams, entities = [int(each.stream) for each in found], [each.entity for each in found]
    versions = [each.log for each in found]
    await tx.execute(RAISE, streams, entities, versions)
    rows = await tx.fetch(RENUMBER, streams, entities, versions, [each.stream.topic for each in found])
    renumbered = {(row["stream"], row["entity"]): (row["count"], row["last"]) for row in rows}
    keys = sorted(renumbered)
    await tx.execute(FOLLOW, [s for s, _ in keys], [e for _, e in keys], [renumbered[key][1] for key in keys])
    return list(_adoptions(found, renumbered))


def _adoptions(found: Iterable[Unknown], renumbered: Mapping[tuple[int, UUID], tuple[int, int]]) -> Iterator[Adoption]:
    for each in found:
        count, last = renumbered.get((each.stream, each.entity), (0, max(each.log, each.said)))
        yield Adoption(each.stream, each.entity, each.log, each.said, last, count)
