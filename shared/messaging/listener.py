"""Listening: one poll of records becomes one transaction, with exactly one effect for each event.

The good path runs without savepoints. When something lasting goes wrong the batch is run again, halved under savepoints
until the record at fault stands alone: its key is parked, and all others get their effect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from shared.contracts.event import EventData
from shared.messaging import heard, parking
from shared.messaging.envelope import Arrival, Decoded, Decoder, KafkaRecord
from shared.messaging.heard import GAP, STOPPED, Displaced, Key, Outdated, Overtaken, Position
from shared.messaging.outbox import Outbox
from shared.messaging.parking import Waiting
from shared.messaging.placing import Placing, Work
from shared.messaging.reacting import Reactor
from shared.messaging.reactions import Reaction
from shared.messaging.refused import NotReplayable, Why
from shared.persons import scrub
from shared.storage import Database, Session, Transaction
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
AGAIN_AFTER_SECONDS = (0.05, 0.5)
"""How long a batch that failed waits before it is run again as a whole; after the last time it is halved."""
CHUNK = 500
"""How many versions that wait one transaction releases at most."""


class Listener:
    """What a service does with what it hears. Knows nothing of polls, partitions or offsets."""

    def __init__(self, database: Database | Session, outbox: Outbox, reactions: Iterable[Reaction]) -> None:
        self._database = database
        self._outbox = outbox
        self._reactor = Reactor(reactions)
        self._decoder = Decoder(self._reactor.hears)
        self._placing = Placing(self._decoder)
        self.repeated = self.early = 0  # records that were heard before, and that came before an earlier version
        self.generation: int | None = None  # of this code's set of reactions (hearing.py); None: whichever counts

    @property
    def decoder(self) -> Decoder:
        """Turns records into what it can hear."""
        return self._decoder

    @property
    def hears(self) -> frozenset[type[EventData]]:
        """The events it reacts to."""
        return self._reactor.hears

    @property
    def calls(self) -> int:
        """How often a reaction has come to its end, whatever became of it."""
        return self._reactor.calls

    async def hear(self, records: Sequence[KafkaRecord], positions: Sequence[Position]) -> None:
        """One effect for each record that is next in its entity's life, and the new positions, or nothing at all.

        Raises: Overtaken and whatever passes by itself (`is_transient`): nothing was done, run it again. Displaced, Outdated.
        """
        await self.hear_decoded(self._decoder.decode_all(records), positions)

    async def hear_decoded(self, decoded: Decoded, positions: Sequence[Position]) -> None:
        """The same of records that were decoded before: this can be done while Postgres works."""
        for wait in AGAIN_AFTER_SECONDS:
            try:
                await self._run(decoded, positions, careful=False)
                return
            except Exception as error:
                if isinstance(error, Overtaken | Displaced | Outdated) or is_transient(error):
                    raise
                log.warning("a batch of %d failed and is run again: %s", len(decoded.arrivals), type(error).__name__)
            await asyncio.sleep(wait)
        await self._run(decoded, positions, careful=True)

    async def _run(self, decoded: Decoded, positions: Sequence[Position], *, careful: bool) -> None:
        arrivals = decoded.arrivals
        async with self._database.transaction() as tx:
            work = await self._begun(tx, arrivals)
            await (self._absorb_carefully if careful else self._absorb)(work, arrivals)
            late = await parking.skipped(tx, work.known_already) if work.known_already else []
            for letter in (*decoded.letters, *late, *work.forks):
                place = (letter.record.topic, letter.record.partition, letter.record.offset)
                log.error("dead letter at %s/%d/%d: %s", *place, scrub(letter.reason))
                await parking.bury(tx, letter)
            await self._close(work, positions)
        if work.known_already or work.waiting.parks:
            self._note(work)

    def _note(self, work: Work) -> None:
        """Counts what came again or too early, and names the first of it: a line a batch, for a topic may be read anew."""
        early = [arrival for arrival, kind, _ in work.waiting.parks.values() if kind == "gap"]
        self.repeated, self.early = self.repeated + len(work.known_already), self.early + len(early)
        for found, what in ((work.known_already, "were heard before"), (early, "wait for what comes before them")):
            if found:
                first = f"version {found[0].sequence} of {found[0].stream.name.lower()} {found[0].entity}"
                log.info("%d record(s) %s; the first is %s", len(found), what, first)

    async def _begun(self, tx: Transaction, arrivals: Sequence[Arrival]) -> Work:
        """With all that waits behind a gap, and of a key that is stopped whatever waits as one of these versions."""
        ledger = await heard.read(tx, {(a.stream, a.entity): None for a in arrivals})
        held = {key: known.held for key, known in ledger.known.items() if known.held}
        if not held:
            return Work(tx, ledger, Waiting())
        waiting = await parking.waiting_for(tx, [key for key, how in held.items() if how == GAP])
        stopped = [a for a in arrivals if held.get((a.stream, a.entity)) == STOPPED]
        await parking.add_same_versions(tx, waiting, stopped)
        return Work(tx, ledger, waiting)

    async def _close(self, work: Work, positions: Sequence[Position]) -> None:
        tx = work.tx
        await parking.write(tx, work.waiting)
        spoken = self._outbox.spoken(tx.said) if tx.said else None
        await heard.close(tx, work.ledger, positions, spoken, self.generation)
        for arrival, kind, reason in work.waiting.parks.values():
            if kind == "failed":
                name = arrival.stream.name.lower()
                log.error("parked version %d of %s %s: %s", arrival.sequence, name, arrival.entity, scrub(reason))
        if tx.said:
            tx.said.clear()
            tx.spoke = True

    async def _absorb(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Sorts out what is due, in order, and reacts to it."""
        await self._reactor.react(work.tx, self._placing.sort_out(work, arrivals))

    async def _absorb_carefully(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """As `_absorb`, under a savepoint; on a lasting error in two halves, down to the record at fault."""
        if not arrivals:
            return
        before, said = work.copy(), len(work.tx.said)
        try:
            async with work.tx.connection.transaction():
                await self._absorb(work, arrivals)
                # What may not be said fails here, with the record that it is due to.
                self._outbox.spoken(work.tx.said[said:])
            return
        except Exception as error:
            if is_transient(error):
                raise
            work.restore(before)
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
            self._placing.fail(work, arrival, _told(fault))
            work.waiting.rows.setdefault(key, {}).update(behind)
            return
        following: Arrival | None = arrival
        while following is not None:
            await self._absorb_carefully(work, [following])
            if work.ledger.of(key).sequence < following.sequence:
                break
            if following is not arrival:
                work.waiting.free(key, following.sequence)
            record = behind.get(following.sequence + 1)
            follows = record is not None and record.kind != "failed"
            following = self._placing.revived(key, behind.pop(record.sequence)) if record and follows else None
        if behind:
            work.waiting.rows.setdefault(key, {}).update(behind)
            work.ledger.hold(key, work.held_after(key, work.ledger.of(key).sequence))

    async def release(self, tx: Transaction, key: Key, *, chosen: bool = True) -> int:
        """Tries the next version of an entity, if it waits, and then what waits behind it, at most CHUNK versions at once.

        Returns how many were applied. What failed is tried only as the first, and only if it was `chosen`; of a fork of what
        was heard somebody has to discard one of the two. As long as there is more the key stays stopped, so that nothing that
        comes meanwhile goes first. Raises: Overtaken.
        """
        work = Work(tx, await heard.read(tx, [key]), await parking.waiting_for(tx, [key], most=CHUNK + 1))
        known = work.ledger.of(key)
        waiting = work.waiting.rows.get(key, {})
        later = waiting.pop(max(waiting)) if len(waiting) > CHUNK else None
        is_fork = any(sequence <= known.sequence for sequence in waiting)
        first = work.waiting.at(key, known.sequence + 1)
        if first is None or is_fork or (first.kind == "failed" and not chosen):
            return 0
        work.waiting.take(key, first.sequence)
        work.ledger.known[key] = known._replace(held=GAP)
        await self._absorb_carefully(work, [self._placing.revived(key, first)])
        if later is not None:
            follows = later.sequence == work.ledger.of(key).sequence + 1
            work.ledger.hold(key, STOPPED if follows else GAP)
            if follows and later.kind == "gap":
                await parking.leave(tx, key, later.sequence)
        await self._close(work, ())
        return work.ledger.of(key).sequence - known.sequence

    async def hear_one(self, tx: Transaction, arrival: Arrival) -> tuple[str, bool]:
        """Hears one record as if it came now. Says what came of it, and whether it is this record that counts or waits now.

        Raises: Overtaken; NotReplayable, and does nothing then.
        """
        key = (arrival.stream, arrival.entity)
        work = await self._begun(tx, [arrival])
        before = work.ledger.of(key).sequence
        await self._absorb_carefully(work, [arrival])
        if work.known_already and await parking.skipped(tx, work.known_already):
            raise NotReplayable(Why.DISCARDED, sequence=arrival.sequence, entity=arrival.entity)
        if work.forks:
            raise NotReplayable(Why.WAITS_AS_ANOTHER, sequence=arrival.sequence, entity=arrival.entity)
        await self._close(work, ())
        if work.known_already:
            return "it was heard before: a duplicate, without effect", False
        if reached := work.ledger.of(key).sequence - before:
            return f"{reached} version(s) of {arrival.entity} applied", True
        parked = work.waiting.parks.get((key, arrival.sequence))
        if parked is None:
            return "parked as gap: this version waits already", False
        _, kind, reason = parked
        return f"parked as {kind}: {scrub(reason)}", True

    async def skip(self, tx: Transaction, key: Key, sequence: int) -> bool:
        """Counts a version as heard that failed, or for which others wait; False when it is neither.

        Raises: Overtaken.
        """
        work = Work(tx, await heard.read(tx, [key]), await parking.waiting_for(tx, [key], most=CHUNK))
        known = work.ledger.of(key)
        record = work.waiting.take(key, sequence)
        is_missing = record is None and sequence == known.sequence + 1 and bool(work.waiting.rows.get(key))
        is_failed = record is not None and record.kind == "failed" and sequence <= known.sequence + 1
        if not (is_missing or is_failed):
            return False
        if sequence > known.sequence:
            known = known._replace(sequence=sequence, event_id=record.event_id if record else None)
        # Else a fork: the version itself was heard, as another event.
        work.ledger.advance(key, known.sequence, known.event_id, work.held_after(key, known.sequence))
        await self._close(work, ())
        return True


def _told(fault: Exception) -> str:
    """What went wrong, in one line of what Postgres calls text."""
    return f"{type(fault).__name__}: {fault}".encode(errors="replace").decode().replace("\0", "")[:1000]
