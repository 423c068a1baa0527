"""Does whoever opens the Parquet find typed columns, their meaning and the credit?"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

from pyarrow import parquet

from shared.feeds.files.parquet import ParquetWriter
from shared.feeds.files.table import Column, Kind, Row, Table

COLUMNS = (
    Column("naam", "Een naam."),
    Column("aantal", "Een aantal.", Kind.NUMBER),
    Column("dag", "Een dag.", Kind.DATE),
    Column("moment", "Een moment.", Kind.INSTANT),
)
TABLE = Table("sample", "Voorbeeld", "Een voorbeeld.", "Bron: CBS", COLUMNS)
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
ROW: Row = ("Súdwest-Fryslân", 45, date(2026, 7, 1), AT)
EMPTY: Row = ("", None, None, None)


def written(*parts: list[Row]) -> bytes:
    chunks: list[bytes] = []
    writer = ParquetWriter(TABLE, chunks.append, {"position": "7"}, group_rows=3)
    for part in parts:
        writer.add(part)
    writer.close()
    return b"".join(chunks)


def test_every_row_comes_back_with_its_types() -> None:
    table = parquet.read_table(io.BytesIO(written([ROW, EMPTY], [ROW, ROW], [ROW])))
    assert [str(field.type) for field in table.schema] == ["string", "int64", "date32[day]", "timestamp[us, tz=UTC]"]
    names = [column.name for column in COLUMNS]
    assert table.to_pylist() == [dict(zip(names, row, strict=True)) for row in (ROW, EMPTY, ROW, ROW, ROW)]


def test_meaning_and_credit_stand_in_the_file_itself() -> None:
    schema = parquet.read_schema(io.BytesIO(written([ROW])))
    assert schema.metadata[b"source"] == b"Bron: CBS"
    assert schema.metadata[b"position"] == b"7"
    assert schema.field("aantal").metadata[b"description"] == b"Een aantal."


def test_the_same_rows_make_the_same_bytes_and_no_rows_make_a_file() -> None:
    assert written([ROW, EMPTY]) == written([ROW, EMPTY])
    assert parquet.read_table(io.BytesIO(written())).num_rows == 0
