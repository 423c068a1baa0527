"""JSON-stat 2.0: the same figures as a cube, by dimensions with names for all that they hold (json-stat.org/full).

Only cells that hold something are written (a sparse `value`). What is kept until the end are numbers: some 80 bytes a row.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.feeds.files.table import Table, Take

NOTHING = -1
WRITE_AT_ONCE = 1_000


@dataclass(slots=True)
class Dimension:
    """One dimension: its label, its role ("time", "geo", or none), and the labels of the categories that were met, by id."""

    name: str
    label: str
    role: str | None = None
    met: dict[str, int] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    def place_of(self, category: str, label: str) -> int:
        """Its number, in the order in which categories were met."""
        if (known := self.met.get(category)) is not None:
            return known
        self.met[category] = len(self.labels)
        self.labels.append(label)
        return self.met[category]

    def sorted(self) -> tuple[list[str], list[int]]:
        """The categories in their order, and for each number the place in it."""
        order = sorted(self.met)
        places = [0] * len(order)
        for place, category in enumerate(order):
            places[self.met[category]] = place
        return order, places


@dataclass(frozen=True, slots=True)
class Measure:
    """A category of the dimension of measures, in whole numbers of `unit`."""

    name: str
    label: str
    unit: str


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: a category with its label for each dimension, a number for each measure, and what there is to say of it."""

    categories: Sequence[tuple[str, str]]
    values: Sequence[int | None]
    status: str | None = None


class CubeWriter:
    """Writes cells as a JSON-stat dataset. `measures` make its last dimension."""

    def __init__(
        self,
        table: Table,
        take: Take,
        dimensions: Sequence[Dimension],
        measures: Sequence[Measure],
        about: Mapping[str, Any],
    ) -> None:
        self._table, self._take, self._about = table, take, about
        self._dimensions, self._measures = dimensions, measures
        self._rows = array("q")
        self._statuses: list[str] = []
        self._width = len(dimensions) + len(measures) + 1

    def add(self, rows: Iterable[Cells]) -> None:
        """These rows."""
        for row in rows:
            for dimension, (category, label) in zip(self._dimensions, row.categories, strict=True):
                self._rows.append(dimension.place_of(category, label))
            self._rows.extend(NOTHING if value is None else value for value in row.values)
            self._rows.append(self._number_of(row.status))

    def close(self) -> None:
        """The dataset as a whole: its dimensions are known only now."""
        orders = [dimension.sorted() for dimension in self._dimensions]
        head = json.dumps(self._head([order for order, _ in orders]), ensure_ascii=False)
        self._take(head[:-1].encode())
        places = [place for _, place in orders]
        self._write("value", ((cell, str(value)) for cell, value, _ in self._cells(places) if value != NOTHING))
        if self._statuses:
            told = [json.dumps(status, ensure_ascii=False) for status in self._statuses]
            self._write(
                "status", ((cell, told[status]) for cell, _, status in self._cells(places) if status != NOTHING)
            )
        self._take(b"}")

    def _number_of(self, status: str | None) -> int:
        if status is None:
            return NOTHING
        if status not in self._statuses:
            self._statuses.append(status)
        return self._statuses.index(status)

    def _head(self, orders: Sequence[Sequence[str]]) -> dict[str, Any]:
        names = [dimension.name for dimension in self._dimensions]
        roles: dict[str, list[str]] = {"metric": ["maat"]}
        for dimension in self._dimensions:
            if dimension.role:
                roles[dimension.role] = [*roles.get(dimension.role, ()), dimension.name]
        return {
            "version": "2.0",
            "class": "dataset",
            "label": self._table.title,
            "note": [self._table.description],
            "source": self._table.source,
            **self._about,
            "id": [*names, "maat"],
            "size": [*map(len, orders), len(self._measures)],
            "role": roles,
            "dimension": {**self._categories(orders), "maat": self._of_measures()},
        }

    def _categories(self, orders: Sequence[Sequence[str]]) -> dict[str, Any]:
        return {
            dimension.name: {
                "label": dimension.label,
                "category": {
                    "index": order,
                    "label": {category: dimension.labels[dimension.met[category]] for category in order},
                },
            }
            for dimension, order in zip(self._dimensions, orders, strict=True)
        }

    def _of_measures(self) -> dict[str, Any]:
        return {
            "label": "Maat",
            "category": {
                "index": [measure.name for measure in self._measures],
                "label": {measure.name: measure.label for measure in self._measures},
                "unit": {measure.name: {"label": measure.unit, "decimals": 0} for measure in self._measures},
            },
        }

    def _cells(self, places: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
        """Of each cell of each row: its number in the cube (row-major), its value, and the number of its status."""
        sizes = [len(place) for place in places]
        for start in range(0, len(self._rows), self._width):
            row = self._rows[start : start + self._width]
            number = 0
            for nth, size in enumerate(sizes):
                number = number * size + places[nth][row[nth]]
            for nth in range(len(self._measures)):
                yield number * len(self._measures) + nth, row[len(sizes) + nth], row[-1]

    def _write(self, name: str, cells: Iterator[tuple[int, str]]) -> None:
        parts, lead = [f', "{name}": {{'], ""
        for cell, value in cells:
            parts.append(f'{lead}"{cell}": {value}')
            lead = ", "
            if len(parts) == WRITE_AT_ONCE:
                self._take("".join(parts).encode())
                parts.clear()
        self._take("".join([*parts, "}"]).encode())
