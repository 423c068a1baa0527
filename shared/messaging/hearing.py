"""Which code may hear: the set of (stream, type, reaction) that a service declares, by generation.

A type that is newly heard, in a stream that was heard before, has a history that went by without effect. Such a set takes
part only once that history was made up for (`rebuild`), or given up (`hearing waive`); until then the replicas of the
generation before go on. Whoever hears shares the row of `generation` until its commit (heard.py), so that of two
generations only one has effects at any moment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.event import Stream
from shared.messaging.heard import Outdated
from shared.messaging.reactions import Reaction
from shared.storage import Database, Transaction
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 3.0

NUMBER = "select number from generation"
LOCK = "select number from generation for update"
RAISE = "update generation set number = number + 1 returning number"
RECORD = """
insert into hearing (stream, type, reaction, generation)
select s, t, r, $4 from unnest($1::smallint[], $2::text[], $3::text[]) u(s, t, r)
"""
SETS = "select generation, stream, type, reaction from hearing"
HEARD = "select s from unnest($1::smallint[]) s where exists (select from heard where stream = s)"
WAIVED = "select stream, type, reaction from waived where generation = $1"
WAIVE = "insert into waived (generation, stream, type, reaction) values ($1, $2, $3, $4) on conflict do nothing"


class NotAdmitted(Exception):
    """This code may not hear (yet). The message says why, and which command helps."""


class Listening(NamedTuple):
    """That a reaction hears a type."""

    stream: int
    type: str
    reaction: str

    def __str__(self) -> str:
        """As in "catalogue.projects to nl.schuldhulpprojecten.project-assessed.v1"."""
        return f"{self.reaction} to {self.type}"


Listenings = frozenset[Listening]


def declared(reactions: Iterable[Reaction]) -> Listenings:
    """What a service declares to hear."""
    return frozenset(
        Listening(int(kind.STREAM), kind.ce_type(), reaction.name) for reaction in reactions for kind in reaction.hears
    )


class HearingState(StrEnum):
    """How it stands with what a reaction hears."""

    HEARD = "heard"
    NEW = "new"
    LACKS_HISTORY = "lacks-history"
    OF_OTHER_CODE = "of-other-code"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a set of reactions stands to the generation that counts, and to those before it."""

    declared: Listenings
    generation: int
    current: Listenings
    earlier: Collection[Listenings]
    missing: Listenings
    """What was added where history went by: neither made up for nor given up."""

    @property
    def is_current(self) -> bool:
        """Whether this set is the one that counts."""
        return self.declared == self.current

    @property
    def is_older(self) -> bool:
        """Whether it counted once and something was added since: the code is old, and not newly cut down."""
        return self.declared < self.current and self.declared in self.earlier

    @property
    def may_follow(self) -> bool:
        """Whether it may be the next generation without anybody doing anything."""
        return not self.is_older and not self.missing

    def state_of(self, one: Listening) -> HearingState:
        """Of something that this set has, or the one that counts."""
        if one in self.missing:
            return HearingState.LACKS_HISTORY
        if one not in self.current:
            return HearingState.NEW
        return HearingState.HEARD if one in self.declared else HearingState.OF_OTHER_CODE

    def __str__(self) -> str:
        """One sentence: why it may not hear, and what helps."""
        if self.is_older:
            return (
                f"this code was followed by that of generation {self.generation}. Start the newer code, "
                "or make this code count again: `hearing adopt`"
            )
        lacking = "; ".join(map(str, sorted(self.missing)))
        return (
            f"types are heard now of which the history went by: {lacking}. Run `rebuild {min(self.missing).reaction}`, "
            "or give their history up: `hearing waive REACTION TYPE`. Replicas of the code before go on hearing until then"
        )


async def standing(tx: Transaction, of: Listenings) -> Standing:
    """How this set stands now."""
    number: int = await tx.fetchval(NUMBER)
    sets: dict[int, set[Listening]] = {}
    for generation, *listening in await tx.fetch(SETS):
        sets.setdefault(generation, set()).add(Listening(*listening))
    current = frozenset(sets.get(number, ()))
    added = of - current if current else frozenset[Listening]()
    heard = {row["s"] for row in await tx.fetch(HEARD, sorted({one.stream for one in added}))} if added else set()
    waived = {Listening(*row) for row in await tx.fetch(WAIVED, number)} if heard else set()
    missing = frozenset(one for one in added if one.stream in heard) - waived
    return Standing(of, number, current, [frozenset(its) for its in sets.values()], missing)


