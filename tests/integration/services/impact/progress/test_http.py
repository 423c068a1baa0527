"""Does a gemeente see how it comes along: planned, recorded and published side by side?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from tests.integration.services.impact.sample import (
    Q1,
    Q2,
    Q3,
    Adopted,
    Adopts,
    Json,
    correction,
    count,
    plan,
    share,
)
from tests.standing import if_match

NextMorning = Callable[[], Awaitable[None]]
DEBT = "gemiddelde_schuld_eur"


async def planned(adopted: Adopted, *plans: Json) -> None:
    answer = await adopted.own.put(f"{adopted.address}/plan", json={"plans": plans}, headers=if_match(0))
    assert answer.status_code == 200, answer.text


async def progress(adopted: Adopted) -> dict[str, Json]:
    """Each indicator by its code."""
    told = (await adopted.own.get(f"{adopted.address}/progress")).json()
    return {each["indicator"]: each for each in told["indicators"]}


async def test_before_anything_is_planned_or_measured_there_is_nothing(adopted: Adopted) -> None:
    told = (await adopted.own.get(f"{adopted.address}/progress")).json()
    assert (told["indicators"], told["adoption"]["id"]) == ([], str(adopted.id))


async def test_each_period_shows_path_figure_status_and_what_everybody_sees(
    adopted: Adopted, manager: httpx.AsyncClient
) -> None:
    await planned(adopted, plan(baseline=20, target=60, startsOn="2026-01-01", endsOn="2026-12-31"))
    await adopted.records(count(43, Q1), count(7, Q2))
    series = (await progress(adopted))["aanmeldingen"]
    assert (series["name"], series["unit"], series["plan"]["target"]) == ("Aanmeldingen schuldhulp", "personen", "60")
    assert [each["periodStart"] for each in series["periods"]] == [Q1[0], Q2[0], Q3[0]]
    first, small, missing = series["periods"]
    assert (first["value"], first["path"], first["status"], first["lastCorrection"]) == ("43", 29.78, "op koers", None)
    assert first["publication"] == {
        "visibility": "gepubliceerd", "hiddenBecause": None, "shown": 45, "shownNumerator": None,
        "shownDenominator": None, "percent": None, "release": 1, "releasedOn": "2026-11-24",
    }  # fmt: skip
    assert (small["value"], small["status"], small["publication"]["visibility"]) == ("7", "onder pad", "verborgen")
    assert small["publication"]["hiddenBecause"] == "te-klein"
    assert small["interval"]["upper"] < small["path"]
    assert (missing["observation"], missing["value"], missing["status"]) == (None, None, None)
    assert (missing["path"], missing["publication"]["hiddenBecause"]) == (49.89, "geen-cijfer")
    assert (series["status"], series["total"]["value"]) == ("onder pad", "50")
    assert (await manager.get(f"{adopted.address}/progress")).json()["indicators"] == [series]


async def test_what_is_too_small_to_tell_is_called_so(adopted: Adopted) -> None:
    await planned(adopted, plan(baseline=10, target=11, startsOn="2026-09-30", endsOn="2026-12-31"))
    await adopted.records(count(6))
    assert (await adopted.cell())["status"] == "nog niet te zeggen"


async def test_percentages_come_with_their_interval_and_through_their_numbers(adopted: Adopted) -> None:
    await planned(adopted, plan("recidive_pct", baseline=40, target=30))
    await adopted.records(share(33, 82, Q1), share(10, 50, Q2))
    series = (await progress(adopted))["recidive_pct"]
    first = series["periods"][0]
    assert (first["point"], first["publication"]["percent"]) == (40.24, 44)
    assert first["interval"]["lower"] < 40.24 < first["interval"]["upper"]
    assert (series["total"], series["status"]) == (
        {"value": None, "numerator": 43, "denominator": 132}, "op koers",
    )  # fmt: skip


async def test_what_is_measured_without_a_plan_is_shown_and_amounts_are_not_published_yet(adopted: Adopted) -> None:
    await adopted.records(count("40170.25", indicator=DEBT))
    series = (await progress(adopted))[DEBT]
    (cell,) = series["periods"]
    assert (series["plan"], series["status"], cell["path"], cell["value"]) == (None, None, None, "40170.25")
    assert cell["publication"]["hiddenBecause"] == "soort-nog-niet-openbaar"


async def test_a_correction_shows_its_reason_and_when_everybody_sees_it(
    adopted: Adopted, next_morning: NextMorning
) -> None:
    (made,) = await adopted.records(count(43))
    await adopted.corrects(made, correction(58))
    cell = await adopted.cell()
    assert (cell["value"], cell["version"], cell["lastCorrection"]) == (
        "58", 2, {"version": 2, "recordedOn": "2026-11-24", "reason": "Twee dossiers vergeten"},
    )  # fmt: skip
    assert (cell["publication"]["visibility"], cell["publication"]["shown"]) == ("wacht", 45)
    await next_morning()
    cell = await adopted.cell()
    assert (cell["publication"]["visibility"], cell["publication"]["shown"]) == ("gepubliceerd", 60)
    assert (cell["publication"]["release"], cell["publication"]["releasedOn"]) == (2, "2026-11-25")


async def test_a_withdrawn_figure_stays_in_sight_without_a_number(adopted: Adopted, next_morning: NextMorning) -> None:
    (made,) = await adopted.records(count(43))
    await next_morning()
    await adopted.own.post(f"/observations/{made['id']}/withdrawals", json={"reason": "Dubbel geteld"})
    cell = await adopted.cell()
    assert (cell["withdrawn"], cell["value"], cell["lastCorrection"]["reason"]) == (True, None, "Dubbel geteld")
    assert (cell["publication"]["visibility"], cell["publication"]["hiddenBecause"]) == ("verborgen", "geen-cijfer")


async def test_breakdowns_are_no_part_of_it(adopted: Adopted) -> None:
    await adopted.records(count(43, breakdown="jongeren"))
    assert await progress(adopted) == {}


async def test_gemeenten_do_not_see_each_others(adopts: Adopts) -> None:
    one, other = await adopts(), await adopts("GM0503")
    await one.records(count(43))
    assert (await other.own.get(f"{one.address}/progress")).status_code == 404
    assert await progress(other) == {}
