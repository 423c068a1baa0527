"""Where a record belongs in its entity's life: done before, next, too early, or a fork. What follows stands in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.messaging.envelope import Arrival, Decoder, Illegible
from shared.messaging.heard import FREE, GAP, STOPPED, UNKNOWN, Key, Ledger, known_of
from shared.messaging.parking import ParkedRecord, Waiting
from shared.storage import Transaction


@dataclass(slots=True)
class Work:
    """What one batch has come to so far."""

    tx: Transaction
    ledger: Ledger
    waiting: Waiting
    known_already: list[Arrival] = field(default_factory=list)
    forks: list[Illegible] = field(default_factory=list)

    def copy(self) -> Work:
        """What a savepoint goes back to."""
        return Work(self.tx, self.ledger.copy(), self.waiting.copy(), self.known_already.copy(), self.forks.copy())

    def restore(self, earlier: Work) -> None:
        """Back to what it was."""
        self.ledger.restore(earlier.ledger)
        self.waiting.restore(earlier.waiting)
        self.known_already, self.forks = earlier.known_already, earlier.forks

    def held_after(self, key: Key, sequence: int) -> int:
        """How an entity is held once it is at this version, by what waits for it."""
        waiting = self.waiting.rows.get(key)
        if not waiting:
            return FREE
        follows = waiting.get(sequence + 1)
        return STOPPED if follows is not None and follows.kind == "failed" else GAP


class Placing:
    """Sorts records out. Holds nothing of its own."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def sort_out(self, work: Work, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """What is to be reacted to now, in order. What is simply next, as nearly all are, costs no call."""
        due: list[Arrival] = []
        known, touched = work.ledger.known, work.ledger.touched
        for arrival in arrivals:
            key = (arrival.stream, arrival.entity)
            before = known.get(key, UNKNOWN)
            if before.held == FREE and arrival.fault is None and arrival.sequence == before.sequence + 1:
                known[key] = known_of((arrival.sequence, arrival.id, FREE, before.rev))
                touched[key] = None
                due.append(arrival)
            else:
                self.place(work, arrival, due)
        return due

    def place(self, work: Work, arrival: Arrival, due: list[Arrival]) -> None:
        """Adds to `due` what is to be reacted to now: this one, if it is next, and what waited for it. All else is kept."""
        key = (arrival.stream, arrival.entity)
        known = work.ledger.of(key)
        if arrival.sequence <= known.sequence:
            if arrival.sequence < known.sequence or not arrival.forks_from(known.event_id):
                work.known_already.append(arrival)
            elif not self._is_fork(work, key, arrival):
                self.fail(work, arrival, f"fork: version {arrival.sequence} was heard as {known.event_id}")
        elif arrival.sequence == known.sequence + 1 and known.held != STOPPED:
            self._apply(work, key, arrival, due)
        elif not self._is_fork(work, key, arrival):
            is_stopped = known.held == STOPPED
            reason = "its key is stopped" if is_stopped else f"version {known.sequence + 1} has not come yet"
            work.waiting.park(arrival, "gap", reason)
            work.ledger.hold(key, STOPPED if is_stopped else GAP)

    def fail(self, work: Work, arrival: Arrival, reason: str) -> None:
        """Parks the key: nothing of this entity is applied until an operator releases it."""
        work.waiting.park(arrival, "failed", reason)
        work.ledger.hold((arrival.stream, arrival.entity), STOPPED)

    def revived(self, key: Key, record: ParkedRecord) -> Arrival:
        """What waited, as it would arrive now."""
        decoded = self._decoder.decode(record)
        if isinstance(decoded, Arrival):
            return decoded
        fault = "its fact is heard in another version now" if decoded is None else decoded.reason
        return Arrival(record, *key, record.sequence, record.event_id, fault=fault)

    def _is_fork(self, work: Work, key: Key, arrival: Arrival) -> bool:
        """Whether another event with this version waits already. Then the key stops, and both are kept: this one apart."""
        earlier = work.waiting.at(key, arrival.sequence)
        if earlier is None or not arrival.forks_from(earlier.event_id):
            return False
        name = f"version {arrival.sequence} of {key[0].name.lower()} {key[1]}"
        work.forks.append(Illegible(arrival.record, f"fork: {name} waits already, as event {earlier.event_id}"))
        if earlier.kind == "gap":
            place = f"{arrival.record.partition}/{arrival.record.offset}"
            self.fail(work, arrival, f"fork: version {arrival.sequence} waits already; at {place} it is {arrival.id}")
        else:  # what failed keeps its own reason
            work.ledger.hold(key, STOPPED)
        return True

    def _apply(self, work: Work, key: Key, arrival: Arrival, due: list[Arrival]) -> None:
        """This one is next. Whatever waited for it follows, up to one of which an operator must say what becomes of it."""
        following: Arrival | None = arrival
        while following is not None:
            if following.fault is not None:
                self.fail(work, following, following.fault)
                return
            due.append(following)
            held = work.ledger.of(key).held
            work.ledger.advance(key, following.sequence, following.id, held)
            following = self._released(work, key, following.sequence + 1) if held else None
        if work.ledger.of(key).held == GAP and not work.waiting.rows.get(key):
            work.ledger.free(key)

    def _released(self, work: Work, key: Key, sequence: int) -> Arrival | None:
        record = work.waiting.at(key, sequence)
        if record is None:
            return None
        if record.kind == "failed":
            work.ledger.hold(key, STOPPED)
            return None
        work.waiting.take(key, sequence)
        return self.revived(key, record)
