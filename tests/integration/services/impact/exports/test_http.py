"""Does each file hold what everybody may see, as it is now, and can it be kept until that changes?"""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from jsonstat_validator import validate_jsonstat
from pyarrow import parquet

from services.impact.exports import operations
from services.impact.exports.model import EXPORTS
from shared.feeds.shelf import Shelf
from tests.integration.services.impact.sample import DELFT, DEN_HAAG, Q1, Q2, Adopts, Json, correction, count, share
from tests.releasing import Releasing
from tests.standing import Standing
from tests.waiting import eventually

NextMorning = Callable[[], Awaitable[None]]
FILES = sorted(EXPORTS)
Read = Callable[[bytes], list[Json]]


def of_csv(content: bytes) -> list[Json]:
    """The rows; text as it stands there, and None for an empty cell."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    return [{name: cell or None for name, cell in row.items()} for row in rows]


def of_parquet(content: bytes) -> list[Json]:
    rows: list[Json] = parquet.read_table(io.BytesIO(content)).to_pylist()
    return rows


def of_cube(content: bytes) -> list[Json]:
    """A row for each combination of categories that has a figure or a status, as an independent reader has it."""
    document = json.loads(content)
    validate_jsonstat(document)
    *names, _ = document["id"]
    indexes = [document["dimension"][name]["category"]["index"] for name in names]
    measures = document["dimension"]["maat"]["category"]["index"]
    rows = []
    for number, categories in enumerate(itertools.product(*indexes)):
        cells = [str(number * len(measures) + nth) for nth in range(len(measures))]
        values = [document["value"].get(cell) for cell in cells]
        status = document.get("status", {}).get(cells[0])
        if status or any(value is not None for value in values):
            row = {**dict(zip(names, categories, strict=True)), **dict(zip(measures, values, strict=True))}
            rows.append({**row, "soort": status})
    return rows


async def rows_of(anyone: httpx.AsyncClient, file: str, read: Read, project: UUID, expected: int) -> list[Json]:
    """The rows about a project, once the file has as many: it may be a moment behind."""

    async def complete() -> list[Json] | None:
        answer = await anyone.get(f"/exports/{file}")
        assert answer.status_code == 200, answer.text
        rows = [row for row in read(answer.content) if row["project"] == str(project)]
        return rows if len(rows) == expected else None

    found: list[Json] = await eventually(complete, what=f"{file} has {expected} rows")
    return found


@pytest.fixture
async def project(adopts: Adopts, next_morning: NextMorning) -> UUID:
    """With a count that was corrected, a percentage, one that was withdrawn, and a small one that nobody sees."""
    den_haag = await adopts(DEN_HAAG)
    delft = await adopts(DELFT, den_haag.project)
    first, second = await den_haag.records(count(43, Q1), count(52, Q2))
    await delft.records(count(7, Q1), share(33, 82, Q1))
    await next_morning()
    await den_haag.corrects(first, correction(58))
    await den_haag.corrects(second, correction(3))
    return den_haag.project


async def test_the_figures_that_are_shown_now_are_the_same_in_each_format(
    anyone: httpx.AsyncClient, project: UUID
) -> None:
    names = ("indicator", "gebied", "aantal", "teller", "noemer", "percentage")
    expected = [("aanmeldingen", DEN_HAAG, 60, None, None, None), ("recidive_pct", DELFT, None, 35, 80, 44)]
    plain = await rows_of(anyone, "published-figures.csv", of_csv, project, 2)
    typed = await rows_of(anyone, "published-figures.parquet", of_parquet, project, 2)
    cube = await rows_of(anyone, "published-figures.json", of_cube, project, 2)
    assert [tuple(row[name] for name in names) for row in typed] == expected
    assert sorted(tuple(row[name] for name in names) for row in cube) == expected
    told = [tuple(None if cell is None else str(cell) for cell in row) for row in expected]
    assert [tuple(row[name] for name in names) for row in plain] == told
    (first, _) = plain
    assert (first["periode_begin"], first["periode_einde"], first["uitgave"]) == (*Q1, "2")
    assert (first["gebied_naam"], first["provincie"], first["uitgegeven_op"]) == (
        "Den Haag", "PV28", "2026-11-25 11:00:00",
    )  # fmt: skip
    assert typed[0]["uitgegeven_op"] == datetime(2026, 11, 25, 10, tzinfo=UTC)


async def test_the_ledger_has_every_release_in_each_format(anyone: httpx.AsyncClient, project: UUID) -> None:
    expected = [
        ("gepubliceerd", 45, 1, None), ("gepubliceerd", 50, 1, None), ("gepubliceerd", None, 1, None),
        ("gecorrigeerd", 60, 2, 1), ("ingetrokken", None, 2, 1),
    ]  # fmt: skip
    typed = await rows_of(anyone, "releases.parquet", of_parquet, project, 5)
    assert [(row["soort"], row["aantal"], row["uitgave"], row["vervangt"]) for row in typed] == expected
    positions = [row["positie"] for row in typed]
    assert positions == sorted(positions)
    plain = await rows_of(anyone, "releases.csv", of_csv, project, 5)
    assert [(row["positie"], row["cijfer"]) for row in plain] == [(str(row["positie"]), row["cijfer"]) for row in typed]
    cube = await rows_of(anyone, "releases.json", of_cube, project, 5)
    assert sorted((row["soort"], row["uitgave"], row["aantal"]) for row in cube if row["soort"] != "gepubliceerd") == [
        ("gecorrigeerd", "000002", 60), ("ingetrokken", "000002", None),
    ]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
async def test_a_file_is_the_same_byte_for_byte_whoever_writes_it(
    impact: Standing, anyone: httpx.AsyncClient, file: str
) -> None:
    await Releasing(impact.database).add(3)

    async def current() -> httpx.Response | None:
        async with impact.database.reading() as tx:
            place, modified = await operations.newest(tx)
        again = await operations.write(impact.database, EXPORTS[file], place, modified)
        answer = await anyone.get(f"/exports/{file}")
        return answer if answer.headers["etag"] == again.content.tag else None

    answer: httpx.Response = await eventually(current)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"] == f'attachment; filename="{file}"'
    assert answer.headers["cache-control"] == "public, no-cache"
    kept = await anyone.get(f"/exports/{file}", headers={"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", answer.headers["etag"])
    head = await anyone.head(f"/exports/{file}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


async def test_a_withdrawal_that_comes_late_is_not_hidden_from_who_asks_by_date(
    impact: Standing, anyone: httpx.AsyncClient
) -> None:
    """It bears the moment of the event that it follows, which may lie before that of the line before it."""
    await Releasing(impact.database).add()
    later = {"If-Modified-Since": "Wed, 25 Nov 2026 10:00:00 GMT"}
    answer = await anyone.get("/exports/published-figures.csv", headers=later)
    assert (answer.status_code, answer.headers.get("last-modified")) == (200, None)


async def test_a_new_line_makes_a_new_file(impact: Standing, anyone: httpx.AsyncClient) -> None:
    before = await anyone.get("/exports/releases.csv")
    releasing = Releasing(impact.database)
    await releasing.add()
    await rows_of(anyone, "releases.csv", of_csv, releasing.project, 1)
    after = await anyone.get("/exports/releases.csv", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200


async def test_many_lines_are_read_part_by_part_and_all_of_them_are_there(
    impact: Standing, anyone: httpx.AsyncClient
) -> None:
    releasing = Releasing(impact.database)
    blocks = await releasing.add(600)
    await releasing.follow_up(blocks[:300], None)
    for file, read, expected in (
        ("published-figures.csv", of_csv, 300),
        ("published-figures.parquet", of_parquet, 300),
        ("releases.csv", of_csv, 900),
        ("releases.parquet", of_parquet, 900),
    ):
        rows = await rows_of(anyone, file, read, releasing.project, expected)
        assert len({(row["periode_begin"], row["uitgave"]) for row in rows}) == expected


async def test_who_asks_at_once_waits_for_one_that_writes(impact: Standing, anyone: httpx.AsyncClient) -> None:
    await Releasing(impact.database).add()
    impact.app.state.export_shelf = Shelf()  # the file of before may be handed out for a while, and then no more
    answers = await asyncio.gather(*(anyone.get("/exports/releases.parquet") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["etag"] for answer in answers}) == 1


async def test_each_file_is_listed_with_its_columns_and_whom_to_credit(anyone: httpx.AsyncClient) -> None:
    listed = (await anyone.get("/exports")).json()["items"]
    assert sorted(each["file"] for each in listed) == FILES
    for each in listed:
        answer = await anyone.get(f"/exports/{each['file']}")
        assert answer.headers["content-type"] == each["mediaType"]
        assert "CBS, CBS/Kadaster, CC BY 4.0" in each["source"]
        assert all(column["definition"] for column in each["columns"])
        names = [column["name"] for column in each["columns"]]
        if each["file"].endswith(".csv"):
            rows = of_csv(answer.content)
            assert [*rows[0]] == [*names, "bron"]
            assert {row["bron"] for row in rows} == {each["source"]}
        elif each["file"].endswith(".parquet"):
            schema = parquet.read_schema(io.BytesIO(answer.content))
            assert schema.names == names
            assert schema.metadata[b"source"].decode() == each["source"]
        else:
            document: dict[str, Any] = answer.json()
            assert document["source"] == each["source"]
            assert [*document["extension"]["definitions"]] == names


@pytest.mark.parametrize("file", ["releases.xlsx", "releases", "..%2Fsecret", "published-figures.CSV"])
async def test_a_file_that_there_is_not_is_not_found(anyone: httpx.AsyncClient, file: str) -> None:
    assert (await anyone.get(f"/exports/{file}")).status_code == 404
