"""Who stands in the partner registry, who may change it, and what do the others hear of it?"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.organisations import store
from shared.web import Role
from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match

Json = dict[str, Any]
FUND: Json = {
    "name": "Fonds 1818",
    "kind": "fonds",
    "regions": ["PV28"],
    "phases": ["schuld-afbouwen"],
    "targetGroups": ["jongeren"],
    "means": ["geld"],
    "capacityAdoptions": 3,
}


def stated(organisation: Json, **more: Any) -> Json:
    """What a client sends back of what it read."""
    return {**{name: value for name, value in organisation.items() if name not in ("id", "revision")}, **more}


async def test_a_registered_organisation_is_told_as_it_stands(people: People, matching: Standing) -> None:
    mother = await people.register(name="Moeder")
    relation = {"organisation": mother["id"], "kind": "dochter-van", "until": "2027-01-01"}
    fund = await people.register(**FUND, relations=[relation])
    (said,) = await matching.said(fund["id"])
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.organisations", 1)
    assert said.type == "nl.schuldhulpprojecten.organisation-changed.v1"
    assert said.data["relations"] == [relation]
    assert {name: said.data[name] for name in FUND} == FUND


async def test_every_change_is_told_and_nothing_when_nothing_changed(people: People, matching: Standing) -> None:
    fund = await people.register(**FUND)
    manager = await people.manager()
    address = f"/organisations/{fund['id']}"
    changed = await manager.put(address, json=stated(fund, capacityAdoptions=4), headers=if_match(1))
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    same = await manager.put(address, json=stated(changed.json()), headers=if_match(2))
    assert same.json() == changed.json()
    assert [(s.sequence, s.data["capacityAdoptions"]) for s in await matching.said(fund["id"])] == [(1, 3), (2, 4)]
    assert (await manager.put(address, json=stated(fund), headers=if_match(1))).status_code == 412


async def test_a_retry_registers_once(people: People) -> None:
    manager = await people.manager()
    body, key = {**FUND, "name": f"Fonds {uuid4()}"}, {"Idempotency-Key": str(uuid4())}
    first, again = [await manager.post("/organisations", json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    listed = await manager.get("/organisations", params={"name": body["name"]})
    assert len(listed.json()["items"]) == 1


async def test_all_faults_are_named_at_once(people: People, matching: Standing) -> None:
    wrong = {
        **FUND, "name": "", "regions": ["GM9999"], "gemeente": "GM0518", "capacityAdoptions": -1,
        "relations": [{"organisation": str(uuid4()), "kind": "lid-van"}], "mergedInto": str(uuid4()),
    }  # fmt: skip
    answer = await (await people.manager()).post("/organisations", json=wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {
        "name", "regions.0", "gemeente", "capacityAdoptions", "relations.0.organisation", "mergedInto", "active",
    }  # fmt: skip


async def test_anyone_sees_who_works_where_and_only_itself_its_capacity_and_relations(people: People) -> None:
    fund = await people.register(**FUND)
    address = f"/organisations/{fund['id']}"
    public = (await (await people.nobody()).get(address)).json()
    assert (public["name"], public["regions"]) == ("Fonds 1818", ["PV28"])
    assert (public["capacityAdoptions"], public["relations"]) == (None, None)
    for insider in (await people.partner(fund["id"]), await people.manager()):
        shown = (await insider.get(address)).json()
        assert (shown["capacityAdoptions"], shown["relations"]) == (3, [])
    assert (await (await people.partner(uuid4())).get(address)).json()["capacityAdoptions"] is None


async def test_two_that_name_each_other_at_once_do_not_block_each_other(people: People, matching: Standing) -> None:
    one, other = await people.register(**FUND), await people.register(**FUND)
    relation = {"relations": [{"organisation": one["id"], "kind": "lid-van"}]}
    async with matching.database.transaction() as tx:  # somebody is busy changing the first
        await store.lock(tx, UUID(one["id"]))
        naming = (await people.manager()).put(
            f"/organisations/{other['id']}", json=stated(other, **relation), headers=if_match(1)
        )
        assert (await asyncio.wait_for(naming, 60)).status_code == 200


async def test_a_partner_states_itself_but_not_what_it_is(people: People) -> None:
    fund = await people.register(**FUND)
    address, own = f"/organisations/{fund['id']}", await people.partner(fund["id"])
    changed = await own.put(address, json=stated(fund, name="Fonds 1818 Den Haag"), headers=if_match(1))
    assert (changed.status_code, changed.json()["name"]) == (200, "Fonds 1818 Den Haag")
    other = stated(fund, kind="bank", mergedInto=str(UUID(int=1)))
    refused = await own.put(address, json=other, headers=if_match(2))
    assert refused.status_code == 403
    assert {error["field"] for error in refused.json()["errors"]} == {"kind", "mergedInto"}


@pytest.mark.parametrize(("role", "status"), [(Role.PARTNER, 404), (Role.BOARD_MEMBER, 403), (Role.SUBMITTER, 403)])
async def test_nobody_states_another_organisation(people: People, matching: Standing, role: Role, status: int) -> None:
    fund = await people.register(**FUND)
    async with matching.client_for(role, organisation=uuid4()) as stranger:
        address = f"/organisations/{fund['id']}"
        assert (await stranger.put(address, json=stated(fund), headers=if_match(1))).status_code == status
        assert (await stranger.post("/organisations", json=FUND)).status_code == 403


async def test_a_gemeente_states_itself(people: People) -> None:
    own = await people.gemeente("GM0503")
    (delft,) = (await own.get("/organisations", params={"name": "gemeente delft"})).json()["items"]
    address = f"/organisations/{delft['id']}"
    changed = await own.put(address, json=stated(delft, means=["mensen"]), headers=if_match(1))
    assert (changed.status_code, changed.json()["means"]) == (200, ["mensen"])
    assert (
        await (await people.gemeente("GM0518")).put(address, json=stated(delft), headers=if_match(2))
    ).status_code == 404


async def test_an_organisation_goes_up_in_another_and_changes_no_more(people: People, matching: Standing) -> None:
    old, new = await people.register(**FUND), await people.register(**FUND)
    manager, address = await people.manager(), f"/organisations/{old['id']}"
    gone = await manager.put(address, json=stated(old, active=False, mergedInto=new["id"]), headers=if_match(1))
    assert (gone.status_code, gone.json()["mergedInto"]) == (200, new["id"])
    assert (await matching.said(old["id"]))[-1].data["mergedInto"] == new["id"]
    again = await manager.put(address, json=stated(gone.json(), name="Toch nog"), headers=if_match(2))
    assert again.status_code == 409
    into_the_gone = stated(new, active=False, mergedInto=old["id"])
    answer = await manager.put(f"/organisations/{new['id']}", json=into_the_gone, headers=if_match(1))
    assert answer.status_code == 409


async def test_the_registry_is_searched_and_paged(people: People) -> None:
    mark = str(uuid4())
    made = [await people.register(**{**FUND, "name": f"{mark} {n}", "regions": [region]})
            for n, region in enumerate(("GM0518", "PV28", "NL", "PV20"))]  # fmt: skip
    nobody = await people.nobody()
    wanted: Json = {"name": mark, "gemeente": "GM0518", "kind": "fonds", "means": "geld", "limit": 2}
    first = await nobody.get("/organisations", params=wanted)
    rest = await nobody.get("/organisations", params={**wanted, "after": first.json()["next"]})
    found = [item["id"] for item in (*first.json()["items"], *rest.json()["items"])]
    assert found == [organisation["id"] for organisation in made[:3]]
    assert 'rel="next"' in first.headers["link"]
    assert rest.json()["next"] is None
    assert (await nobody.get("/organisations", params={**wanted, "kind": "bank"})).json()["items"] == []
    assert (await nobody.get("/organisations", params={"gemeente": "GM9999"})).status_code == 400
    assert (await nobody.get(f"/organisations/{uuid4()}")).status_code == 404


async def test_every_gemeente_is_in_the_registry_once_and_stays_one(people: People) -> None:
    manager = await people.manager()
    body = {"name": "Nog een", "kind": "gemeente", "gemeente": "GM0518"}
    second = await manager.post("/organisations", json=body)
    assert (second.status_code, "staat al in het register" in second.json()["detail"]) == (409, True)
    fund = await people.register(**FUND)
    become = stated(fund, kind="gemeente", gemeente="GM0518")
    assert (await manager.put(f"/organisations/{fund['id']}", json=become, headers=if_match(1))).status_code == 409
    (den_haag,) = (await manager.get("/organisations", params={"name": "gemeente den haag"})).json()["items"]
    other = stated(den_haag, kind="fonds", gemeente=None)
    answer = await manager.put(f"/organisations/{den_haag['id']}", json=other, headers=if_match(1))
    assert (answer.status_code, "blijft dat" in answer.json()["detail"]) == (409, True)
