"""Publishing: what came, over HTTP or Kafka, is done by its owner or refused, and either way written down: once.

All of it happens in one transaction. Once an owner refuses one, each is done within a savepoint of its own: what is refused
takes no other with it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.access.declared import Declared
from shared.messaging.outbox import Outbox
from shared.persons import scrub
from shared.publishing import store
from shared.publishing.store import Key, Publication, Way
from shared.publishing.taking import Offer, Taking
from shared.publishing.weighing import Ready, Weighed, takings_of, within_data
from shared.refusals import Conflict, Fault, Refusal
from shared.storage import Transaction
from shared.storage.faults import is_transient
from shared.web.problems import problem_of

AGAIN = "Stuur het na verbetering als een nieuwe gebeurtenis, met een nieuw id."
DEPTH_HOLDS_SECONDS = 1.0
"""For how long it is taken to be as deep as it was: counting costs as much as there is to count."""


class _TakenBack(Exception):
    """A try-out ends."""


class IdReused(Conflict):
    """The same source and id as an event that says something else."""

    title = "Dit id is al gebruikt"

    def __init__(self) -> None:
        message = "Met deze source en dit id is eerder iets anders gepubliceerd. Geef elke gebeurtenis een eigen id."
        super().__init__(message, [Fault("id", "Gebruik een nieuw id.")])


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it was weighed. `place`: topic, partition and offset, of what came over Kafka."""

    weighed: Weighed
    place: str | None = None


class Publishing:
    """What a service does with what outside systems send it."""

    def __init__(self, takes: Sequence[Taking], outbox: Outbox, declared: Declared, most_waiting: int = 50_000) -> None:
        """`most_waiting`: with more events than this to be told, nothing more is taken for a while."""
        self.takes, self.declared = takings_of(takes), declared
        self._outbox, self._most_waiting = outbox, most_waiting
        self._looked_at, self._is_deep = -DEPTH_HOLDS_SECONDS, False

    async def is_too_busy(self, tx: Transaction) -> bool:
        """Whether so much waits to be told that nothing more should come."""
        now = time.monotonic()
        if now - self._looked_at >= DEPTH_HOLDS_SECONDS:
            self._looked_at = now
            self._is_deep = await store.outbox_is_deep(tx, self._most_waiting)
        return self._is_deep

    async def publish(self, tx: Transaction, sent: Sequence[Sent], via: Way, at: datetime) -> list[Publication]:
        """What came of each, in their order. Whatever was published before has no effect again.

        Over HTTP nothing is kept of what could not be decided about (`id` is None then), as whoever sent it hears so.
        Raises: what passes by itself (`is_transient`): nothing was done, publish it again.
        """
        fresh = [_undecided(each, via, at) for each in sent]
        mine, known = await self._claimed(tx, fresh, via, at)
        due = [(one, each.weighed.outcome) for one, each in zip(fresh, sent, strict=True)]
        said = len(tx.said)
        try:
            async with tx.connection.transaction():
                outcome, decided = await self._decide(tx, due, mine, known)
                self._outbox.spoken(tx.said[said:])  # what may not be said fails here
        except Exception as error:
            if is_transient(error):
                raise
            del tx.said[said:]
            outcome, decided = await self._decide(tx, due, mine, known, careful=True)
        return await self._kept(tx, outcome, decided, via, at)

    async def _decide(
        self,
        tx: Transaction,
        due: Sequence[tuple[Publication, Ready | Refusal]],
        mine: Mapping[Key, UUID],
        known: Mapping[Key, Publication],
        *,
        careful: bool = False,
    ) -> tuple[list[Publication], list[Publication]]:
        """What came of each, and of those that were ours to decide about. Raises what an owner raises, unless `careful`."""
        decided: dict[Key, Publication] = {}
        outcome: list[Publication] = []
        for one, what in due:
            if not one.is_known_by_id and isinstance(what, Refusal):
                outcome.append(_refused(one, what))
            elif earlier := known.get(one.key) or decided.get(one.key):
                outcome.append(_again(one, earlier))
            else:
                decide = self._decided_carefully if careful else _decided
                decided[one.key] = await decide(tx, mine[one.key], one, what)
                outcome.append(decided[one.key])
        return outcome, list(decided.values())

    @staticmethod
    async def _claimed(
        tx: Transaction, fresh: Sequence[Publication], via: Way, at: datetime
    ) -> tuple[dict[Key, UUID], dict[Key, Publication]]:
        """Which of them are ours to decide about, and what came of the others."""
        ours: dict[Key, Publication] = {}
        for one in fresh:
            if one.is_known_by_id:
                ours.setdefault(one.key, one)
        mine: dict[Key, UUID] = {}
        known: dict[Key, Publication] = {}
        while left := [one for key, one in ours.items() if key not in mine and key not in known]:
            mine |= await store.claim(tx, left, via, at)
            if others := [one.key for one in left if one.key not in mine]:
                known |= await store.known(tx, others)  # else it was let go of meanwhile: it is claimed again
        return mine, known

    async def _decided_carefully(
        self, tx: Transaction, id_: UUID, one: Publication, due: Ready | Refusal
    ) -> Publication:
        """Accepted, with its effect; or refused, and nothing but that. Raises: what passes by itself."""
        said = len(tx.said)
        try:
            async with tx.connection.transaction():
                done = await _decided(tx, id_, one, due)
                self._outbox.spoken(tx.said[said:])
        except Exception as error:
            del tx.said[said:]
            if is_transient(error):
                raise
            return _refused(replace(one, id=id_), within_data(error) if isinstance(error, Refusal) else error)
        return done

    @staticmethod
    async def _kept(
        tx: Transaction, outcome: list[Publication], decided: list[Publication], via: Way, at: datetime
    ) -> list[Publication]:
        """Writes down what came of them. What failed by our fault is let go of: under its own id it can be sent again."""
        failed = [one for one in decided if _is_our_fault(one)]
        if failed:
            await store.drop(tx, [one.id for one in failed if one.id])
            outcome = [replace(one, id=None) if one in failed else one for one in outcome]
        if kept := [one for one in decided if one not in failed]:
            await store.close(tx, kept)
        if via == "kafka" and (loose := [one for one in outcome if one.id is None]):
            await store.add_refused(tx, loose, via, at)
        return outcome

    async def try_out(self, tx: Transaction, sent: Sequence[Sent], via: Way, at: datetime) -> list[Publication]:
        """What would come of each. Nothing of it stays: what was never published has no `id`. Raises what `publish` does."""
        outcome: list[Publication] = []
        said = len(tx.said)
        with suppress(_TakenBack):
            async with tx.connection.transaction():
                outcome = await self.publish(tx, sent, via, at)
                raise _TakenBack
        del tx.said[said:]
        named = [one.key for one in outcome if one.id is not None]
        before = await store.known(tx, named) if named else {}
        return [one if one.id is not None and one.key in before else replace(one, id=None) for one in outcome]


