"""When is an adoption funded, who brings what, and what do the others hear of it?"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match

Json = dict[str, Any]
FIRM = "beschikking"


async def commit(
    who: httpx.AsyncClient, adoption: Json, revision: int, commitment: str | None = None, **more: Any
) -> httpx.Response:
    body = {"amountEuro": 600, "stage": FIRM, **more}
    address = f"/adoptions/{adoption['id']}/funding/commitments/{commitment or uuid4()}"
    return await who.put(address, json=body, headers=if_match(revision))


async def turns(matching: Standing, adoption: Json) -> list[tuple[str, str | None]]:
    """What was said of its funding: the event, and why where it says so."""
    said = [each for each in await matching.said(adoption["id"]) if "funding" in each.type]
    return [(each.type.split(".")[2], each.data.get("because")) for each in said]


async def test_the_gap_closes_and_the_plan_is_secured_once_the_gemeentes_own_is_in(
    people: People, matching: Standing
) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    own, partner = await people.gemeente("GM0518"), await people.partner(bank["id"])
    await people.take_part(adoption, bank["id"])
    hoped = await commit(partner, adoption, 1, commitment := str(uuid4()), stage="intentie", amountEuro=1000)
    assert {name: hoped.json()[name] for name in ("firmEuro", "pendingEuro", "gapEuro", "secured")} == {
        "firmEuro": 0, "pendingEuro": 1000, "gapEuro": 1000, "secured": False,
    }  # fmt: skip
    firm = await commit(partner, adoption, 2, commitment, amountEuro=1000)
    assert (firm.json()["gapEuro"], firm.json()["secured"], firm.headers["etag"]) == (0, False, '"3"')
    assert await turns(matching, adoption) == []
    secured = await commit(own, adoption, 3, amountEuro=1)
    assert secured.json()["secured"] is True
    assert {c["base"] for c in secured.json()["commitments"]} == {True, False}
    assert await turns(matching, adoption) == [("funding-secured", None)]
    said = (await matching.said(adoption["id"]))[-1]
    assert (said.sequence, said.data["firmEuro"], said.data["gapEuro"], said.data["on"]) == (3, 1001, 0, "2026-11-24")
    assert {"commitment": commitment, "organisation": bank["id"], "amountEuro": 1000, "stage": FIRM, "firm": True} in (
        said.data["commitments"]
    )


@pytest.mark.parametrize(
    ("restated", "because"),
    [
        ({"amountEuro": 500}, "gewijzigd"),
        ({"expiresOn": "2026-11-23"}, "verlopen"),
        (None, "ingetrokken"),
    ],
)
async def test_what_falls_away_reopens_the_plan_and_says_why(
    people: People, matching: Standing, restated: Json | None, because: str
) -> None:
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 400})
    bank = await people.register()
    await people.take_part(adoption, bank["id"])
    partner = await people.partner(bank["id"])
    await commit(partner, adoption, 1, commitment := str(uuid4()))
    if restated is None:
        address = f"/adoptions/{adoption['id']}/funding/commitments/{commitment}/withdrawals"
        answer = await partner.post(address)
    else:
        answer = await commit(partner, adoption, 2, commitment, **restated)
    assert (answer.status_code in (200, 201), answer.json()["secured"]) == (True, False)
    assert answer.json()["gapEuro"] > 0
    assert await turns(matching, adoption) == [("funding-secured", None), ("funding-reopened", because)]


async def test_a_higher_budget_reopens_and_a_lower_one_secures(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 1000})
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}/funding"
    higher = await own.put(address, json={"budgetEuro": 1500}, headers=if_match(1))
    assert (higher.status_code, higher.json()["gapEuro"], higher.json()["revision"]) == (200, 500, 2)
    assert (await own.put(address, json={"budgetEuro": 1000}, headers=if_match(1))).status_code == 412
    assert (await own.put(address, json={"budgetEuro": 900}, headers=if_match(2))).json()["secured"] is True
    assert await turns(matching, adoption) == [
        ("funding-secured", None), ("funding-reopened", "gewijzigd"), ("funding-secured", None),
    ]  # fmt: skip
    assert (await own.get(address)).json()["budgetEuro"] == 900
    assert (await own.put(address, json={"budgetEuro": -1}, headers=if_match(3))).status_code == 400


async def test_a_commitment_becomes_surer_and_never_less(people: People) -> None:
    adoption, own = await people.adopt("GM0518"), await people.gemeente("GM0518")
    commitment = str(uuid4())
    assert (await commit(own, adoption, 1, commitment, stage="ontvangen")).status_code == 200
    assert (await commit(own, adoption, 2, commitment, stage="intentie")).status_code == 409
    withdrawal = f"/adoptions/{adoption['id']}/funding/commitments/{commitment}/withdrawals"
    assert (await own.post(withdrawal)).status_code == 201
    assert (await own.post(withdrawal)).status_code == 409
    assert (await commit(own, adoption, 3, commitment, stage="ontvangen")).status_code == 409
    (shown,) = (await own.get(f"/adoptions/{adoption['id']}/funding")).json()["commitments"]
    assert (shown["withdrawn"], shown["firm"]) == (True, False)


async def test_all_faults_of_a_commitment_are_named_at_once(people: People) -> None:
    adoption, own = await people.adopt("GM0518"), await people.gemeente("GM0518")
    answer = await commit(own, adoption, 1, amountEuro=0, stage="misschien", expiresOn="morgen", openConditions=[""])
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {
        "amountEuro", "stage", "expiresOn", "openConditions.0",
    }  # fmt: skip


async def test_a_retried_commitment_is_one_commitment(people: People) -> None:
    adoption, own = await people.adopt("GM0518"), await people.gemeente("GM0518")
    address = f"/adoptions/{adoption['id']}/funding/commitments/{uuid4()}"
    headers = {**if_match(1), "Idempotency-Key": str(uuid4())}
    body = {"amountEuro": 5, "stage": FIRM}
    first, again = [await own.put(address, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert (await own.put(address, json=body, headers=if_match(1))).status_code == 412
    assert (await own.put(address, json=body)).status_code == 428


async def test_nobody_touches_the_commitment_of_another(people: People) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    own, partner = await people.gemeente("GM0518"), await people.partner(bank["id"])
    await people.take_part(adoption, bank["id"])
    await commit(own, adoption, 1, commitment := str(uuid4()))
    assert (await commit(partner, adoption, 2, commitment)).status_code == 403
    address = f"/adoptions/{adoption['id']}/funding/commitments"
    assert (await partner.post(f"{address}/{commitment}/withdrawals")).status_code == 403
    assert (await partner.post(f"{address}/{uuid4()}/withdrawals")).status_code == 404
    assert (await partner.put(f"/adoptions/{adoption['id']}/funding", json={"budgetEuro": 1})).status_code == 403
    manager = await people.manager()
    assert (await commit(manager, adoption, 2)).status_code == 403
    assert (await manager.get(f"/adoptions/{adoption['id']}/funding")).json()["firmEuro"] == 600


async def test_who_does_not_take_part_brings_nothing_and_sees_nothing(people: People) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    for stranger in (await people.partner(bank["id"]), await people.gemeente("GM0599")):
        assert (await commit(stranger, adoption, 1)).status_code == 404
        assert (await stranger.get(f"/adoptions/{adoption['id']}/funding")).status_code == 404
    assert (await (await people.nobody()).get(f"/adoptions/{adoption['id']}/funding")).status_code == 401


async def test_who_was_invited_brings_money_only_after_accepting(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 400})
    bank, own = await people.register(), await people.gemeente("GM0518")
    partner, address = await people.partner(bank["id"]), f"/adoptions/{adoption['id']}/partnerships"
    asked = (await own.post(address, json={"organisation": bank["id"], "role": "geld"})).json()
    early = await commit(partner, adoption, 1)
    assert early.status_code == 409
    assert await turns(matching, adoption) == []
    await partner.post(f"{address}/{asked['id']}/confirmations")
    assert (await commit(partner, adoption, 1)).json()["secured"] is True
