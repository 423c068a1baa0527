"""The time, as something that is passed in. Instants are UTC; a day is a day in Europe/Amsterdam."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def day_of(instant: datetime) -> date:
    """The day on which this instant falls in the Netherlands."""
    return instant.astimezone(AMSTERDAM).date()
