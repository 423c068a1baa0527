"""CSV that opens right in a Dutch spreadsheet: UTF-8 with a byte order mark, semicolons, dates that are seen as dates.

Nothing in a cell is taken for a formula, whoever wrote it (OWASP, CSV injection). Instants are in Dutch time. No figure here
has decimals; a comma would go before them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from shared.clock import AMSTERDAM
from shared.feeds.files.table import Cell, Row, Table, Take

BYTE_ORDER_MARK = "\ufeff"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the wide forms, which some spreadsheets take for the same."""


class CsvWriter:
    """Writes a table as CSV. The credit is the last column of every row: so it stays when rows are sorted or copied."""

    def __init__(self, table: Table, take: Take) -> None:
        self._take = take
        self._source = table.source
        take(BYTE_ORDER_MARK.encode())
        take(_lines([[*(column.name for column in table.columns), "bron"]]))

    def add(self, rows: Iterable[Row]) -> None:
        """These rows."""
        self._take(_lines([*map(_plain, row), self._source] for row in rows))

    def close(self) -> None:
        """A CSV has no end of its own."""


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell
    if isinstance(cell, datetime):
        return cell.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)
