"""Which of the 16 shards of an outbox this relay tells. Replicas share them through advisory locks, nothing else."""

from __future__ import annotations

import math

import asyncpg

SHARDS = 16
MEMBER = 1000

JOIN = "select pg_advisory_lock_shared(hashtext(current_schema() || '.relay'), $1)"
# classid and objid are unsigned in pg_locks; the class is the hash as an unsigned number.
MEMBERS = """
select count(*) from pg_locks where locktype = 'advisory' and granted and objsubid = 2
  and classid = ((hashtext(current_schema() || '.relay')::bigint + 4294967296) % 4294967296)::oid
  and objid = $1 and database = (select oid from pg_database where datname = current_database())
"""
TAKE = "select pg_try_advisory_lock(hashtext(current_schema() || '.relay'), $1)"
GIVE = "select pg_advisory_unlock(hashtext(current_schema() || '.relay'), $1)"


class Shards:
    """The shards that one connection holds. When the connection goes, so do they."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._joined = False
        self.held: list[int] = []

    async def balance(self) -> None:
        """Takes or gives shards until this relay has its fair share."""
        if not self._joined:
            await self._connection.execute(JOIN, MEMBER)
            self._joined = True
        members: int = await self._connection.fetchval(MEMBERS, MEMBER)
        share = math.ceil(SHARDS / max(1, members))
        while len(self.held) > share:
            await self._connection.execute(GIVE, self.held.pop())
        for shard in range(SHARDS):
            if len(self.held) >= share:
                break
            if shard not in self.held and await self._connection.fetchval(TAKE, shard):
                self.held.append(shard)
