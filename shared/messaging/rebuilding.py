"""Makes the tables of a fold anew from the log, while the service goes on hearing.

The copy (shadow.py) hears the log from its beginning, never further than the live tables have. When it has nearly caught
up, nobody hears for a moment: it takes the rest, is held against the live `heard` entity by entity, and its rows go over
in that one transaction. If anything is not equal, nothing was changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from aiokafka import TopicPartition

from shared.contracts.event import Stream
from shared.messaging import audit, hearing
from shared.messaging.audit import Act, fenced
from shared.messaging.brokers import Servers
from shared.messaging.hearing import Listenings, declared
from shared.messaging.leaving_out import LeftOut, left_out
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.reactions import Fold, Reaction
from shared.messaging.reading import Log, opened_log
from shared.messaging.shadow import Change, Shadow, shadow
from shared.storage import Database, Transaction

POSITIONS = "select topic, part, next, cluster from {schema}.positions where topic = any($1)"
NEARLY = 2_000
"""With fewer records than this to go, nobody hears until they are taken."""
LOCK_SECONDS, PAUSE_SECONDS = 5.0, 1.0
TIMES = 3
BATCH = 2_000

Bounds = Mapping[TopicPartition, int]
Progress = Callable[[str], object]


class NotRebuilt(Exception):
    """Nothing was changed. The message says why, and what helps."""


class _Apart(Exception):
    """Copy and live tables did not hear the same."""


class _Moved(Exception):
    """What the live tables leave out has changed since the copy began."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of it: the folds that were rebuilt together, their rows, and the generation that hears from then on."""

    folds: Sequence[str]
    changes: Sequence[Change]
    generation: int | None

    def __str__(self) -> str:
        """In one sentence."""
        new = f"; generation {self.generation} hears from now on" if self.generation else ""
        return f"{', '.join(self.folds)}: {'; '.join(map(str, self.changes))}{new}"


def chosen(reactions: Sequence[Reaction], name: str, missing: Listenings) -> list[Fold]:
    """The fold of this name, those that lack history as it may, and those that share a table with any of them.

    Raises: NotRebuilt when one of them cannot be rebuilt, or `missing` has what no rebuild can make up for.
    """
    named = {reaction.name: reaction for reaction in reactions}
    found: list[Fold] = []
    for wanted in (name, *sorted({one.reaction for one in missing} - {name})):
        fold = named.get(wanted)
        if not isinstance(fold, Fold) or not fold.tables:
            known = ", ".join(sorted(r.name for r in reactions if isinstance(r, Fold) and r.tables)) or "none"
            waive = f" Give up its history first: `hearing waive {wanted} TYPE`." if wanted != name else ""
            raise NotRebuilt(f"{wanted} cannot be rebuilt from the log; these can: {known}.{waive}")
        found.append(fold)
    tables = {table for fold in found for table in fold.tables}
    sharing = [r for r in reactions if isinstance(r, Fold) and r not in found and tables & set(r.tables)]
    return found + sharing


def streams_of(folds: Sequence[Fold]) -> list[Stream]:
    """The streams that they hear."""
    return sorted({kind.STREAM for fold in folds for kind in fold.hears})


@dataclass(frozen=True)
class Rebuild:
    """One rebuild: of which service, where its live tables and its log are."""

    schema: str
    reactions: Sequence[Reaction]
    live: Database
    owner_dsn: str
    servers: Servers
    cluster: str
    progress: Progress

    async def run(self, name: str, act: Act, *, dry: bool = False) -> Rebuilt:
        """Rebuilds, or says what would change. Raises: NotRebuilt, Busy, KafkaError, asyncpg.PostgresError."""
        async with fenced(self.live, "the folds"):
            for _ in range(TIMES):
                try:
                    return await self._once(name, act, dry=dry)
                except _Moved:
                    self.progress("Keys were parked, released or discarded meanwhile: once more from the beginning.")
        raise NotRebuilt("Keys were parked, released or discarded all the time. Nothing was changed.")

    async def _once(self, name: str, act: Act, *, dry: bool) -> Rebuilt:
        everything = declared(self.reactions)
        async with self.live.reading() as tx:
            standing = await hearing.standing(tx, everything)
        if not standing.is_current and not standing.missing:
            raise NotRebuilt(f"This is not the code that hears: {standing}." if standing.is_older else NOT_STARTED)
        folds = chosen(self.reactions, name, standing.missing)
        streams = streams_of(folds)
        async with self.live.reading() as tx:
            leaving = await left_out(tx, streams)
        topics = [stream.topic for stream in streams]
        tables = list(dict.fromkeys(table for fold in folds for table in fold.tables))
        async with opened_log(self.servers, topics) as log, shadow(self.owner_dsn, self.schema, tables) as copy:
            copying = _Copying(self, folds, log, copy, leaving)
            await copying.begin()
            changes, generation = await copying.to_the_end(act, name, dry=dry)
        return Rebuilt([fold.name for fold in folds], changes, generation)


NOT_STARTED = "No replica of this code was started yet: its set of reactions is new. Start one first."


