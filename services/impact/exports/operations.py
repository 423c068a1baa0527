"""Writes the files: of what is shown, and of the whole ledger, as both stood at one place in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.impact.exports.model import FIGURES, MEASURES, Export, Format, cells_of, dimensions_of, row_of
from services.impact.feed import store
from services.impact.feed.model import Wanted
from services.impact.figures.model import Published
from services.impact.figures.store import releases
from shared.feeds.cursor import Place
from shared.feeds.files.cube import CubeWriter
from shared.feeds.files.parquet import ParquetWriter
from shared.feeds.files.spreadsheet import CsvWriter
from shared.feeds.files.table import Table, Take
from shared.feeds.shelf import Packed, Written
from shared.storage import Database, Transaction

READ_AT_ONCE = 250
"""So few that making them into rows holds up nobody else."""
Lines: TypeAlias = Sequence[Published]


@dataclass(frozen=True, slots=True)
class Writing:
    """A file that is being written: takes lines, and then the end."""

    add: Callable[[Lines], None]
    close: Callable[[], None]


async def newest(tx: Transaction) -> tuple[Place, datetime | None]:
    """Where the ledger ends, and when its last line was released; None while it is empty."""
    place = await store.newest(tx)
    last = await releases(tx, place.position - 1, 1) if place.position else []
    return place, last[0].released_at if last else None


async def write(database: Database, export: Export, place: Place, modified: datetime | None) -> Written:
    """The file as it is at this place: the same bytes whenever, and by whichever replica, it is written.

    It reads in short transactions, for what was shown at a place never changes; what takes long goes to a thread.
    """
    content = Packed()
    writing = await asyncio.to_thread(_writing, export, content.take, place, modified)
    async for lines in _lines(database, export.table, place.position):
        writing.add(lines)
    await asyncio.to_thread(writing.close)
    content.close()
    return Written(content, place)


async def _lines(database: Database, table: Table, until: int) -> AsyncIterator[Lines]:
    position, block = 0, None
    while True:
        async with database.reading() as tx:
            found = await _part(tx, table, until, position, block)
        if not found:
            return
        yield found
        position, block = found[-1].position, found[-1].block.id


async def _part(tx: Transaction, table: Table, until: int, position: int, block: UUID | None) -> Lines:
    if table is FIGURES:
        return await store.as_it_stood(tx, Wanted(), until, block, READ_AT_ONCE)
    return await store.between(tx, Wanted(), position, until, READ_AT_ONCE)


def _writing(export: Export, take: Take, place: Place, modified: datetime | None) -> Writing:
    table = export.table
    if export.format is Format.JSON_STAT:
        about = {"updated": modified.isoformat()} if modified else {}
        columns = {column.name: column.definition for column in table.columns}
        told = {**about, "extension": {"position": place.position, "definitions": columns}}
        cube = CubeWriter(table, take, dimensions_of(table), MEASURES, told)
        return Writing(lambda lines: cube.add(cells_of(table, line) for line in lines), cube.close)
    writer = (
        CsvWriter(table, take)
        if export.format is Format.CSV
        else ParquetWriter(table, take, {"position": str(place.position)})
    )
    return Writing(lambda lines: writer.add(row_of(table, line) for line in lines), writer.close)