async def follow(tx: Transaction, of: Listenings) -> int:
    """Makes this set the next generation: replicas of another one go at their next batch. Returns its number."""
    number: int = await tx.fetchval(RAISE)
    columns = zip(*sorted(of), strict=True) if of else ((), (), ())
    await tx.execute(RECORD, *map(list, columns), number)
    return number


async def admitted(database: Database, of: Listenings) -> int:
    """The generation in which this set takes part; the next one if it may follow. Raises: NotAdmitted."""
    async with database.reading() as tx:
        now = await standing(tx, of)
    if now.is_current:
        return now.generation
    async with database.transaction() as tx:
        await tx.fetchval(LOCK)  # and read in the next: two replicas that start at once record one generation
        now = await standing(tx, of)
        if now.is_current:
            return now.generation
        if not now.may_follow:
            raise NotAdmitted(str(now))
        number = await follow(tx, of)
    log.info("generation %d of reactions hears from now on", number)
    return number


async def generation_of(tx: Transaction, of: Listenings) -> int:
    """The generation that counts if it is that of this set, else 0, in whose name nothing can be done."""
    now = await standing(tx, of)
    return now.generation if now.is_current else 0


async def waive(tx: Transaction, of: Listenings, reaction: str, kind: str) -> Listening:
    """Gives up the history of a type that a reaction newly hears. Raises: NotAdmitted when nothing of it is missing."""
    await tx.fetchval(LOCK)
    now = await standing(tx, of)
    for one in now.missing:
        if (one.reaction, one.type) == (reaction, kind):
            await tx.execute(WAIVE, now.generation, *one)
            return one
    raise NotAdmitted(f"{reaction} lacks no history of {kind}. See `hearing list`.")


async def adopt(tx: Transaction, of: Listenings) -> int:
    """Makes an older set count again, after going back to older code. Raises: NotAdmitted."""
    await tx.fetchval(LOCK)
    now = await standing(tx, of)
    if now.is_current:
        raise NotAdmitted(f"This code is that of generation {now.generation} already, which counts.")
    if now.missing:
        raise NotAdmitted(f"It cannot: {now}.")
    return await follow(tx, of)


def described(one: Listening) -> tuple[str, str, str]:
    """Stream, type and reaction, for people."""
    return Stream(one.stream).name.lower(), one.type, one.reaction


class Admission:
    """A replica's wait for its turn to hear. `problem` says why it waits; None when it takes part."""

    def __init__(self, database: Database, of: Listenings) -> None:
        self._database, self._of = database, of
        self.problem: str | None = "it was not looked yet whether this code may hear"
        self.looked_at = time.monotonic()

    async def wait(self, stopping: asyncio.Event) -> int | None:
        """Looks every few seconds. Returns the generation in which it takes part; None when it is told to stop first."""
        while not stopping.is_set():
            self.looked_at = time.monotonic()
            try:
                generation = await admitted(self._database, self._of)
                self.problem = None
                return generation
            except NotAdmitted as error:
                if self.problem != str(error):
                    log.warning("not heard yet: %s", error)
                self.problem = str(error)
            except Exception as error:
                if not is_transient(error):
                    raise
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await stopping.wait()
        return None

    async def for_as_long_as(self, generation: int, hearing: asyncio.Task[None]) -> None:
        """Returns when `hearing` ends. Raises: Outdated as soon as another generation counts, and what `hearing` raises.

        Whoever hears something is told at its next batch; this is for those to whom nothing comes.
        """
        while not hearing.done():
            await asyncio.wait([hearing], timeout=LOOK_AGAIN_SECONDS)
            try:
                async with self._database.reading() as tx:
                    number = await tx.fetchval(NUMBER)
            except Exception as error:
                if not is_transient(error):
                    raise
                continue
            if number != generation and not hearing.done():
                raise Outdated(generation)
        await hearing
