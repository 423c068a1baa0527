"""Runs the reaction table over what is due. A record's reactions happen all or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from shared.contracts.event import Event, EventData
from shared.messaging.envelope import Arrival
from shared.messaging.reactions import Each, Fold, Reaction
from shared.storage import Cause, Said, Transaction

STATE_LOCKS = 512
"""How many states of one fold a transaction locks one by one; with more it locks the fold as a whole.

All transactions share a table of max_locks_per_transaction * max_connections locks (Postgres' defaults: 6,400). A batch
that asked for more than there are would fail for ever, and wait for ever, since what lacks resources is tried again.
"""
# In the order of the locks, so that two replicas cannot block each other; the rows are read by the next statement.
LOCK = """
with f as materialized (select pg_advisory_xact_lock_shared(hashtextextended(current_schema() || $1, 0))),
k as materialized (select hashtextextended(current_schema() || $1 || x, 0) k from unnest($2::text[]) x order by 1)
select count(pg_advisory_xact_lock(k)) from f, k
"""
LOCK_ALL = "select pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))"


class Saying:
    """What a step is handed to speak with: what it says is caused by the event at hand."""

    __slots__ = ("_tx", "event")

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.event: Event[Any] | None = None

    def __call__(self, data: EventData, /) -> None:
        """Gathers it, with its cause."""
        self._tx.said.append(Said(data, None if self.event is None else cause_of(self.event)))


def cause_of(event: Event[Any]) -> Cause:
    """What is said because of this event belongs to the same story."""
    return Cause(event.correlation_id or event.id, event.id, event.traceparent)


class Reactor:
    """The reaction table of a service, by event type."""

    def __init__(self, reactions: Iterable[Reaction]) -> None:
        """Raises: ValueError, where a feature would miss a fact that another one hears in a newer version."""
        self._reactions = tuple(reactions)
        _require_newest(self._reactions)
        self.calls = 0  # for those who watch: a long batch moves as long as this does
        self._places: dict[type[EventData] | None, tuple[int, ...]] = {}
        for nth, reaction in enumerate(self._reactions):
            for kind in reaction.hears:
                self._places[kind] = (*self._places.get(kind, ()), nth)

    @property
    def hears(self) -> frozenset[type[EventData]]:
        """The events that anything reacts to."""
        return frozenset(kind for kind in self._places if kind is not None)

    async def react(self, tx: Transaction, due: Sequence[Arrival]) -> None:
        """Reaction by reaction, each over its events in the order in which they came."""
        events: list[list[Event[Any]]] = [[] for _ in self._reactions]
        for arrival in due:
            if arrival.event is not None:
                for nth in self._places[arrival.kind]:
                    events[nth].append(arrival.event)
        begun, speakers = len(tx.said), 0
        for reaction, its in zip(self._reactions, events, strict=True):
            if its:
                before = len(tx.said)
                await self._run(tx, reaction, its)
                speakers += len(tx.said) > before
        if speakers > 1:
            tx.said[begun:] = _in_order(tx.said[begun:], due)

    async def _run(self, tx: Transaction, reaction: Reaction, events: Sequence[Event[Any]]) -> None:
        if isinstance(reaction, Fold):
            await _fold(tx, reaction, events)
        elif isinstance(reaction, Each):
            await self._each(tx, reaction, events)
        else:
            await reaction.operation(tx, events)
        self.calls += 1

    async def _each(self, tx: Transaction, reaction: Each, events: Sequence[Event[Any]]) -> None:
        before = tx.cause
        try:
            for event in events:
                tx.cause = cause_of(event)
                await reaction.operation(tx, event)
                self.calls += 1
        finally:
            tx.cause = before


def _require_newest(reactions: Iterable[Reaction]) -> None:
    """A service takes a fact once, in the newest version that it hears: every feature that hears the fact must hear that one."""
    versions: dict[str, dict[str, set[int]]] = {}
    for reaction in reactions:
        feature = reaction.name.partition(".")[0]
        for kind in reaction.hears:
            versions.setdefault(kind.TYPE, {}).setdefault(feature, set()).add(kind.VERSION)
    for fact, heard in versions.items():
        newest = max(set().union(*heard.values()))
        if missing := sorted(feature for feature, known in heard.items() if newest not in known):
            raise ValueError(
                f"{', '.join(missing)} must hear version {newest} of {fact} too, since another feature of this service does: "
                "a fact that is told in two versions is taken once, in the newest that the service hears"
            )


def _in_order(said: Sequence[Said], due: Sequence[Arrival]) -> list[Said]:
    """As if each event had come alone: the versions of what is said may not depend on where polls begin and end."""
    place: dict[UUID | None, int] = {arrival.id: nth for nth, arrival in enumerate(due)}
    return sorted(said, key=lambda one: place.get(one.cause.causation, len(due)) if one.cause else len(due))


async def _fold(tx: Transaction, fold: Fold, events: Sequence[Event[Any]]) -> None:
    keys = [event.subject if fold.key is None else fold.key(event) for event in events]
    distinct = list(dict.fromkeys(keys))
    if fold.key is not None:
        await _lock(tx, fold.load.__module__, distinct)
    states = dict(await fold.load(tx, distinct))
    changed: dict[UUID, Any] = {}
    say, steps = Saying(tx), fold.steps
    for key, event in zip(keys, events, strict=True):
        say.event = event
        state = states.get(key)
        stepped = steps[type(event.data)](state, event, say)
        if stepped is not None and stepped is not state:
            states[key] = changed[key] = stepped
    if changed:
        await fold.save(tx, [changed[key] for key in sorted(changed)])


async def _lock(tx: Transaction, of: str, keys: Sequence[Any]) -> None:
    """Holds these states against other replicas until the commit."""
    if len(keys) > STATE_LOCKS:
        await tx.execute(LOCK_ALL, of)
    else:
        await tx.execute(LOCK, of, [str(key) for key in keys])
