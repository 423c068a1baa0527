"""Is the JSON-stat that we write valid, and does an independent reading of it give back every figure?"""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonstat_validator import validate_jsonstat

from shared.feeds.files.cube import Cells, CubeWriter, Dimension, Measure
from shared.feeds.files.table import Table

TABLE = Table("sample", "Voorbeeld", "Een voorbeeld.", "Bron: CBS", ())
MEASURES = (Measure("aantal", "Aantal", "personen"), Measure("doel", "Doel", "personen"))


def written(cells: list[Cells]) -> dict[str, Any]:
    parts: list[bytes] = []
    dimensions = (Dimension("gebied", "Gebied", "geo"), Dimension("periode", "Periode", "time"))
    writer = CubeWriter(TABLE, parts.append, dimensions, MEASURES, {"extension": {"position": 7}})
    writer.add(cells)
    writer.close()
    document: dict[str, Any] = json.loads(b"".join(parts))
    return document


def figures(document: dict[str, Any]) -> dict[tuple[str, ...], int]:
    """Every value by its categories, as the specification has it: row-major, the last dimension fastest."""
    indexes = [document["dimension"][name]["category"]["index"] for name in document["id"]]
    assert document["size"] == [len(index) for index in indexes]
    return {
        categories: document["value"][str(number)]
        for number, categories in enumerate(itertools.product(*indexes))
        if str(number) in document["value"]
    }


PLACES = st.sampled_from(["GM0518", "GM0363", "PV28", "NL"])
PERIODS = st.sampled_from(["2026-01-01/2026-03-31", "2026-04-01/2026-06-30", "2025-01-01/2025-12-31"])
NUMBERS = st.none() | st.integers(0, 10**9)


@given(st.dictionaries(st.tuples(PLACES, PERIODS), st.tuples(NUMBERS, NUMBERS), min_size=1))
def test_every_figure_is_found_by_its_categories_and_nothing_else_is(
    told: dict[tuple[str, str], tuple[int | None, int | None]],
) -> None:
    cells = [Cells([(place, f"naam {place}"), (period, period)], values) for (place, period), values in told.items()]
    document = written(cells)
    validate_jsonstat(document)
    expected = {
        (place, period, measure.name): value
        for (place, period), values in told.items()
        for measure, value in zip(MEASURES, values, strict=True)
        if value is not None
    }
    assert figures(document) == expected
    assert document["role"] == {"metric": ["maat"], "geo": ["gebied"], "time": ["periode"]}


def test_names_units_the_credit_and_what_is_told_of_a_cell_go_along() -> None:
    document = written([Cells([("GM0518", "Den Haag"), ("2026", "heel 2026")], (None, None), "ingetrokken")])
    validate_jsonstat(document)
    assert document["source"] == "Bron: CBS"
    assert document["dimension"]["gebied"]["category"]["label"] == {"GM0518": "Den Haag"}
    assert document["dimension"]["maat"]["category"]["unit"]["aantal"] == {"label": "personen", "decimals": 0}
    assert (document["value"], document["status"]) == ({}, {"0": "ingetrokken", "1": "ingetrokken"})


def test_a_table_without_rows_is_a_cube_without_cells() -> None:
    document = written([])
    assert (document["size"], document["value"]) == ([0, 0, 2], {})


def test_thousands_of_cells_are_all_written() -> None:
    document = written([Cells([("NL", "Nederland"), (f"{year:04}", str(year))], (year, None)) for year in range(3_000)])
    assert len(figures(document)) == 3_000
