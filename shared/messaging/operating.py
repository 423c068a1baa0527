"""The operators' desk: how what waits, what nobody could read and what is not told yet goes on.

Everything takes an `Act` (who, why), which the audit keeps in the transaction of the change; only one repair of a thing runs
at once; a dry run does it all and then takes it back. The command line has the desk open its own transactions, and carry on
until all is done; over HTTP (`within`) it works in the request's one, and says when there is more to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging import audit, letters, mending
from shared.messaging.audit import Act
from shared.messaging.heard import Overtaken
from shared.messaging.listener import Listener
from shared.messaging.looking import NotThere
from shared.messaging.parking import record_of, wire_headers
from shared.messaging.producer import Producer
from shared.messaging.refused import NotRepairable, Why
from shared.messaging.repairing import Named, Repair, fingerprint, repaired
from shared.messaging.resending import NotTold, ToldAgain, tell_again
from shared.persons import scrub
from shared.storage import Database, Transaction

T = TypeVar("T")
RESEND = "outbox resend"
NOTED_WITHIN_SECONDS = 5.0
# What failed further on is a fork: it keeps nothing up yet.
NEXT = """
select count(*) as waiting, coalesce(bool_or(kind = 'failed'), false) as failed,
  coalesce(bool_or(kind = 'failed' and sequence <= last + 1), false) as is_stuck,
  coalesce(bool_or(sequence = last + 1), false) as has_next
from parked, (select coalesce(max(sequence), 0) as last from heard where stream = $1 and entity = $2) h
where stream = $1 and entity = $2
"""
FOR_REPAIR = "select * from parked where stream = $1 and entity = $2 and sequence = $3 for update"
REPAIR = """
update parked set value = $4, headers = $5::text::jsonb, reason = left('repaired; before that: ' || reason, 1000)
where stream = $1 and entity = $2 and sequence = $3
"""
# Of a fork discarded before there is a row already: who did that stays known.
SKIP = """
insert into skipped (stream, entity, sequence, reason, actor, event_id) values ($1, $2, $3, $4, $5,
  (select event_id from parked where stream = $1 and entity = $2 and sequence = $3)) on conflict do nothing
"""
HEARD = "select sequence from heard where stream = $1 and entity = $2"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a release came: versions applied, versions that still wait, and whether one failed (again)."""

    entity: UUID
    applied: int
    waiting: int
    failed: bool
    goes_on: bool

    def __str__(self) -> str:
        """For the operator and the audit."""
        done = f"{self.applied} version(s) of {self.entity} applied"
        if self.failed:
            return f"{done}; it failed again: see `parked list`"
        if self.goes_on:
            return f"{done}; {self.waiting} more wait: release it again"
        return f"{done}; {self.waiting} wait for what is missing" if self.waiting else f"{done}; nothing of it failed"


