"""What nobody asked about and somebody must know: said once in the log, as an error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shared.messaging.gaps import OpenGap, open_gaps
from shared.storage import Database
from shared.storage.faults import is_transient
from shared.storage.open_transactions import OpenTransaction, open_transactions

log = logging.getLogger(__name__)
T = TypeVar("T")
GAP_SECONDS = 60.0
TRANSACTION_SECONDS = 60.0
LOOK_EVERY_SECONDS = 15.0


@dataclass(slots=True)
class Alarms:
    """What was named already. Each is named once, for as long as it lasts."""

    database: Database
    _gaps: set[tuple[int, UUID, int]] = field(default_factory=set)
    _transactions: set[tuple[int, datetime]] = field(default_factory=set)

    async def name_new_gaps(self) -> list[OpenGap]:
        """Logs each gap, and each key left half released, that is older than a minute and was not named before."""
        async with self.database.reading() as tx:
            gaps = await open_gaps(tx, GAP_SECONDS)
        fresh = _new(self._gaps, [((gap.stream, gap.entity, gap.missing), gap) for gap in gaps])
        for gap in fresh:
            log.error("%s" if gap.is_half_released else "a gap stays open: %s", gap)
        return fresh

    async def name_old_transactions(self, older_than: float = TRANSACTION_SECONDS) -> list[OpenTransaction]:
        """Logs each transaction of this database that is older than a minute and was not named before."""
        async with self.database.reading() as tx:
            found = await open_transactions(tx, older_than)
        fresh = _new(self._transactions, [((one.pid, one.began), one) for one in found])
        for one in fresh:
            log.error("%s", one)
        return fresh


H = TypeVar("H", bound=Hashable)


def _new(named: set[H], found: Sequence[tuple[H, T]]) -> list[T]:
    """Those that were not named before. What is over may be named again when it comes back."""
    fresh = [one for name, one in found if name not in named]
    named.clear()
    named.update(name for name, _ in found)
    return fresh


async def keep_watching(database: Database, stopping: asyncio.Event) -> None:
    """Looks four times a minute, until stopped."""
    alarms = Alarms(database)
    while not stopping.is_set():
        for look in (alarms.name_new_gaps, alarms.name_old_transactions):
            try:
                await look()
            except Exception as error:
                if not is_transient(error):
                    log.exception("an alarm could not look and tries again: %s", look.__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_SECONDS):
                await stopping.wait()