class _Copying:
    """One copy, from its beginning to the moment that it goes over."""

    def __init__(self, of: Rebuild, folds: Sequence[Fold], log: Log, copy: Shadow, leaving: LeftOut) -> None:
        self._of, self._folds, self._log, self._copy = of, folds, log, copy
        self._streams = streams_of(folds)
        self._leaving = leaving
        self._listener = Listener(copy.session, Outbox("", ()), folds)  # whatever they say is refused
        self._at: dict[TopicPartition, int] = {}

    async def begin(self) -> None:
        """At the beginning of the log."""
        bounds = await self._log.bounds(stream.topic for stream in self._streams)
        self._at = {tp: first for tp, (first, _) in bounds.items()}

    async def to_the_end(self, act: Act, name: str, *, dry: bool) -> tuple[Sequence[Change], int | None]:
        """Follows the live tables until it can take their place, and does."""
        while True:
            async with self._of.live.reading() as tx:
                bounds = await self._bounds(tx)
            before = dict(self._at)
            if self._behind(bounds) > NEARLY:
                await self._follow(bounds, tell=True)
                continue
            try:
                return await (self._compare() if dry else self._go_over(act, name))
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                self._at = before
                self._of.progress("Somebody holds these tables: tried again in a moment.")
                await asyncio.sleep(PAUSE_SECONDS)
            except _Apart as apart:
                async with self._of.live.reading() as tx:
                    if await left_out(tx, self._streams) != self._leaving:
                        raise _Moved from None
                raise NotRebuilt(f"The log does not make what the live tables heard: {apart}.") from None

    async def _compare(self) -> tuple[Sequence[Change], None]:
        async with self._copy.session.transaction(isolation="repeatable_read") as tx:
            await self._follow(await self._bounds(tx))
            await self._assert_equal(tx)
            return await self._copy.changes(tx), None

    async def _go_over(self, act: Act, name: str) -> tuple[Sequence[Change], int | None]:
        async with self._copy.session.transaction() as tx:
            await self._copy.hold_live(tx, LOCK_SECONDS)
            await self._follow(await self._bounds(tx))
            await self._assert_equal(tx)
            changes = await self._copy.changes(tx)
            await self._copy.write(tx)
            await tx.execute(f'set local search_path = "{self._of.schema}", pg_temp')
            generation = await self._succeed(tx)
            await audit.record(tx, act, "rebuild", name, "; ".join(map(str, changes)))
        return changes, generation

    async def _succeed(self, tx: Transaction) -> int | None:
        """Code that lacked this history may hear from now on, and what was there before may not any more."""
        everything = declared(self._of.reactions)
        standing = await hearing.standing(tx, everything)
        if standing.is_current:
            return None
        made_up = {fold.name for fold in self._folds}
        if standing.is_older or {one.reaction for one in standing.missing} - made_up:
            raise NotRebuilt(f"Another code was started meanwhile: {standing}. Nothing was changed.")
        return await hearing.follow(tx, everything)

    async def _bounds(self, tx: Transaction) -> Bounds:
        """How far the live tables have heard. Raises: NotRebuilt when that was another log."""
        topics = [stream.topic for stream in self._streams]
        rows = await tx.fetch(POSITIONS.format(schema=f'"{self._of.schema}"'), topics)
        if others := {row["cluster"] for row in rows} - {self._of.cluster}:
            raise NotRebuilt(f"The live tables heard cluster {others.pop()}, and this is {self._of.cluster}.")
        return {TopicPartition(row["topic"], row["part"]): row["next"] for row in rows}

    def _behind(self, bounds: Bounds) -> int:
        return sum(max(0, bound - self._at.get(tp, 0)) for tp, bound in bounds.items())

    async def _follow(self, bounds: Bounds, *, tell: bool = False) -> None:
        """Hears what stands before these places."""
        for tp, bound in bounds.items():
            begun = self._at.get(tp, 0)
            if begun >= bound:
                continue
            async for records in self._log.read(tp, begun, bound):
                for nth in range(0, len(records), BATCH):
                    letters_and_arrivals = self._listener.decoder.decode_all(records[nth : nth + BATCH])
                    kept = self._leaving.kept(letters_and_arrivals.arrivals)
                    await self._listener.hear_decoded(letters_and_arrivals._replace(arrivals=kept, letters=[]), ())
                if tell:
                    self._of.progress(f"{tp.topic}/{tp.partition}: {records[-1].offset + 1} of {bound}")
            self._at[tp] = bound
        if self._leaving.keys:
            await self._fill()

    async def _fill(self) -> None:
        """What was given up counts as heard, and what was mended is heard as that, so that what comes after it goes on."""
        decoder, tried = self._listener.decoder, set[tuple[UUID, int]]()
        while True:
            async with self._copy.session.transaction() as tx:
                heard = await self._copy.heard(tx, self._leaving.keys)
            standing_in = self._leaving.standing_in(heard, decoder)
            fills = [arrival for arrival in standing_in if (arrival.entity, arrival.sequence) not in tried]
            if not fills:
                return
            tried.update((arrival.entity, arrival.sequence) for arrival in fills)
            await self._listener.hear_decoded(decoder.decode_all(())._replace(arrivals=fills), ())

    async def _assert_equal(self, tx: Transaction) -> None:
        """Raises: _Apart."""
        if apart := await self._copy.apart(tx, [int(stream) for stream in self._streams]):
            raise _Apart("; ".join(map(str, apart)))
