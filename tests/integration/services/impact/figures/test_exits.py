"""Does no exact figure leave by any public address, by the topic of releases, or by a log?

The figures are such that none is a multiple of 5, and none could be part of an id, a date or another number.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.impact.exports.model import EXPORTS
from services.impact.service import service
from shared.contracts.events import ImpactPublished
from shared.web.auth import Permit
from tests.integration.services.impact.exports.test_http import of_csv, of_cube, of_parquet
from tests.integration.services.impact.feed.test_stream import Reader, served
from tests.integration.services.impact.sample import (
    AMSTERDAM,
    DELFT,
    DEN_HAAG,
    Q1,
    Q2,
    Q3,
    Adopts,
    correction,
    count,
    plan,
    share,
)
from tests.standing import Standing, if_match
from tests.waiting import eventually

NextMorning = Callable[[], Awaitable[None]]
EXACT = (9871, 9872, 9873, 9877, 8233, 9041, 9042, 7, 6, 31417.29, 9878, 6131, 6137)
PAGED = {path: {"limit": "100"} for path in ("/releases", "/feed", "/snapshot")}
BIG = [number for number in EXACT if number > 10]
NUMBER = re.compile(r"(?<![0-9a-fA-F.-])\d+(?:\.\d+)?(?![0-9a-fA-F-])")


def public_addresses() -> list[str]:
    """Every address that somebody without a token may read."""
    paths = []
    for router in service.answers:
        for route in router.routes:
            permit = getattr(route, "permit", None)
            if isinstance(permit, Permit) and permit.public:
                paths.append(route.path)  # type: ignore[attr-defined]  # a route of ours
    return paths


def stands_in(number: str, text: str) -> bool:
    """Whether the number is told; its digits within an id or an instant tell nothing."""
    return re.search(rf"(?<![0-9a-f-]){number}(?![0-9a-f-])", text) is not None


def numbers(body: str) -> set[float]:
    """Every number in a JSON text that is not part of an id, a date or a time."""
    found: set[float] = set()

    def look(value: Any) -> None:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            for part in value:
                look(part)
        elif isinstance(value, str):
            found.update(float(text) for text in NUMBER.findall(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.add(float(value))

    look(json.loads(body))
    return found


async def measured(adopts: Adopts, project: UUID, next_morning: NextMorning) -> None:
    """Three gemeenten with figures that are shown, small, corrected, withdrawn, waiting, or of a kind that is not shown."""
    den_haag = await adopts(DEN_HAAG, project)
    planned = {"plans": [plan(baseline=6131, target=6137), plan("recidive_pct", baseline=33, target=21)]}
    await den_haag.own.put(f"{den_haag.address}/plan", json=planned, headers=if_match(0))
    made = await den_haag.records(
        count(9871, Q1), count(9872, Q2), share(8233, 9041, Q1), count("31417.29", Q1, "gemiddelde_schuld_eur")
    )
    delft = await adopts(DELFT, project)
    await delft.records(count(7, Q1), count(9873, Q2, breakdown="jongeren"), share(6, 9042, Q2))
    silent = await adopts(AMSTERDAM, project, may_be_named=False)
    await silent.records(count(9878, Q1))
    await next_morning()
    again = await den_haag.corrects(made[0], correction(9877))
    await den_haag.corrects(again, correction(9878))  # waits
    await den_haag.own.post(f"/observations/{made[1]['id']}/withdrawals", json={"reason": "Dubbel"})
    await den_haag.own.post(f"{den_haag.address}/observations", json=count(9871, Q1))  # refused
    await den_haag.own.post(f"{den_haag.address}/observations", json=count(-9871, Q3))  # refused


async def exported(anyone: httpx.AsyncClient) -> dict[str, str]:
    """The rows of every file as JSON; of a cube without the numbers of its cells, which tell where a figure stands."""
    readers = {"csv": of_csv, "json": of_cube, "parquet": of_parquet}
    bodies = {}
    for file in EXPORTS:
        rows = readers[file.rpartition(".")[2]]((await anyone.get(f"/exports/{file}")).content)
        bodies[f"/exports/{file}"] = json.dumps(rows, default=str)
    return bodies


async def streamed(impact: Standing, anyone: httpx.AsyncClient) -> str:
    """All that a stream tells from the first line on."""
    reader, last = Reader(), (await anyone.get("/snapshot")).json()["cursor"]
    async with served(impact) as wire, wire.reading(reader):
        await eventually(lambda: reader.last_id == last)
    return json.dumps(reader.events)


async def read_all(impact: Standing, anyone: httpx.AsyncClient, project: UUID) -> dict[str, str]:
    """The body of every public address, with whatever can be asked of it."""
    bodies = {"/feed/stream": await streamed(impact, anyone), **await exported(anyone)}
    for path in public_addresses():
        if path in ("/feed/stream", "/exports/{file}"):
            continue
        for period in (Q1, Q2, Q3):
            for code in ("aanmeldingen", "recidive_pct", "gemiddelde_schuld_eur"):
                asked = {"project": str(project), "indicator": code, "periodStart": period[0], "periodEnd": period[1]}
                params = asked if path.startswith("/published-figures") else PAGED.get(path)
                answer = await anyone.get(path.replace("{code}", code), params=params)
                assert answer.status_code == 200, answer.text
                bodies[str(answer.request.url)] = answer.text
        only_project = {"project": str(project)} if path.startswith("/published-figures") else None
        bodies[path] = (await anyone.get(path.replace("{code}", "aanmeldingen"), params=only_project)).text
    return bodies


async def test_no_exact_figure_leaves(
    impact: Standing,
    adopts: Adopts,
    anyone: httpx.AsyncClient,
    next_morning: NextMorning,
    caplog: pytest.LogCaptureFixture,
) -> None:
    project = uuid4()
    with caplog.at_level(logging.DEBUG):
        await measured(adopts, project, next_morning)
        bodies = await read_all(impact, anyone, project)
        await next_morning()
        bodies |= {
            f"{address} the next day": body for address, body in (await read_all(impact, anyone, project)).items()
        }
    assert set(public_addresses()) == {
        "/exports", "/exports/{file}", "/feed", "/feed/stream", "/indicators", "/indicators/{code}", "/published-figures",
        "/published-figures/totals", "/releases", "/snapshot",
    }  # fmt: skip
    assert any("9875" in body for body in bodies.values())  # the rounded figure did leave
    assert any("9880" in body for body in bodies.values())
    for address, body in bodies.items():
        if not address.startswith(("http://service.test/v1/indicators", "/indicators")):
            assert numbers(body).isdisjoint(BIG), address
        for exact in BIG:
            assert not stands_in(str(exact), body), address
    for text in (*map(str, BIG), "31417"):
        assert not stands_in(text, caplog.text)


async def test_releases_on_the_topic_hold_rounded_figures_only(
    impact: Standing, adopts: Adopts, next_morning: NextMorning
) -> None:
    project = uuid4()
    await measured(adopts, project, next_morning)
    await next_morning()
    released = [said for said in await impact.said() if said.topic == ImpactPublished.STREAM.topic]
    ours = [said for said in released if said.data["project"] == str(project)]
    assert len(ours) == 6
    for said in ours:
        told = ImpactPublished.model_validate(said.data)
        figures = (told.shown, told.shown_numerator, told.shown_denominator, told.target_shown)
        assert all(figure is None or figure % 5 == 0 for figure in figures)
        assert numbers(json.dumps(said.data)).isdisjoint(EXACT)
        assert not any(str(exact) in json.dumps(dict(said.headers)) for exact in BIG)


@pytest.mark.parametrize("address", ["/adoptions/{adoption}/progress", "/adoptions/{adoption}/observations"])
async def test_the_gemeente_itself_reads_its_exact_figures(adopts: Adopts, address: str) -> None:
    den_haag = await adopts()
    await den_haag.records(count(9871))
    assert '"9871"' in (await den_haag.own.get(address.format(adoption=den_haag.id))).text
