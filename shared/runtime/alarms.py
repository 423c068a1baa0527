"""What nobody asked about and somebody must know: said once in the log, as an error."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from shared.messaging.gaps import OpenGap, open_gaps
from shared.storage import Database
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
GAP_SECONDS = 60.0
LOOK_EVERY_SECONDS = 15.0


async def name_new_gaps(database: Database, named: set[tuple[int, UUID, int]]) -> list[OpenGap]:
    """Logs each gap that is older than a minute and was not named before, and remembers it."""
    async with database.reading() as tx:
        gaps = await open_gaps(tx, GAP_SECONDS)
    fresh = [gap for gap in gaps if (gap.stream, gap.entity, gap.missing) not in named]
    for gap in fresh:
        log.error("a gap stays open: %s", gap)
    named.clear()
    named.update((gap.stream, gap.entity, gap.missing) for gap in gaps)
    return fresh


async def keep_watching(database: Database, stopping: asyncio.Event) -> None:
    """Looks four times a minute, until stopped."""
    named: set[tuple[int, UUID, int]] = set()
    while not stopping.is_set():
        try:
            await name_new_gaps(database, named)
        except Exception as error:
            if not is_transient(error):
                log.exception("looking for gaps failed and is tried again")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_EVERY_SECONDS)
