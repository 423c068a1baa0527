"""What a service does when it hears something: a table, feature by feature, without logic.

`fold` for state that follows from events, `batch` for work in sets, `each` for what is rare. Every reaction ends alike
in whatever order streams deliver; within one entity the order is exact, for one reaction. A poll is run reaction by reaction:
what depends on the order of two types of one stream (submitted, withdrawn, submitted again) is one fold with a step for each.

A reaction has a name, by which is remembered which types it hears (hearing.py): its feature and its operation. Whoever
renames those gives the name that it had as `name`, or it counts as a new one, to which the history never came.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from shared.contracts.event import Event, EventData
from shared.storage import Transaction

K = TypeVar("K")
S = TypeVar("S")
D = TypeVar("D", bound=EventData)


class Say(Protocol):
    """Tells the world something, as a consequence of the event at hand."""

    def __call__(self, data: EventData, /) -> None:
        """Gathers it; it is told when the batch commits."""


def _named(operation: Callable[..., object]) -> str:
    """Feature and operation: "portfolio.keep_adoptions" for services.assessment.portfolio.operations.keep_adoptions."""
    return ".".join((*operation.__module__.split(".")[-2:-1], operation.__name__))


@dataclass(frozen=True, slots=True)
class Fold:
    """State by key, stepped by pure functions. `key` is None where the state's key is the event's own entity."""

    name: str

    load: Callable[[Transaction, list[Any]], Awaitable[Mapping[Any, Any]]]
    save: Callable[[Transaction, list[Any]], Awaitable[None]]
    key: Callable[[Event[Any]], Any] | None
    steps: Mapping[type[EventData], Callable[[Any, Event[Any], Say], Any]]
    tables: tuple[str, ...] = ()

    @property
    def hears(self) -> Iterable[type[EventData]]:
        """The events that move it."""
        return self.steps.keys()


@dataclass(frozen=True, slots=True)
class Batch:
    """All events of one type in a poll, in order, in one call."""

    name: str
    event: type[EventData]
    operation: Callable[[Transaction, Sequence[Event[Any]]], Awaitable[object]]

    @property
    def hears(self) -> Iterable[type[EventData]]:
        """The event it is for."""
        return (self.event,)


@dataclass(frozen=True, slots=True)
class Each:
    """One event, one call. What the operation says is caused by that event."""

    name: str
    event: type[EventData]
    operation: Callable[[Transaction, Event[Any]], Awaitable[object]]

    @property
    def hears(self) -> Iterable[type[EventData]]:
        """The event it is for."""
        return (self.event,)


Reaction = Fold | Batch | Each


def fold(
    load: Callable[[Transaction, list[K]], Awaitable[Mapping[K, S]]],
    save: Callable[[Transaction, list[S]], Awaitable[None]],
    *,
    steps: Mapping[type[EventData], Callable[[S | None, Event[Any], Say], S | None]],
    key: Callable[[Event[Any]], K] | None = None,
    tables: Sequence[str] = (),
    name: str = "",
) -> Reaction:
    """State that follows from events: `step(state, event, say) -> state`, pure; whole batches are loaded and saved.

    `load` gets keys and returns what is there; `save` gets only what changed and writes it in the order of its keys.
    Name `key` wherever the state is not the event's own entity: its rows are then locked against other replicas.
    A step that returns None, or the state it got, changes nothing.

    `tables` are those that this fold alone writes. To name them is to say that it may be rebuilt from the log: that its
    steps say nothing, and that `load` and `save` touch no other tables.
    """
    return Fold(name or _named(save), load, save, key, steps, tuple(tables))


def batch(
    event: type[D], operation: Callable[[Transaction, Sequence[Event[D]]], Awaitable[object]], *, name: str = ""
) -> Reaction:
    """Set-based work on all events of a type that one poll brought. Its outcome may not depend on where polls end."""
    return Batch(name or _named(operation), event, operation)


def each(
    event: type[D], operation: Callable[[Transaction, Event[D]], Awaitable[object]], *, name: str = ""
) -> Reaction:
    """One call an event: for rare ones."""
    return Each(name or _named(operation), event, operation)
