"""The reaction table: folds step states in the order of events, and what is said knows what caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging.envelope import Arrival, Decoder
from shared.messaging.reacting import Reactor, cause_of
from shared.messaging.reactions import Reaction, Say, batch, each, fold
from shared.storage import Cause, Transaction
from tests.messaging import ended, event_id, record, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
NO_SERVER: Any = None
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def arrivals(*records: Any) -> list[Arrival]:
    decoder = Decoder([ProjectWithdrawn, AdoptionEnded])
    return [arrival for arrival in map(decoder.decode, records) if isinstance(arrival, Arrival)]


@dataclass
class Shelf:
    """States in memory, and what was asked of them."""

    states: dict[UUID, str] = field(default_factory=dict)
    loaded: list[list[UUID]] = field(default_factory=list)
    saved: list[list[str]] = field(default_factory=list)

    async def load(self, tx: Transaction, keys: list[UUID]) -> dict[UUID, str]:
        self.loaded.append(keys)
        return {key: self.states[key] for key in keys if key in self.states}

    async def save(self, tx: Transaction, states: list[str]) -> None:
        self.saved.append(states)


async def reacted(reactions: Sequence[Reaction], *records: Any) -> Transaction:
    tx = Transaction(NO_SERVER)
    await Reactor(reactions).react(tx, arrivals(*records))
    return tx


def appended(state: str | None, event: Event[ProjectWithdrawn], say: Say) -> str | None:
    return (state or "") + event.data.reason


async def test_a_fold_loads_and_saves_each_state_once_whatever_happens_to_it() -> None:
    shelf = Shelf({TWO: "x"})

    await reacted(
        [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: appended})],
        record(withdrawn(TWO, "a"), 1),
        record(withdrawn(ONE, "b"), 1),
        record(withdrawn(TWO, "c"), 2),
    )

    assert shelf.loaded == [[TWO, ONE]]
    assert shelf.saved == [["b", "xac"]]


async def test_a_step_that_returns_nothing_or_the_same_state_changes_nothing() -> None:
    shelf = Shelf({ONE: "x"})

    await reacted(
        [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: lambda state, event, say: state})],
        record(withdrawn(ONE), 1),
        record(withdrawn(TWO), 1),
    )

    assert shelf.saved == []


async def test_a_step_after_one_that_returned_nothing_still_sees_the_state() -> None:
    shelf = Shelf({ONE: "x"})

    def only_first(state: str | None, event: Event[ProjectWithdrawn], say: Say) -> str | None:
        return None if event.sequence == 1 else appended(state, event, say)

    await reacted(
        [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: only_first})],
        record(withdrawn(ONE, "a"), 1),
        record(withdrawn(ONE, "b"), 2),
    )

    assert shelf.saved == [["xb"]]


async def test_a_reaction_hears_only_its_own_events_in_their_order() -> None:
    heard: list[tuple[str, int]] = []

    async def in_sets(tx: Transaction, events: Sequence[Event[ProjectWithdrawn]]) -> None:
        heard.extend(("set", event.sequence) for event in events)

    async def one_by_one(tx: Transaction, event: Event[AdoptionEnded]) -> None:
        heard.append(("one", event.sequence))

    await reacted(
        [batch(ProjectWithdrawn, in_sets), each(AdoptionEnded, one_by_one)],
        record(ended(TWO), 1),
        record(withdrawn(ONE), 1),
        record(ended(TWO), 2),
        record(withdrawn(ONE), 2),
    )

    assert heard == [("set", 1), ("set", 2), ("one", 1), ("one", 2)]


async def test_what_nothing_reacts_to_does_nothing() -> None:
    async def never(tx: Transaction, events: Sequence[Event[AdoptionEnded]]) -> None:
        raise AssertionError

    decoder = Decoder([AdoptionEnded])
    arrival = decoder.decode(record(withdrawn(ONE), 1))
    assert isinstance(arrival, Arrival)

    await Reactor([batch(AdoptionEnded, never)]).react(Transaction(NO_SERVER), [arrival])


def test_a_reactor_hears_what_its_reactions_name() -> None:
    async def nothing(tx: Transaction, event: Event[Any]) -> None: ...

    reactor = Reactor([each(ProjectWithdrawn, nothing), each(AdoptionEnded, nothing), each(AdoptionEnded, nothing)])

    assert reactor.hears == {ProjectWithdrawn, AdoptionEnded}


def test_a_feature_that_would_miss_what_another_hears_in_a_newer_version_is_refused() -> None:
    class Newer(ProjectWithdrawn):
        VERSION = 2

    async def nothing(tx: Transaction, event: Event[Any]) -> None: ...

    both = [each(ProjectWithdrawn, nothing, name="portfolio.old"), each(Newer, nothing, name="portfolio.new")]
    Reactor([*both, each(Newer, nothing, name="catalogue.new")])
    with pytest.raises(ValueError, match="catalogue must hear version 2 of project-withdrawn too"):
        Reactor([*both, each(ProjectWithdrawn, nothing, name="catalogue.old")])


@pytest.mark.parametrize("causes", [{}, {"ce_correlationid": str(TWO).encode(), "ce_traceparent": TRACE.encode()}])
async def test_what_is_said_is_caused_by_the_event_at_hand_and_belongs_to_its_story(causes: dict[str, bytes]) -> None:
    shelf = Shelf()

    def saying(state: str | None, event: Event[ProjectWithdrawn], say: Say) -> None:
        say(ended(event.subject))

    async def also_saying(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        tx.say(ended(event.subject))

    tx = await reacted(
        [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: saying}), each(ProjectWithdrawn, also_saying)],
        record(withdrawn(ONE), 1, changed=causes),
    )

    cause = event_id(withdrawn(ONE), 1)
    expected = Cause(TWO, cause, TRACE) if causes else Cause(cause, cause, None)
    assert [said.cause for said in tx.said] == [expected, expected]
    assert tx.cause is None


async def test_things_said_follow_the_order_of_events_however_many_come_in_one_batch() -> None:
    shelf = Shelf()

    def first(state: str | None, event: Event[ProjectWithdrawn], say: Say) -> None:
        say(ended(ONE, f"first {event.data.reason}"))

    async def second(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        tx.say(ended(ONE, f"second {event.data.reason}"))

    reactions = [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: first}), each(ProjectWithdrawn, second)]
    records = [record(withdrawn(ONE, "a"), 1), record(withdrawn(ONE, "b"), 2)]

    together = (await reacted(reactions, *records)).said
    apart = [said for one in records for said in (await reacted(reactions, one)).said]

    assert together == apart


async def test_a_step_that_raises_names_the_event_that_it_met() -> None:
    shelf = Shelf()

    def failing(state: str | None, event: Event[ProjectWithdrawn], say: Say) -> None:
        raise ValueError(event.data.reason)

    with pytest.raises(ValueError, match="kapot"):
        await reacted(
            [fold(shelf.load, shelf.save, steps={ProjectWithdrawn: failing})], record(withdrawn(ONE, "kapot"), 1)
        )
    assert shelf.saved == []


def test_a_story_goes_on_under_the_name_of_its_first_event() -> None:
    (arrival,) = arrivals(record(withdrawn(ONE), 1))
    assert arrival.event is not None

    assert cause_of(arrival.event).correlation == arrival.event.id
