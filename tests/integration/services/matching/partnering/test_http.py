"""Who could help an adoption, in what role, and why not the others?"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.integration.services.matching.conftest import People
from tests.standing import if_match

Json = dict[str, Any]
FITS: Json = {
    "name": "Fonds 1818", "kind": "fonds", "regions": ["PV28"], "phases": ["plan-maken"], "targetGroups": ["jongeren"],
    "means": ["geld"], "capacityAdoptions": 1,
}  # fmt: skip


async def all_pages(people: People, adoption: Json, place: str = "", limit: int = 100) -> list[Json]:
    own = await people.gemeente(adoption["gemeente"])
    address = f"/adoptions/{adoption['id']}/partner-suggestions{place}"
    page = (await own.get(address, params={"limit": limit})).json()
    items: list[Json] = page["items"]
    while page["next"]:
        page = (await own.get(address, params={"limit": limit, "after": page["next"]})).json()
        items += page["items"]
    return items


async def test_the_best_fit_comes_first_and_its_reasons_add_up(people: People) -> None:
    near = await people.register(**{**FITS, "regions": ["GM0518"]})
    far = await people.register(**{**FITS, "kind": "bank", "regions": ["NL"]})
    adoption = await people.adopt("GM0518")
    found = await all_pages(people, adoption)
    ours = [item for item in found if item["organisation"] in (near["id"], far["id"])]
    assert [item["organisation"] for item in ours] == [near["id"], far["id"]]
    assert all(sum(each["points"] for each in item["reasons"]) == item["fit"] <= 100 for item in found)
    assert [item["fit"] for item in found] == sorted((item["fit"] for item in found), reverse=True)
    grounds = {each["ground"]: each["found"] for each in ours[0]["reasons"]}
    assert (grounds["rol"], grounds["soort"], grounds["nabijheid"]) == (["geld"], ["fonds"], ["gemeente"])
    assert grounds["themas"] == ["jongeren", "plan-maken"]
    assert await all_pages(people, adoption, limit=1) == found


async def test_who_does_not_pass_the_filter_is_left_out_with_the_reason(people: People) -> None:
    changed: dict[str, Json] = {
        "niet-actief": {"active": False}, "geen-capaciteit": {"capacityAdoptions": 0},
        "buiten-het-gebied": {"regions": ["PV20"]},
        "geen-gedeeld-thema": {"phases": ["kennismaking"], "targetGroups": ["huurders"]}, "belangenconflict": {},
        "doet-al-mee": {},
    }  # fmt: skip
    made = {why: await people.register(**{**FITS, **more}) for why, more in changed.items()}
    full = await people.register(**FITS)
    await people.take_part(await people.adopt("GM0599"), full["id"])
    own = await people.gemeente("GM0503")
    conflict = {"conflicts": [made["belangenconflict"]["id"]]}
    await own.put("/gemeenten/GM0503/situation", json=conflict, headers=if_match(0))
    adoption = await people.adopt("GM0503")
    asked = {"organisation": made["doet-al-mee"]["id"], "role": "geld"}
    await own.post(f"/adoptions/{adoption['id']}/partnerships", json=asked)
    left = {item["organisation"]: item["because"] for item in await all_pages(people, adoption, "/excluded", 50)}
    assert {why: left[organisation["id"]] for why, organisation in made.items()} == {why: why for why in made}
    assert left[full["id"]] == "geen-capaciteit"
    assert not left.keys() & {item["organisation"] for item in await all_pages(people, adoption)}


async def test_a_role_that_is_filled_is_sought_no_longer(people: People) -> None:
    payer, other = await people.register(**{**FITS, "capacityAdoptions": 9}), await people.register(**FITS)
    adoption = await people.adopt("GM0518")

    async def role_points() -> int:
        found = await all_pages(people, adoption)
        (mine,) = [item for item in found if item["organisation"] == other["id"]]
        return int(mine["reasons"][0]["points"])

    assert await role_points() > 0
    await people.take_part(adoption, payer["id"], "geld")
    assert await role_points() == 0


async def test_only_the_gemeente_and_the_programme_managers_see_who_could_help(people: People) -> None:
    adoption, fund = await people.adopt("GM0518"), await people.register(**FITS)
    await people.take_part(adoption, fund["id"])
    for place in ("", "/excluded"):
        address = f"/adoptions/{adoption['id']}/partner-suggestions{place}"
        assert (await (await people.manager()).get(address)).status_code == 200
        assert (await (await people.partner(fund["id"])).get(address)).status_code == 403
        assert (await (await people.gemeente("GM0599")).get(address)).status_code == 404
        assert (await (await people.nobody()).get(address)).status_code == 401
    unknown = f"/adoptions/{uuid4()}/partner-suggestions"
    assert (await (await people.manager()).get(unknown)).status_code == 404
