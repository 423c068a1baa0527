"""What does anyone see of a gemeente, and what does a gemeente say of itself?"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.matching.organisations.operations import load_gemeenten
from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match

TOLD: dict[str, Any] = {
    "coveredPhases": ["verwijzing"],
    "availableFte": 1.5,
    "availableEuro": 50_000,
    "conflicts": [str(UUID(int=5))],
    "wishes": "Meer doen voor jongeren.",
}


async def test_the_342_gemeenten_are_organisations_that_were_each_told_once(matching: Standing) -> None:
    async with matching.database.transaction() as tx:
        assert await load_gemeenten(tx) == []
    said = [s for s in await matching.said() if s.data["kind"] == "gemeente"]
    assert (len(said), len({s.entity for s in said}), {s.sequence for s in said}) == (342, 342, {1})
    (den_haag,) = [s for s in said if s.data["gemeente"] == "GM0518"]
    assert den_haag.topic == "nl.schuldhulpprojecten.organisations"
    assert (den_haag.data["name"], den_haag.data["regions"]) == ("Gemeente Den Haag", ["GM0518"])


async def test_anyone_pages_through_all_gemeenten_by_code(people: People) -> None:
    seen: list[str] = []
    address: str | None = "/gemeenten?limit=100"
    nobody = await people.nobody()
    while address:
        page = (await nobody.get(address)).json()
        seen += [item["code"] for item in page["items"]]
        assert all(item["organisation"] for item in page["items"])
        address = f"/gemeenten?limit=100&after={page['next']}" if page["next"] else None
    assert (len(seen), seen) == (342, sorted(seen))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"name": "den haag"}, ["GM0518"]),
        ({"name": "gravenh"}, ["GM0518"]),
        ({"province": "PV28", "name": "delft"}, ["GM0503"]),
        ({"province": "PV20", "name": "delft"}, []),
    ],
)
async def test_gemeenten_are_found_by_name_and_province(
    people: People, asked: dict[str, str], found: list[str]
) -> None:
    answer = await (await people.nobody()).get("/gemeenten", params=asked)
    assert [item["code"] for item in answer.json()["items"]] == found


async def test_an_unknown_province_and_a_cursor_of_elsewhere_are_refused(people: People) -> None:
    nobody = await people.nobody()
    answer = await nobody.get("/gemeenten", params={"province": "PV99"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "province")
    assert (await nobody.get("/gemeenten", params={"after": "%%"})).status_code == 400


async def test_a_profile_has_the_figures_of_cbs_with_source_place_and_look_alikes(people: People) -> None:
    shown = (await (await people.nobody()).get("/gemeenten/GM0518")).json()
    figures = {figure["column"]: figure for figure in shown["figures"]}
    assert len(figures) == 20
    assert figures["population"]["value"] == shown["population"] == 566_221
    assert 0.9 < figures["bijstand_per_1000"]["percentile"] <= 1
    assert {f["source"][:10] for f in figures.values()} == {"Bron: CBS,"}
    assert (figures["bijstand_per_1000"]["period"], figures["population"]["period"]) == ("2021", "2024")
    assert len(shown["lookAlikes"]) == 10
    assert shown["lookAlikes"] == sorted(shown["lookAlikes"], key=lambda alike: -alike["weight"])
    assert {"GM0503", "GM1926"} <= {border["code"] for border in shown["neighbours"]}
    assert shown["regions"] == ["GM0518", "PV28", "NL"]


async def test_under_an_old_code_stands_the_gemeente_that_goes_on(people: People) -> None:
    nobody = await people.nobody()
    assert (await nobody.get("/gemeenten/GM0457")).json()["code"] == "GM0363"
    assert (await nobody.get("/gemeenten/GM9999")).status_code == 404
    assert (await nobody.get("/gemeenten/GM9999/situation")).status_code == 401


async def test_a_gemeente_tells_its_situation_and_reads_it_back(people: People) -> None:
    own = await people.gemeente("GM0518")
    empty = await own.get("/gemeenten/GM0518/situation")
    assert (empty.json()["coveredPhases"], empty.json()["availableFte"], empty.headers["etag"]) == ([], None, '"0"')
    told = await own.put("/gemeenten/GM0518/situation", json=TOLD, headers=if_match(0))
    assert (told.status_code, told.headers["etag"]) == (200, '"1"')
    assert told.json() == {"revision": 1, "gemeente": "GM0518", **TOLD}
    assert (await own.get("/gemeenten/GM0518/situation")).json() == told.json()
    assert (await (await people.manager()).get("/gemeenten/GM0518/situation")).json() == told.json()


async def test_two_people_of_a_gemeente_do_not_overwrite_each_other(people: People) -> None:
    own = await people.gemeente("GM0599")
    for seen in range(3):
        both = [own.put("/gemeenten/GM0599/situation", json=TOLD, headers=if_match(seen)) for _ in range(3)]
        assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 412, 412]
    assert (await own.put("/gemeenten/GM0599/situation", json=TOLD)).status_code == 428


async def test_a_retry_gets_the_same_answer(people: People) -> None:
    own = await people.gemeente("GM0363")
    headers = {**if_match(0), "Idempotency-Key": "twice"}
    answers = [await own.put("/gemeenten/GM0363/situation", json=TOLD, headers=headers) for _ in range(2)]
    assert [(a.status_code, a.json()["revision"]) for a in answers] == [(200, 1), (200, 1)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"availableFte": -1}, {"availableFte"}),
        ({"availableEuro": -1, "coveredPhases": ["verwijzing", "verwijzing"]}, {"availableEuro", "coveredPhases"}),
        ({"coveredPhases": ["slapen"], "wishes": 3}, {"coveredPhases.0", "wishes"}),
        ({"wishes": "x" * 4001}, {"wishes"}),
    ],
)
async def test_a_situation_that_cannot_be_is_refused_with_all_its_faults(
    people: People, wrong: dict[str, Any], field: set[str]
) -> None:
    own = await people.gemeente("GM0014")
    answer = await own.put("/gemeenten/GM0014/situation", json=wrong, headers=if_match(0))
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == field
    assert (await own.get("/gemeenten/GM0014/situation")).json()["revision"] == 0


async def test_nobody_reads_or_writes_the_situation_of_another_gemeente(people: People) -> None:
    other = await people.gemeente("GM0344")
    assert (await other.get("/gemeenten/GM0034/situation")).status_code == 404
    assert (await other.put("/gemeenten/GM0034/situation", json=TOLD, headers=if_match(0))).status_code == 404
    manager = await people.manager()
    assert (await manager.put("/gemeenten/GM0034/situation", json=TOLD, headers=if_match(0))).status_code == 403
    partner = await people.partner(UUID(int=1))
    assert (await partner.get("/gemeenten/GM0034/situation")).status_code == 403