class Desk:
    """One service's messages, mended by its operator."""

    def __init__(
        self, database: Database, listener: Listener, producer: Producer | None = None, tx: Transaction | None = None
    ) -> None:
        self._database, self._listener, self._producer, self._tx = database, listener, producer, tx

    def within(self, tx: Transaction) -> Desk:
        """The desk that works in this transaction, and in no other."""
        return Desk(self._database, self._listener, self._producer, tx)

    @asynccontextmanager
    async def _alone(self, thing: str) -> AsyncIterator[None]:
        """Raises: Busy."""
        if self._tx is not None:
            await audit.fence(self._tx, thing)
            yield
        else:
            async with audit.fenced(self._database, thing):
                yield

    async def _do(self, change: Callable[[Transaction], Awaitable[T]], *, dry_run: bool) -> T:
        if self._tx is not None:
            return await _tried(self._tx, change, dry_run=dry_run)
        async with self._database.transaction() as tx:
            return await _tried(tx, change, dry_run=dry_run)

    async def release(self, act: Act, stream: Stream, entity: UUID, *, dry_run: bool = False) -> Progress:
        """Tries what failed again, and then what waits behind it, in order and in chunks; broken off, it goes on from there.

        Within a transaction, or dry, one chunk. Raises: NotThere, Busy.
        """

        async def chunk(tx: Transaction) -> Progress:
            before = await tx.fetchrow(NEXT, int(stream), entity)
            if before is None or not (before["failed"] or before["has_next"]):
                raise NotThere(f"Nothing of {entity} failed in {stream.name.lower()}. See `parked list`.")
            return await self._released(tx, act, stream, entity)

        async with self._alone(_key(stream, entity)):
            return await self._on(await self._do(chunk, dry_run=dry_run), act, stream, entity, dry_run=dry_run)

    async def discard(
        self, act: Act, stream: Stream, entity: UUID, sequence: int, *, dry_run: bool = False
    ) -> Progress:
        """Counts a version that failed, or that others wait for, as heard without effect; then goes on with those.

        Raises: NotThere, Busy.
        """

        async def skip(tx: Transaction) -> Progress:
            await tx.execute(SKIP, int(stream), entity, sequence, scrub(act.reason), scrub(act.actor))
            if not await self._listener.skip(tx, (stream, entity), sequence):
                raise NotThere(f"Version {sequence} of {entity} neither failed nor is waited for. See `parked list`.")
            progress = await self._chunk(tx, stream, entity, chosen=False)
            outcome = f"counts as heard, without effect; {progress}"
            await audit.record(tx, act, "parked discard", f"{_key(stream, entity)} {sequence}", outcome)
            return progress

        async with self._alone(_key(stream, entity)):
            return await self._on(await self._do(skip, dry_run=dry_run), act, stream, entity, dry_run=dry_run)

    async def _chunk(self, tx: Transaction, stream: Stream, entity: UUID, *, chosen: bool) -> Progress:
        applied = await self._listener.release(tx, (stream, entity), chosen=chosen)
        left: Any = await tx.fetchrow(NEXT, int(stream), entity)
        failed = bool(left["is_stuck"])
        return Progress(entity, applied, left["waiting"], failed, goes_on=left["has_next"] and not failed)

    async def _released(self, tx: Transaction, act: Act, stream: Stream, entity: UUID) -> Progress:
        progress = await self._chunk(tx, stream, entity, chosen=True)
        await audit.record(tx, act, "parked release", _key(stream, entity), str(progress))
        return progress

    async def _on(self, progress: Progress, act: Act, stream: Stream, entity: UUID, *, dry_run: bool) -> Progress:
        """Chunk by chunk, until nothing more can be applied."""
        while progress.goes_on and self._tx is None and not dry_run:
            next_ = await self._do(lambda tx: self._released(tx, act, stream, entity), dry_run=False)
            progress = replace(next_, applied=progress.applied + next_.applied)
        return progress

    async def fix(
        self, act: Act, stream: Stream, entity: UUID, sequence: int, repair: Repair, *, dry_run: bool = False
    ) -> str:
        """Gives a failed record the data that it should have had; it is heard when it is released.

        Raises: NotThere, NotRepairable, Busy.
        """

        async def mend(tx: Transaction) -> str:
            row = await tx.fetchrow(FOR_REPAIR, int(stream), entity, sequence)
            if row is None or row["kind"] != "failed":
                raise NotThere(f"Version {sequence} of {entity} did not fail. See `parked list`.")
            if (await tx.fetchval(HEARD, int(stream), entity) or 0) >= sequence:
                raise NotRepairable(Why.HEARD_AS_ANOTHER, sequence=sequence)
            old = record_of(row)
            new = repaired(self._listener.decoder, old, (stream, entity), repair)
            await tx.execute(REPAIR, int(stream), entity, sequence, new.value, wire_headers(new.headers))
            await mending.keep(tx, (stream, entity), sequence, new.event_id, new)
            outcome = f"{fingerprint(old.value)} became {fingerprint(new.value)}"
            if repair.headers:
                outcome += f"; headers {', '.join(sorted(repair.headers))}"
            await audit.record(tx, act, "parked fix", f"{_key(stream, entity)} {sequence}", outcome)
            return f"version {sequence} of {entity} repaired ({outcome}): now release it"

        async with self._alone(_key(stream, entity)):
            return await self._do(mend, dry_run=dry_run)

    async def replay(self, act: Act, letter: UUID, names: Named = Named(), *, dry_run: bool = False) -> str:  # noqa: B008 - frozen
        """Reads a dead letter again, and hears it as if it came now; `names` says whose it is where its headers do not.

        Raises: NotThere, NotReplayable, Busy.
        """

        async def hear(tx: Transaction) -> str:
            outcome = await letters.replay(tx, self._listener, letter, names)
            await audit.record(tx, act, "dead-letters replay", str(letter), outcome)
            return f"dead letter {letter} heard: {outcome}"

        async with self._alone(f"dead letter {letter}"):
            return await self._do(hear, dry_run=dry_run)

    async def throw_away(self, act: Act, letter: UUID, *, dry_run: bool = False) -> str:
        """Deletes a dead letter. Raises: NotThere, Busy."""

        async def delete(tx: Transaction) -> str:
            row = await letters.take(tx, letter)
            what = f"{row['topic']}/{row['part']}/{row['off']}: {row['reason']}"
            await audit.record(tx, act, "dead-letters discard", str(letter), what)
            return f"dead letter {letter} thrown away"

        async with self._alone(f"dead letter {letter}"):
            return await self._do(delete, dry_run=dry_run)

    async def go_on(self, act: Act, topic: str, key: str, *, dry_run: bool = False) -> str:
        """Lets a stopped key try again. Raises: NotThere, Busy."""

        async def start(tx: Transaction) -> str:
            why = await tx.fetchval("delete from stopped where topic = $1 and key = $2 returning reason", topic, key)
            if why is None:
                raise NotThere(f"{key} is not stopped on {topic}. See `outbox list`.")
            await audit.record(tx, act, "outbox release", f"{topic} {key}", f"tries again; was stopped: {why}")
            return f"{key} tries again within a second"

        async with self._alone(f"{topic} {key}"):
            return await self._do(start, dry_run=dry_run)

    async def resend(
        self,
        act: Act,
        topic: str,
        key: str,
        first: int = 1,
        last: int | None = None,
        *,
        dry_run: bool = False,
        within: float | None = None,
    ) -> ToldAgain:
        """Tells again, unchanged, what was told of a key; `within` this many seconds. Whoever heard it drops it.

        Within a transaction, one chunk. Raises: NotThere, NotTold (audited: a part may be told), Busy.
        """
        if self._producer is None and not dry_run:
            raise NotTold("Nothing can be told from here: there is no producer.")
        tx, producer = self._tx, None if dry_run else self._producer
        reading = self._database.reading if tx is None else lambda: nullcontext(tx)
        target = f"{topic} {key} {first}-{last or ''}"
        async with self._alone(f"{topic} {key}"):
            try:
                sent = await tell_again(
                    reading, producer, topic, key, first=first, last=last, within=within, whole=tx is None
                )
            except NotTold as error:
                if not dry_run:
                    await self._note_apart(act, target, str(error))
                raise
            if not sent.versions.count:
                upto = "" if last is None else f" to {last}"
                raise NotThere(
                    f"Of {key} on {topic} nothing that was told is kept from version {first}{upto} (any more). "
                    "What is not told yet stands in `outbox list`."
                )
            if not dry_run:
                await self._do(lambda tx: audit.record(tx, act, RESEND, target, str(sent)), dry_run=False)
        return sent

    async def _note_apart(self, act: Act, target: str, outcome: str) -> None:
        """In a transaction of its own: a request that fails takes its own back, and what was told is told."""
        async with asyncio.timeout(NOTED_WITHIN_SECONDS), self._database.transaction() as tx:
            await audit.record(tx, act, RESEND, target, outcome)


def _key(stream: Stream, entity: UUID) -> str:
    return f"{stream.name.lower()} {entity}"


async def _tried(tx: Transaction, change: Callable[[Transaction], Awaitable[T]], *, dry_run: bool) -> T:
    """Under a savepoint: again when a replica that hears the same entity was first; taken back when it was only asked."""
    while True:
        said, savepoint = len(tx.said), tx.connection.transaction()
        await savepoint.start()
        try:
            done = await change(tx)
        except BaseException as error:
            await savepoint.rollback()
            del tx.said[said:]
            if isinstance(error, Overtaken):
                continue
            raise
        if dry_run:
            await savepoint.rollback()
            del tx.said[said:]
        else:
            await savepoint.commit()
        return done
