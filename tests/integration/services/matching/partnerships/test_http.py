"""How does an organisation come to take part, and what does it see before and after?"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match

Json = dict[str, Any]


async def test_a_claim_is_told_only_once_the_gemeente_confirms_it(people: People, matching: Standing) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    partner, own = await people.partner(bank["id"]), await people.gemeente("GM0518")
    address = f"/adoptions/{adoption['id']}/partnerships"
    claimed = await partner.post(address, json={"role": "geld"})
    assert (claimed.status_code, claimed.json()["state"], claimed.json()["invited"]) == (201, "concept", False)
    assert len(await matching.said(adoption["id"])) == 1
    assert (await partner.get(f"/adoptions/{adoption['id']}")).status_code == 404
    assert (await partner.get(f"/adoptions/{adoption['id']}/funding")).status_code == 404
    one = f"{address}/{claimed.json()['id']}"
    assert (await partner.get(one)).json() == claimed.json()
    assert (await partner.post(f"{one}/confirmations")).status_code == 403
    confirmed = await own.post(f"{one}/confirmations")
    assert (confirmed.status_code, confirmed.json()["state"]) == (201, "bevestigd")
    said = (await matching.said(adoption["id"]))[-1]
    assert (said.sequence, said.type) == (2, "nl.schuldhulpprojecten.partnership-formed.v1")
    assert said.data == {
        "adoption": adoption["id"], "partnership": claimed.json()["id"], "organisation": bank["id"], "role": "geld",
        "confirmedOn": "2026-11-24",
    }  # fmt: skip
    assert (await partner.get(f"/adoptions/{adoption['id']}")).status_code == 200
    assert (await own.post(f"{one}/confirmations")).status_code == 409


async def test_who_was_invited_sees_the_adoption_and_answers(people: People, matching: Standing) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    partner, own = await people.partner(bank["id"]), await people.gemeente("GM0518")
    address = f"/adoptions/{adoption['id']}/partnerships"
    asked = (await own.post(address, json={"organisation": bank["id"], "role": "mensen"})).json()
    assert (asked["invited"], asked["state"]) == (True, "concept")
    assert (await partner.get(f"/adoptions/{adoption['id']}")).status_code == 200
    declined = await partner.post(f"{address}/{asked['id']}/refusals", json={"reason": "Geen tijd"})
    assert (declined.json()["state"], declined.json()["refusalReason"]) == ("geweigerd", "Geen tijd")
    assert (await partner.get(f"/adoptions/{adoption['id']}")).status_code == 404
    assert (await partner.get(f"{address}/{asked['id']}")).json()["state"] == "geweigerd"
    assert len(await matching.said(adoption["id"])) == 1
    assert (await people.take_part(adoption, bank["id"], "mensen"))["state"] == "bevestigd"


async def test_a_gemeente_takes_an_invitation_back_but_does_not_accept_it_for_another(
    people: People, matching: Standing
) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}/partnerships"
    asked = (await own.post(address, json={"organisation": bank["id"], "role": "geld"})).json()
    assert (await own.post(f"{address}/{asked['id']}/confirmations")).status_code == 403
    assert len(await matching.said(adoption["id"])) == 1
    taken_back = await own.post(f"{address}/{asked['id']}/refusals", json={"reason": "Toch niet nodig"})
    assert (taken_back.status_code, taken_back.json()["state"]) == (201, "geweigerd")
    partner = await people.partner(bank["id"])
    assert (await partner.get(f"/adoptions/{adoption['id']}")).status_code == 404


async def test_what_others_claim_is_shown_to_the_gemeente_alone(people: People) -> None:
    adoption = await people.adopt("GM0518")
    bank, fund = await people.register(), await people.register(name="Fonds")
    await people.take_part(adoption, fund["id"])
    claim = await (await people.partner(bank["id"])).post(
        f"/adoptions/{adoption['id']}/partnerships", json={"role": "geld"}
    )
    for who, seen in ((await people.gemeente("GM0518"), 2), (await people.partner(fund["id"]), 1)):
        assert len((await who.get(f"/adoptions/{adoption['id']}")).json()["partnerships"]) == seen
    other = await people.partner(fund["id"])
    assert (await other.get(f"/adoptions/{adoption['id']}/partnerships/{claim.json()['id']}")).status_code == 404


async def test_a_partner_claims_for_itself_alone(people: People) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    address = f"/adoptions/{adoption['id']}/partnerships"
    other = await people.register(name="Ander")
    partner = await people.partner(bank["id"])
    assert (await partner.post(address, json={"role": "geld", "organisation": other["id"]})).status_code == 404
    assert (await partner.post(address, json={"role": "goud"})).status_code == 400
    assert (await partner.post(address, json={"role": "geld", "organisation": bank["id"]})).status_code == 201
    assert (await partner.post(address, json={"role": "geld"})).status_code == 409
    unknown = f"/adoptions/{uuid4()}/partnerships"
    assert (await partner.post(unknown, json={"role": "geld"})).status_code == 404


async def test_the_same_claim_twice_at_once_is_one_claim(people: People) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    partner = await people.partner(bank["id"])
    claims = [partner.post(f"/adoptions/{adoption['id']}/partnerships", json={"role": "geld"}) for _ in range(3)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*claims)) == [201, 409, 409]


async def test_an_invitation_names_somebody_who_is_there(people: People) -> None:
    adoption, own = await people.adopt("GM0518"), await people.gemeente("GM0518")
    address = f"/adoptions/{adoption['id']}/partnerships"
    gone = await people.register(active=False)
    assert (await own.post(address, json={"role": "geld"})).json()["errors"][0]["field"] == "organisation"
    unknown = await own.post(address, json={"role": "geld", "organisation": str(uuid4())})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "organisation")
    assert (await own.post(address, json={"role": "geld", "organisation": gone["id"]})).status_code == 409


@pytest.mark.parametrize("is_invitation", [True, False])
async def test_who_is_gone_by_now_becomes_no_partner(people: People, matching: Standing, is_invitation: bool) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    partner, own = await people.partner(bank["id"]), await people.gemeente("GM0518")
    address = f"/adoptions/{adoption['id']}/partnerships"
    asks, answers = (own, partner) if is_invitation else (partner, own)
    asked = (await asks.post(address, json={"role": "geld", "organisation": bank["id"]})).json()
    gone = {name: value for name, value in bank.items() if name not in ("id", "revision")} | {"active": False}
    stopped = await (await people.manager()).put(f"/organisations/{bank['id']}", json=gone, headers=if_match(1))
    assert stopped.status_code == 200
    refused = await answers.post(f"{address}/{asked['id']}/confirmations")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Bank van het Noorden doet niet meer mee op dit platform.",
    )
    assert [said.type.split(".")[-2] for said in await matching.said(adoption["id"])] == ["adoption-started"]


async def test_another_gemeente_can_be_a_partner(people: People) -> None:
    adoption, own, other = (
        await people.adopt("GM0518"),
        await people.gemeente("GM0518"),
        await people.gemeente("GM0503"),
    )
    address = f"/adoptions/{adoption['id']}/partnerships"
    claimed = await other.post(address, json={"role": "mensen"})
    assert claimed.status_code == 201
    await own.post(f"{address}/{claimed.json()['id']}/confirmations")
    assert (await other.get(f"/adoptions/{adoption['id']}")).status_code == 200
    money = {"amountEuro": 100, "stage": "toezegging"}
    commitment = f"/adoptions/{adoption['id']}/funding/commitments/{uuid4()}"
    given = await other.put(commitment, json=money, headers=if_match(1))
    assert (given.status_code, given.json()["commitments"][0]["base"]) == (200, False)


@pytest.mark.parametrize(("answer", "body"), [("confirmations", None), ("refusals", {"reason": "Nee"})])
async def test_a_stranger_decides_on_nothing(people: People, answer: str, body: Json | None) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    address = f"/adoptions/{adoption['id']}/partnerships"
    claimed = (await (await people.partner(bank["id"])).post(address, json={"role": "geld"})).json()
    for stranger in (await people.gemeente("GM0599"), await people.partner(uuid4())):
        assert (await stranger.post(f"{address}/{claimed['id']}/{answer}", json=body)).status_code == 404
    assert (await (await people.manager()).post(f"{address}/{claimed['id']}/{answer}", json=body)).status_code == 403
