"""A service is a declaration: its name, its events, its reactions, its routes. The runtime builds the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter

from shared.contracts.event import EventData
from shared.messaging.reactions import Reaction
from shared.storage import Transaction
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
    """Something done every day from `at` on (Europe/Amsterdam), by one replica; may run as often as one likes."""

    at: time
    operation: Daily


def on_load(operation: Load) -> OnLoad:
    """Runs with `migrate`: `operation(tx)`."""
    return OnLoad(operation)


def daily(at: str, operation: Daily) -> DailyDuty:
    """Runs once a day: `operation(tx, today)`. `at` is "HH:MM" in Europe/Amsterdam."""
    return DailyDuty(time.fromisoformat(at), operation)


@dataclass(frozen=True, slots=True)
class Service:
    """Everything there is to know of a service. `home` is its folder: migrations are found in it."""

    name: str
    title: str
    home: Path
    says: Sequence[type[EventData]]
    hears: Sequence[Reaction]
    answers: Sequence[APIRouter]
    does: Sequence[OnLoad | DailyDuty] = ()

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
        """Of messaging, of the web and of the runtime, and its own, in that order."""
        homes = (_SHARED / "messaging", _SHARED / "web", _SHARED / "runtime", self.home)
        return found_in(home / "migrations" for home in homes)