async def _decided(tx: Transaction, id_: UUID, one: Publication, due: Ready | Refusal) -> Publication:
    """Accepted, with its effect; or refused as it was weighed. Raises what its owner raises."""
    one = replace(one, id=id_)
    if isinstance(due, Refusal):
        return _refused(one, due)
    offer = Offer(due.publisher, due.right, id_, due.data, one.received_at)
    entity = await due.taking.operation(offer.within(tx), offer)
    return replace(one, status="accepted", entity=entity)


def _undecided(sent: Sent, via: Way, at: datetime) -> Publication:
    of = sent.weighed
    return Publication(
        None, of.publisher, of.source, of.id, of.type, of.fingerprint, via, sent.place, "refused", None, None, at
    )


def _again(one: Publication, earlier: Publication) -> Publication:
    """The same answer to the same event; to another one under its id, that this id is taken."""
    return earlier if one.fingerprint == earlier.fingerprint else _refused(one, IdReused())


def _is_our_fault(one: Publication) -> bool:
    return one.problem is not None and one.problem["status"] >= 500


def _refused(one: Publication, error: Exception) -> Publication:
    """With the problem that tells what to do; whatever it says, it names no person."""
    problem = problem_of(error)
    told: dict[str, Any] = {**problem.body, **problem.extra, **problem.reference}
    if problem.status < 500:
        told["detail"] = f"{told['detail']} {AGAIN}"
    return replace(one, status="refused", problem=_scrubbed(told))


def _scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _scrubbed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_scrubbed(part) for part in value]
    return scrub(value) if isinstance(value, str) else value
