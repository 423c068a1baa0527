"""Listening: one poll of records becomes one transaction, with exactly one effect for each event.

The good path runs without savepoints. When something lasting goes wrong the batch is run again, halved under savepoints
until the record at fault stands alone: its key is parked, and all others get their effect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from shared.contracts.event import EventData
from shared.messaging import heard, parking
from shared.messaging.envelope import Arrival, Decoder, Illegible, KafkaRecord
from shared.messaging.heard import GAP, STOPPED, Key, Ledger, Overtaken, Position
from shared.messaging.outbox import Outbox
from shared.messaging.parking import ParkedRecord, Waiting
from shared.messaging.reacting import Reactor
from shared.messaging.reactions import Reaction
from shared.persons import scrub
from shared.storage import Database, Transaction
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
AGAIN_AFTER_SECONDS = (0.05, 0.5)
"""How long a batch that failed waits before it is run again as a whole; after the last time it is halved."""
CHUNK = 500
"""How many versions that wait one transaction releases at most."""


@dataclass(slots=True)
class Work:
    """What one batch has come to so far."""

    tx: Transaction
    ledger: Ledger
    waiting: Waiting
    known_already: list[Arrival] = field(default_factory=list)


class Listener:
    """What a service does with what it hears. Knows nothing of polls, partitions or offsets."""

    def __init__(self, database: Database, outbox: Outbox, reactions: Iterable[Reaction]) -> None:
        self._database = database
        self._outbox = outbox
        self._reactor = Reactor(reactions)
        self._decoder = Decoder(self._reactor.hears)

    @property
    def hears(self) -> frozenset[type[EventData]]:
        """The events it reacts to."""
        return self._reactor.hears

    async def hear(self, records: Sequence[KafkaRecord], positions: Sequence[Position]) -> None:
        """One effect for each record that is next in its entity's life, and the new positions, or nothing at all.

        Raises: Overtaken and whatever passes by itself (`is_transient`): nothing was done, run it again.
        """
        arrivals: list[Arrival] = []
        letters: list[Illegible] = []
        for record in records:
            decoded = self._decoder.decode(record)
            if isinstance(decoded, Arrival):
                arrivals.append(decoded)
            elif decoded is not None:
                letters.append(decoded)
        for wait in AGAIN_AFTER_SECONDS:
            try:
                await self._run(arrivals, letters, positions, careful=False)
                return
            except Exception as error:
                if isinstance(error, Overtaken) or is_transient(error):
                    raise
                log.warning("a batch of %d failed and is run again: %s", len(records), type(error).__name__)
            await asyncio.sleep(wait)
        await self._run(arrivals, letters, positions, careful=True)

    async def _run(
        self,
        arrivals: Sequence[Arrival],
        letters: Sequence[Illegible],
        positions: Sequence[Position],
        *,
        careful: bool,
    ) -> None:
        async with self._database.transaction() as tx:
            ledger = await heard.read(tx, {(a.stream, a.entity): None for a in arrivals})
            held = [key for key, known in ledger.known.items() if known.held == GAP]
            work = Work(tx, ledger, await parking.waiting_for(tx, held) if held else Waiting())
            await (self._absorb_carefully if careful else self._absorb)(work, arrivals)
            late = await parking.skipped(tx, work.known_already) if work.known_already else []
            for letter in (*letters, *late):
                log.error("dead letter at %s/%d/%d", letter.record.topic, letter.record.partition, letter.record.offset)
                await parking.bury(tx, letter)
            await self._close(work, positions)

    async def _close(self, work: Work, positions: Sequence[Position]) -> None:
        tx = work.tx
        await parking.write(tx, work.waiting)
        spoken = self._outbox.spoken(tx.said) if tx.said else None
        await heard.close(tx, work.ledger, positions, spoken)
        for arrival, kind, reason in work.waiting.parks.values():
            if kind == "failed":
                name = arrival.stream.name.lower()
                log.error("parked version %d of %s %s: %s", arrival.sequence, name, arrival.entity, scrub(reason))
        if tx.said:
            tx.said.clear()
            tx.spoke = True

    async def _absorb(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Sorts out what is due, in order, and reacts to it."""
        due: list[Arrival] = []
        for arrival in arrivals:
            self._place(work, arrival, due)
        await self._reactor.react(work.tx, due)

    def _place(self, work: Work, arrival: Arrival, due: list[Arrival]) -> None:
        """Decides what a record is: done before, next, too early, or a fork."""
        key = (arrival.stream, arrival.entity)
        known = work.ledger.of(key)
        if arrival.sequence <= known.sequence:
            if arrival.sequence == known.sequence and arrival.forks_from(known.event_id):
                self._fail(work, arrival, f"fork: version {arrival.sequence} was heard as {known.event_id}")
            else:
                work.known_already.append(arrival)
        elif known.held == STOPPED:
            work.waiting.park(arrival, "gap", "its key is stopped")
            work.ledger.hold(key, STOPPED)
        elif arrival.sequence > known.sequence + 1:
            self._wait(work, key, arrival, known.sequence + 1)
        else:
            self._apply(work, key, arrival, due)

    def _wait(self, work: Work, key: Key, arrival: Arrival, missing: int) -> None:
        """This one is early."""
        earlier = work.waiting.at(key, arrival.sequence)
        if earlier is not None and arrival.forks_from(earlier.event_id):
            place = f"{arrival.record.partition}/{arrival.record.offset}"
            self._fail(work, arrival, f"fork: version {arrival.sequence} waits already; at {place} it is {arrival.id}")
        else:
            work.waiting.park(arrival, "gap", f"version {missing} has not come yet")
            work.ledger.hold(key, GAP)

    def _apply(self, work: Work, key: Key, arrival: Arrival, due: list[Arrival]) -> None:
        """This one is next. Whatever waited for it follows."""
        following: Arrival | None = arrival
        while following is not None:
            if following.fault is not None:
                self._fail(work, following, following.fault)
                return
            due.append(following)
            held = work.ledger.of(key).held
            work.ledger.advance(key, following.sequence, following.id, held)
            following = self._released(work, key, following.sequence + 1) if held else None
        if work.ledger.of(key).held == GAP and not work.waiting.rows.get(key):
            work.ledger.free(key)

    def _released(self, work: Work, key: Key, sequence: int) -> Arrival | None:
        record = work.waiting.take(key, sequence)
        return None if record is None else self._revived(key, record)

    def _revived(self, key: Key, record: ParkedRecord) -> Arrival:
        decoded = self._decoder.decode(record)
        if isinstance(decoded, Arrival):
            return decoded
        fault = "its fact is heard in another version now" if decoded is None else decoded.reason
        return Arrival(record, *key, record.sequence, record.event_id, fault=fault)

    def _fail(self, work: Work, arrival: Arrival, reason: str) -> None:
        """Parks the key: nothing of this entity is applied until an operator releases it."""
        work.waiting.park(arrival, "failed", reason)
        work.ledger.hold((arrival.stream, arrival.entity), STOPPED)

    async def _absorb_carefully(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """As `_absorb`, under a savepoint; on a lasting error in two halves, down to the record at fault."""
        if not arrivals:
            return
        ledger, waiting, said = work.ledger.copy(), work.waiting.copy(), len(work.tx.said)
        try:
            async with work.tx.connection.transaction():
                await self._absorb(work, arrivals)
                # What may not be said fails here, with the record that it is due to.
                self._outbox.spoken(work.tx.said[said:])
            return
        except Exception as error:
            if is_transient(error):
                raise
            work.ledger.restore(ledger)
            work.waiting.restore(waiting)
            del work.tx.said[said:]
            fault = error
        if len(arrivals) > 1:
            half = len(arrivals) // 2
            await self._absorb_carefully(work, arrivals[:half])
            await self._absorb_carefully(work, arrivals[half:])
        else:
            await self._absorb_alone(work, arrivals[0], fault)

    async def _absorb_alone(self, work: Work, arrival: Arrival, fault: Exception) -> None:
        """One record that fails, or one that released others of which one fails: those are then tried one by one."""
        key = (arrival.stream, arrival.entity)
        behind = work.waiting.rows.pop(key, {})
        if arrival.sequence + 1 not in behind:
            self._fail(work, arrival, _told(fault))
            work.waiting.rows.setdefault(key, {}).update(behind)
            return
        following: Arrival | None = arrival
        while following is not None:
            await self._absorb_carefully(work, [following])
            if work.ledger.of(key).sequence < following.sequence:
                break
            if following is not arrival:
                work.waiting.free(key, following.sequence)
            record = behind.pop(following.sequence + 1, None)
            following = None if record is None else self._revived(key, record)
        if behind:
            work.waiting.rows.setdefault(key, {}).update(behind)
            work.ledger.hold(key, GAP)

    async def release(self, key: Key) -> int:
        """Tries what failed of an entity again, and then what waits behind it, at most CHUNK versions at once.

        Returns how many were applied. A fork is not released: somebody has to discard one of the two. Raises: Overtaken.
        """
        async with self._database.transaction() as tx:
            work = Work(tx, await heard.read(tx, [key]), await parking.waiting_for(tx, [key], most=CHUNK + 1))
            known = work.ledger.of(key)
            waiting = work.waiting.rows.get(key, {})
            later = waiting.pop(max(waiting)) if len(waiting) > CHUNK else None
            is_fork = any(sequence <= known.sequence for sequence in work.waiting.rows.get(key, ()))
            record = None if is_fork else work.waiting.take(key, known.sequence + 1)
            if record is None:
                return 0
            work.ledger.known[key] = replace(known, held=GAP)
            await self._absorb_carefully(work, [self._revived(key, record)])
            if later is not None:
                work.ledger.hold(key, GAP)
            await self._close(work, ())
            return work.ledger.of(key).sequence - known.sequence

    async def skip(self, tx: Transaction, key: Key, sequence: int) -> bool:
        """Counts a version as heard that failed, or for which others wait; False when it is neither.

        Raises: Overtaken.
        """
        work = Work(tx, await heard.read(tx, [key]), await parking.waiting_for(tx, [key], most=CHUNK))
        known = work.ledger.of(key)
        record = work.waiting.take(key, sequence)
        is_missing = record is None and sequence == known.sequence + 1 and bool(work.waiting.rows.get(key))
        if is_missing:
            work.ledger.advance(key, sequence, None, GAP)
            await self._close(work, ())
            return True
        if record is None or record.kind != "failed" or sequence > known.sequence + 1:
            return False
        held = GAP if work.waiting.rows[key] else heard.FREE
        if sequence > known.sequence:
            work.ledger.advance(key, sequence, record.event_id, held)
        else:  # a fork: the version itself was heard, as another event
            work.ledger.advance(key, known.sequence, known.event_id, held)
        await self._close(work, ())
        return True


def _told(fault: Exception) -> str:
    """What went wrong, in one line of what Postgres calls text."""
    return f"{type(fault).__name__}: {fault}".encode(errors="replace").decode().replace("\0", "")[:1000]
