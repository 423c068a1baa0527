"""Does a Dutch spreadsheet show what was meant, and run nothing?"""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest

from shared.feeds.files.spreadsheet import CsvWriter
from shared.feeds.files.table import Cell, Column, Kind, Table

TABLE = Table(
    "sample", "Voorbeeld", "Een voorbeeld.", "Bron: CBS", (Column("naam", "Een naam."), Column("n", "n", Kind.NUMBER))
)


def written(*rows: list[Cell]) -> bytes:
    parts: list[bytes] = []
    writer = CsvWriter(TABLE, parts.append)
    writer.add(rows)
    writer.close()
    return b"".join(parts)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_it_begins_with_a_byte_order_mark_and_has_semicolons_and_the_credit_in_each_row() -> None:
    content = written(["Súdwest-Fryslân", 45], ["Den Haag", None])
    assert content == (
        b"\xef\xbb\xbf" + "naam;n;bron\r\nSúdwest-Fryslân;45;Bron: CBS\r\nDen Haag;;Bron: CBS\r\n".encode()
    )


def test_a_day_is_seen_as_a_day_and_an_instant_is_in_dutch_time() -> None:
    (_, row) = read(written([date(2026, 7, 1), datetime(2026, 7, 1, 22, 30, tzinfo=UTC)]))
    assert row[:2] == ["2026-07-01", "2026-07-02 00:30:00"]


def test_what_would_break_a_row_is_quoted() -> None:
    text = 'een; "twee"\r\ndrie'
    assert read(written([text, 1]))[1] == [text, "1", "Bron: CBS"]


@pytest.mark.parametrize("text", ["=1+1", "+31", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    assert read(written([text, 1]))[1][0] == f"'{text}"


def test_numbers_stay_numbers_also_below_zero() -> None:
    assert read(written(["x", -5]))[1][1] == "-5"
