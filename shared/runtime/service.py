"""A service is a declaration: its name, its events, its reactions, its routes. The runtime builds the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fastapi import APIRouter
from prometheus_client.registry import Collector

from shared.access.declared import Declared
from shared.clock import Clock
from shared.contracts.event import EventData
from shared.feeds.outbound import Allowed
from shared.messaging.reactions import Reaction
from shared.publishing.taking import Taking
from shared.storage import Database, Transaction
from shared.storage.migrations import Migration, found_in

if TYPE_CHECKING:
    Load = Callable[[Transaction], Awaitable[object]]
    Daily = Callable[[Transaction, date], Awaitable[object]]

_SHARED = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class OnLoad:
    """Reference data, written after the migrations; may run as often as one likes."""

    operation: Load


@dataclass(frozen=True, slots=True)
class DailyDuty:
    """Something done every day from `at` on (Europe/Amsterdam), by one replica; may run as often as one likes.

    `in_chunks`: what the operation returns tells whether more is left; then it runs again, in another transaction.
    """

    at: time
    operation: Daily
    in_chunks: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What a long-running part is given.

    `source` is that of the service's events; `allowed` whom the operator lets us ask; `declared` who stands outside.
    """

    database: Database
    source: str
    clock: Clock
    allowed: Allowed
    declared: Declared


class Part(Protocol):
    """Something that every replica does all the time."""

    @property
    def metrics(self) -> Collector:
        """What it counts."""
        ...

    async def run(self) -> None:
        """Until it is told to stop; what passes by itself it bears. Whatever it raises ends the replica."""
        ...

    def stop(self) -> None:
        """Ends `run` within seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """A part that runs beside HTTP, consumer and relay, for as long as they do."""

    name: str
    make: Callable[[Around], Part]


def on_load(operation: Load) -> OnLoad:
    """Runs with `migrate`: `operation(tx)`."""
    return OnLoad(operation)


def daily(at: str, operation: Daily, *, in_chunks: bool = False) -> DailyDuty:
    """Runs once a day: `operation(tx, today)`. `at` is "HH:MM" in Europe/Amsterdam. In chunks: until it returns False."""
    return DailyDuty(time.fromisoformat(at), operation, in_chunks)


def always(name: str, make: Callable[[Around], Part]) -> Always:
    """Runs in every replica; several share the work among themselves."""
    return Always(name, make)


@dataclass(frozen=True, slots=True)
class Service:
    """Everything there is to know of a service. `home` is its folder: migrations are found in it."""

    name: str
    title: str
    home: Path
    says: Sequence[type[EventData]]
    hears: Sequence[Reaction]
    answers: Sequence[APIRouter]
    does: Sequence[OnLoad | DailyDuty | Always] = ()
    takes: Sequence[Taking] = ()

    @property
    def heard_events(self) -> frozenset[type[EventData]]:
        """The events that anything in it reacts to."""
        return frozenset(kind for reaction in self.hears for kind in reaction.hears)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it listens to."""
        return tuple(sorted({kind.STREAM.topic for kind in self.heard_events}))

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """Of messaging, of the web, of publishing and of the runtime, and its own, in that order."""
        homes = (*(_SHARED / name for name in ("messaging", "web", "publishing", "runtime")), self.home)
        return found_in(home / "migrations" for home in homes)
