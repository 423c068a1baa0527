"""Is what the owners said what a listener heard? Entity by entity, over two schemas, with no look at any content.

A last event that was lost leaves no gap at the listener: only this comparison sees it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from shared.contracts.event import Stream
from shared.messaging.reading import Bounds, Log
from shared.messaging.verified import Ahead, Missing, Verified

# Both sides come in the order of their primary keys: ten million entities need no more memory than ten.
DIFFERENT = """
select * from (
  select entity, coalesce(s.sequence, 0) as said, coalesce(h.sequence, 0) as heard
  from (select entity, sequence from "{owner}".said where stream = $1) s
  full join (select entity, sequence from "{listener}".heard where stream = $1) h using (entity)) c
where said <> heard
"""
WAITING = """
select key, min(sequence) as first from "{owner}".outbox where topic = $1 and key = any($2) group by key
"""
NOW = """
select e.entity, coalesce(h.sequence, 0) as heard, (
  select min(p.sequence) from "{listener}".parked p where p.stream = $1 and p.entity = e.entity) as parked
from unnest($2::uuid[]) e(entity) left join "{listener}".heard h on h.stream = $1 and h.entity = e.entity
"""
PLACES = 'select topic, part, next from "{listener}".positions where topic = any($1)'
CHUNK = 5_000
MOST_SUSPECTS = 50_000
LOOK_EVERY_SECONDS = 0.2


@dataclass(slots=True)
class Suspects:
    """Entities of one stream of which more was told than was heard, with the last version that was told."""

    stream: Stream
    told: dict[UUID, int] = field(default_factory=dict)
    uncounted: int = 0


class Verification:
    """Compares one listener with the owners of the streams that it hears. `connection` is the verifier's."""

    def __init__(
        self, connection: asyncpg.Connection[asyncpg.Record], log: Log, listener: str, owners: Mapping[Stream, str]
    ) -> None:
        self._connection, self._log, self._listener, self._owners = connection, log, listener, owners

    async def run(self, wait: float) -> Verified:
        """Looks; waits up to so many seconds until what was under way has come; and looks again at what differed."""
        found = Verified(self._listener, dict(self._owners))
        suspects = [await self._compare(stream, owner, found) for stream, owner in self._owners.items()]
        ends = await self._log.bounds([stream.topic for stream in self._owners])  # after it: all that was told is below
        behind = await self._until_passed(ends, wait)
        found.records_behind = sum(behind.values())
        for each in suspects:
            if behind.get(each.stream.topic):
                found.undecided += len(each.told) + each.uncounted
            else:
                await self._judge(each, found)
        return found

    async def _compare(self, stream: Stream, owner: str, found: Verified) -> Suspects:
        """Both sides at one moment. What is heard was said before: more than was said shows that the owner was put back."""
        suspects = Suspects(stream)
        names = {"owner": owner, "listener": self._listener}
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            await self._connection.execute("set local enable_hashjoin = off")
            cursor = await self._connection.cursor(DIFFERENT.format(**names), int(stream))
            while rows := await cursor.fetch(CHUNK):
                keys = [str(row["entity"]) for row in rows]
                outbox = await self._connection.fetch(WAITING.format(**names), stream.topic, keys)
                waiting = {row["key"]: row["first"] for row in outbox}
                for entity, said, heard in rows:
                    self._sort(suspects, found, Ahead(stream, entity, said, heard), waiting.get(str(entity)))
        return suspects

    @staticmethod
    def _sort(suspects: Suspects, found: Verified, each: Ahead, waits_from: int | None) -> None:
        told = each.said if waits_from is None else waits_from - 1
        if waits_from is not None:
            found.not_told_yet += each.said - told
        found.versions_behind += max(0, each.said - each.heard)
        if each.heard > each.said:
            found.add_ahead(each)
        elif told > each.heard and len(suspects.told) < MOST_SUSPECTS:
            suspects.told[each.entity] = told
        elif told > each.heard:
            suspects.uncounted += 1

    async def _until_passed(self, ends: Bounds, wait: float) -> dict[str, int]:
        """How many records each topic still holds for the listener, when it has come to these ends or time is up."""
        deadline = time.monotonic() + wait
        while True:
            rows = await self._connection.fetch(
                PLACES.format(listener=self._listener), sorted({tp.topic for tp in ends})
            )
            at = {(row["topic"], row["part"]): row["next"] for row in rows}
            behind: dict[str, int] = {}
            for tp, (first, end) in ends.items():
                left = max(0, end - at.get((tp.topic, tp.partition), first))
                behind[tp.topic] = behind.get(tp.topic, 0) + left
            if not any(behind.values()) or time.monotonic() > deadline:
                return behind
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _judge(self, suspects: Suspects, found: Verified) -> None:
        """What was told before the ends that the listener has passed was heard, waits there, or is missing."""
        found.undecided += suspects.uncounted
        entities = list(suspects.told)
        for start in range(0, len(entities), CHUNK):
            chunk = entities[start : start + CHUNK]
            sql = NOW.format(listener=self._listener)
            for row in await self._connection.fetch(sql, int(suspects.stream), chunk):
                self._decide(suspects, found, row)

    @staticmethod
    def _decide(suspects: Suspects, found: Verified, row: asyncpg.Record) -> None:
        told, heard, parked = suspects.told[row["entity"]], row["heard"], row["parked"]
        last = told if parked is None else min(told, parked - 1)
        if heard >= told:
            return
        if parked is not None:
            found.waiting += 1
        if last > heard:
            found.add_missing(Missing(suspects.stream, row["entity"], heard + 1, last))
