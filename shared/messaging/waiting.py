"""The rows of the outbox as a relay sees them: those that wait are claimed, those that were told move to `told`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.messaging.confirmed import PLACED, arguments
from shared.messaging.taken import Taken

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

CLAIM = """
select o.* from unnest($1::smallint[]) s(shard) cross join lateral (
  select shard, seq, id, topic, key, sequence, headers::text, value, written from outbox
  where shard = s.shard and key <> all($3::text[]) and topic <> all($4::text[]) and seq <> all($5::bigint[])
  order by seq limit $2) o
"""
DELETE = """
d as (delete from outbox o using unnest(${}::smallint[], ${}::bigint[], ${}::int[], ${}::bigint[]) d(shard, seq, part, off)
  where o.shard = d.shard and o.seq = d.seq returning o.*, d.part, d.off)
"""
KEEP = """
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
select seq, id, topic, key, sequence, headers, value, written, ${}, part, off from d
"""
"""Rows of the outbox that were deleted (`d`, each with where it stands in the log) are told, in the cluster of this argument."""
STOP_KEY = "insert into stopped (topic, key, reason) values ($1, $2, $3) on conflict (topic, key) do nothing"


@dataclass(frozen=True, slots=True)
class Claim:
    """The first rows of each of these shards, but for those of some keys and topics, and for some rows."""

    shards: Sequence[int]
    per_shard: int
    but_keys: Sequence[str]
    but_topics: Sequence[str]
    but_seqs: Sequence[int]


class Waiting:
    """What stands in the outbox, over the one connection of a relay."""

    def __init__(self, connection: Connection, cluster: str, *, keeps: bool) -> None:
        """`keeps`: what was told moves to `told`; otherwise it is gone."""
        self._connection, self._cluster, self._keeps = connection, cluster, keeps

    async def claim(self, claim: Claim, told: Taken) -> list[asyncpg.Record]:
        """What is claimed; in the same round trip what was told moves on.

        One statement cannot see what it deletes itself, so the claim must leave that out.
        """
        moves = f"with {self._moves(first=6)}" if told.rows else ""
        return await self._connection.fetch(
            moves + CLAIM,
            claim.shards,
            claim.per_shard,
            claim.but_keys,
            claim.but_topics,
            claim.but_seqs,
            *self._arguments(told),
        )

    async def move(self, told: Taken) -> None:
        """Moves on what was told."""
        if told.rows:
            await self._connection.execute(f"with {self._moves(first=1)} select", *self._arguments(told))

    async def vacuum(self) -> None:
        """Makes room where rows were: a table that is emptied all the time cannot wait for the server's own turn."""
        await self._connection.execute("vacuum (truncate off, skip_locked) outbox")

    async def stop(self, topic: str, key: str, reason: str) -> None:
        """Nothing of this key is told from now on."""
        await self._connection.execute(STOP_KEY, topic, key, reason)

    async def stopped(self) -> list[str]:
        """The keys of which nothing is told."""
        return [row["key"] for row in await self._connection.fetch("select key from stopped")]

    def _moves(self, first: int) -> str:
        """The statements of a move, whose arguments are numbered from `first` on."""
        moves = [DELETE.format(*range(first, first + 4)), PLACED.format(*range(first + 4, first + 9))]
        return ",".join([*moves, f"t as ({KEEP.format(first + 9)})"] if self._keeps else moves)

    def _arguments(self, told: Taken) -> list[object]:
        if not told.rows:
            return []
        kept = [self._cluster] if self._keeps else []
        return [*map(list, zip(*told.rows, strict=True)), *arguments(told.places, self._cluster), *kept]
