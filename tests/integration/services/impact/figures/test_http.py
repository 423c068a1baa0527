"""What does everybody see, and does the ledger lead whoever follows it through every line?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.integration.services.impact.sample import (
    AMSTERDAM,
    DELFT,
    DEN_HAAG,
    Q1,
    Q2,
    Q3,
    ZOETERMEER,
    Adopts,
    Json,
    correction,
    count,
    share,
    shown,
    started,
    stopped,
    totals,
)
from tests.standing import Standing

NextMorning = Callable[[], Awaitable[None]]


async def ledger(
    anyone: httpx.AsyncClient, after: str | None = None, limit: int = 100
) -> tuple[list[Json], str | None]:
    """The lines from here on, and where to come back for more."""
    lines: list[Json] = []
    while True:
        params: dict[str, Any] = {"limit": limit, **({"after": after} if after else {})}
        page = (await anyone.get("/releases", params=params)).json()
        if not page["items"]:
            assert page["next"] is None
            return lines, after
        lines, after = [*lines, *page["items"]], page["next"]


async def test_published_figures_are_found_by_project_indicator_gemeente_and_period(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient
) -> None:
    project = uuid4()
    den_haag, delft = await adopts(DEN_HAAG, project), await adopts(DELFT, project)
    await den_haag.records(count(43, Q1), count(52, Q2), share(33, 82, Q2))
    await delft.records(count(21, Q2), count(4, Q1))
    assert len(await shown(impact, project)) == 4
    assert {each["shown"] for each in await shown(impact, project, indicator="aanmeldingen")} == {45, 50, 20}
    assert [each["shown"] for each in await shown(impact, project, gemeente=DELFT)] == [20]
    assert {each["scopeName"] for each in await shown(impact, project, periodStart=Q2[0])} == {"Den Haag", "Delft"}
    assert [each["shown"] for each in await shown(impact, project, periodEnd=Q1[1])] == [45]
    assert await shown(impact, uuid4()) == []
    for wrong in ({"indicator": "onzin"}, {"gemeente": "GM9999"}, {"periodStart": "ooit"}):
        assert (await anyone.get("/published-figures", params=wrong)).status_code == 400


async def test_published_figures_come_in_pages(adopts: Adopts, anyone: httpx.AsyncClient) -> None:
    den_haag = await adopts()
    await den_haag.records(count(43, Q1), count(52, Q2), count(61, Q3))
    asked: dict[str, Any] = {"project": str(den_haag.project), "limit": 2}
    first = (await anyone.get("/published-figures", params=asked)).json()
    rest = (await anyone.get("/published-figures", params={**asked, "after": first["next"]})).json()
    assert [each["shown"] for each in first["items"] + rest["items"]] == [45, 50, 60]
    assert rest["next"] is None


async def test_totals_are_sums_of_what_is_shown_and_say_when_something_is_missing(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient
) -> None:
    project = uuid4()
    everybody = {g: await adopts(g, project) for g in (DEN_HAAG, DELFT, ZOETERMEER, AMSTERDAM)}
    for gemeente, number in ((DEN_HAAG, 42), (DELFT, 12), (ZOETERMEER, 6), (AMSTERDAM, 17)):
        await everybody[gemeente].records(count(number))
    assert await totals(impact, project) == {"NL": (65, False), "PV28": (50, False), "PV27": (15, True)}
    asked = {"project": str(project), "indicator": "aanmeldingen", "periodStart": Q3[0], "periodEnd": Q3[1]}
    told = (await anyone.get("/published-figures/totals", params=asked)).json()["items"]
    assert [(each["regionName"], each["wording"]) for each in told] == [
        ("Nederland", "ten minste"), ("Noord-Holland", ""), ("Zuid-Holland", "ten minste"),
    ]  # fmt: skip
    assert await totals(impact, project, Q1) == {}


async def test_a_total_of_percentages_goes_through_their_numbers(adopts: Adopts, anyone: httpx.AsyncClient) -> None:
    project = uuid4()
    for gemeente, figures in ((DEN_HAAG, share(33, 82)), (DELFT, share(12, 51))):
        await (await adopts(gemeente, project)).records(figures)
    asked = {"project": str(project), "indicator": "recidive_pct", "periodStart": Q3[0], "periodEnd": Q3[1]}
    country = (await anyone.get("/published-figures/totals", params=asked)).json()["items"][0]
    assert (country["shown"], country["shownNumerator"], country["shownDenominator"], country["percent"]) == (
        None, 45, 130, 35,
    )  # fmt: skip


@pytest.mark.parametrize(
    "reports", [[], [count(9)], [count(0)], ["withdrawn"]], ids=["never", "small", "none", "withdrawn"]
)
async def test_whoever_reports_little_nothing_or_no_more_looks_the_same(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient, next_morning: NextMorning, reports: list[Any]
) -> None:
    project = uuid4()
    den_haag, delft = await adopts(DEN_HAAG, project), await adopts(DELFT, project)
    await den_haag.records(count(42))
    if reports == ["withdrawn"]:
        (made,) = await delft.records(count(30))
        await next_morning()
        await delft.own.post(f"/observations/{made['id']}/withdrawals", json={"reason": "Dubbel"})
    else:
        await delft.records(*reports)
    assert [(each["scope"], each["shown"]) for each in await shown(impact, project)] == [(DEN_HAAG, 40)]
    assert await totals(impact, project) == {"NL": (40, False), "PV28": (40, False)}
    assert await shown(impact, project, gemeente=DELFT) == []


async def test_who_stopped_before_the_period_is_not_missed_in_it(impact: Standing, adopts: Adopts) -> None:
    project = uuid4()
    den_haag, delft = await adopts(DEN_HAAG, project), await adopts(DELFT, project)
    await den_haag.records(count(42, Q1), count(43, Q3))
    await impact.hear(stopped(delft.id, project, date(2026, 5, 1), DELFT))
    assert (await totals(impact, project, Q1))["NL"] == (40, False)
    assert (await totals(impact, project, Q3))["NL"] == (45, True)


async def test_who_stopped_and_takes_its_name_back_is_no_longer_seen(
    impact: Standing, adopts: Adopts, next_morning: NextMorning
) -> None:
    project = uuid4()
    den_haag = await adopts(DEN_HAAG, project)
    await den_haag.records(count(42, Q1))
    await impact.hear(stopped(den_haag.id, project, date(2026, 5, 1)))
    assert [each["scope"] for each in await shown(impact, project)] == [DEN_HAAG]
    await impact.hear(started(den_haag.id, project, may_be_named=False))
    await next_morning()
    assert await shown(impact, project) == []


async def test_the_ledger_is_followed_line_by_line_and_again_from_where_one_was(
    adopts: Adopts, anyone: httpx.AsyncClient, next_morning: NextMorning
) -> None:
    den_haag = await adopts()
    (made,) = await den_haag.records(count(43))
    lines, cursor = await ledger(anyone, limit=3)
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert await ledger(anyone, cursor) == ([], cursor)
    await next_morning()
    await den_haag.corrects(made, correction(3))
    (newer,), _ = await ledger(anyone, cursor)
    assert (newer["position"], newer["kind"], newer["release"], newer["replaces"], newer["shown"]) == (
        len(lines) + 1, "ingetrokken", 2, 1, None,
    )  # fmt: skip
    for bad in ("xyz", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
        assert (await anyone.get("/releases", params={"after": bad})).status_code == 400


async def test_whoever_folds_the_ledger_gets_what_is_shown(
    impact: Standing, anyone: httpx.AsyncClient, adopts: Adopts, next_morning: NextMorning
) -> None:
    project = uuid4()
    for gemeente in (DEN_HAAG, DELFT, AMSTERDAM):
        adopted = await adopts(gemeente, project)
        made = await adopted.records(count(43, Q1), count(12, Q2))
        await next_morning()
        await adopted.corrects(made[0], correction(9))
        await adopted.corrects(made[1], correction(77))
    blocks: dict[str, Json] = {}
    lines, _ = await ledger(anyone)
    for line in lines:
        if UUID(line["project"]) == project:
            assert line["replaces"] == (blocks[line["block"]]["release"] if line["block"] in blocks else None)
            blocks[line["block"]] = line
    folded = {(b["scope"], b["periodStart"]): b["shown"] for b in blocks.values() if b["kind"] != "ingetrokken"}
    assert folded == {(each["scope"], each["periodStart"]): each["shown"] for each in await shown(impact, project)}
    assert folded == {(gemeente, Q2[0]): 75 for gemeente in (DEN_HAAG, DELFT, AMSTERDAM)}
    assert (await totals(impact, project, Q2))["NL"] == (sum(folded.values()), True)
