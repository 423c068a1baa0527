"""Parquet by pyarrow: typed columns, each with its meaning, and the credit in the file's own metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.feeds.files.table import Column, Kind, Row, Table, Take


class ParquetWriter:
    """Writes a table as Parquet, a row group for every so many rows. `about` goes into the metadata as well."""

    def __init__(self, table: Table, take: Take, about: Mapping[str, str], group_rows: int = 10_000) -> None:
        import pyarrow  # noqa: PLC0415 - large, and only who is asked for such a file needs it
        from pyarrow import parquet  # noqa: PLC0415 - the same

        self._arrow = pyarrow
        told = {"title": table.title, "description": table.description, "source": table.source, **about}
        self._schema = pyarrow.schema([_field(pyarrow, column) for column in table.columns], metadata=told)
        self._writer = parquet.ParquetWriter(pyarrow.PythonFile(_Sink(take), mode="w"), self._schema)
        self._columns: list[list[Any]] = [[] for _ in table.columns]
        self._group_rows = group_rows

    def add(self, rows: Iterable[Row]) -> None:
        """These rows."""
        for row in rows:
            for column, cell in zip(self._columns, row, strict=True):
                column.append(cell)
        if len(self._columns[0]) >= self._group_rows:
            self._write()

    def close(self) -> None:
        """The rows that are left, and what a reader begins with."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._columns[0]:
            arrays = [
                self._arrow.array(column, type=field.type)
                for column, field in zip(self._columns, self._schema, strict=True)
            ]
            self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
            for column in self._columns:
                column.clear()


class _Sink:
    """A file that only passes on what is written."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._place = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Passes it on."""
        self._take(bytes(data))
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        """How much was written."""
        return self._place

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """It holds nothing open."""
        self.closed = True


def _field(arrow: Any, column: Column) -> Any:  # noqa: ANN401 - pyarrow has no types
    types = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.int64(),
        Kind.DATE: arrow.date32(),
        Kind.INSTANT: arrow.timestamp("us", tz="UTC"),
    }
    return arrow.field(column.name, types[column.kind], metadata={"description": column.definition})
