"""Does a plan take the right turn, once, when things happen at the same time?"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.adoptions import operations as adoptions
from services.matching.funding import operations, store
from services.matching.funding.model import Commitment, FundingPlan
from shared.contracts.vocabulary import CommitmentStage
from tests.integration.services.matching.conftest import People
from tests.messaging import until_blocked
from tests.standing import START, Standing, if_match

Json = dict[str, Any]
TODAY = START.date()
TOMORROW = TODAY + timedelta(days=1)


def commitment(organisation: str, euro: int, expires_on: date | None = None) -> Commitment:
    return Commitment(uuid4(), UUID(organisation), euro, CommitmentStage.BESCHIKKING, (), expires_on)


async def commit(matching: Standing, adoption: Json, stated: Commitment, on: date = TODAY) -> FundingPlan:
    async with matching.database.transaction() as tx:
        return await operations.commit(tx, UUID(adoption["id"]), stated, on)


async def lapse(matching: Standing, on: date = TOMORROW) -> None:
    async with matching.database.transaction() as tx:
        await operations.lapse(tx, on)


async def turns(matching: Standing, adoption: Json) -> list[str]:
    said = [each for each in await matching.said(adoption["id"]) if "funding" in each.type]
    return [each.data.get("because", "secured") for each in said]


async def secured(people: People, matching: Standing) -> tuple[Json, str]:
    """A plan that is secured until today, by the gemeente and a bank that can be named."""
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 400})
    bank = await people.register()
    await commit(matching, adoption, commitment(bank["id"], 600, expires_on=TODAY))
    return adoption, bank["id"]


async def test_a_commitment_that_lapsed_reopens_the_plan_once(people: People, matching: Standing) -> None:
    adoption, _ = await secured(people, matching)
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}/funding"
    seen = (await own.get(address)).json()["revision"]
    await lapse(matching, TODAY)
    assert await turns(matching, adoption) == ["secured"]
    assert (await own.get(address)).json()["revision"] == seen
    await lapse(matching)
    await lapse(matching)
    assert await turns(matching, adoption) == ["secured", "verlopen"]
    said = (await matching.said(adoption["id"]))[-1]
    assert (said.data["gapEuro"], said.data["on"]) == (600, TOMORROW.isoformat())


async def test_what_lapsed_is_replaced_and_secures_again(people: People, matching: Standing) -> None:
    adoption, bank = await secured(people, matching)
    await lapse(matching)
    await commit(matching, adoption, commitment(bank, 600), TOMORROW)
    assert await turns(matching, adoption) == ["secured", "verlopen", "secured"]


async def test_an_adoption_that_ended_is_left_alone(people: People, matching: Standing) -> None:
    adoption, _ = await secured(people, matching)
    await (await people.gemeente("GM0518")).post(f"/adoptions/{adoption['id']}/endings", json={"reason": "Klaar"})
    await lapse(matching)
    assert await turns(matching, adoption) == ["secured"]


async def test_two_partners_that_commit_at_once_secure_a_plan_once(people: People, matching: Standing) -> None:
    for _ in range(5):
        adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 1})
        banks = [(await people.register())["id"] for _ in range(4)]
        await asyncio.gather(*(commit(matching, adoption, commitment(bank, 999)) for bank in banks))
        assert await turns(matching, adoption) == ["secured"]
        async with matching.database.reading() as tx:
            assert (await store.read(tx, UUID(adoption["id"]))).firm_euro(TODAY) == 1 + 4 * 999


async def test_of_two_partners_that_saw_the_same_plan_one_looks_again(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 1})
    partners = []
    for _ in range(2):
        bank = await people.register()
        await people.take_part(adoption, bank["id"])
        partners.append(await people.partner(bank["id"]))
    address = f"/adoptions/{adoption['id']}/funding"
    body = {"amountEuro": 999, "stage": "toezegging"}
    answers = await asyncio.gather(
        *(who.put(f"{address}/commitments/{uuid4()}", json=body, headers=if_match(1)) for who in partners)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    late = partners[[answer.status_code for answer in answers].index(412)]
    seen = (await late.get(address)).json()["revision"]
    assert (await late.put(f"{address}/commitments/{uuid4()}", json=body, headers=if_match(seen))).status_code == 200
    assert await turns(matching, adoption) == ["secured"]


@pytest.mark.parametrize(("euro", "turn"), [(600, ["secured"]), (599, ["secured", "verlopen"])])
async def test_sharp_04_the_lapse_that_waits_for_a_commitment_decides_on_what_it_left(
    people: People, matching: Standing, euro: int, turn: list[str]
) -> None:
    """Guard: the plan is read in the statement after its lock (services/matching/funding/store.py)"""
    adoption, bank = await secured(people, matching)
    async with matching.database.transaction() as tx:
        await operations.commit(tx, UUID(adoption["id"]), commitment(bank, euro), TODAY)
        lapsing = asyncio.create_task(lapse(matching))
        await until_blocked(matching.database)
    await lapsing
    assert await turns(matching, adoption) == turn


async def test_sharp_04_the_commitment_that_waits_for_the_lapse_secures_anew(
    people: People, matching: Standing
) -> None:
    """Guard: the plan is read in the statement after its lock (services/matching/funding/store.py)"""
    adoption, bank = await secured(people, matching)
    async with matching.database.transaction() as tx:
        await operations.lapse(tx, TOMORROW)
        committing = asyncio.create_task(commit(matching, adoption, commitment(bank, 600), TOMORROW))
        await until_blocked(matching.database)
    await committing
    assert await turns(matching, adoption) == ["secured", "verlopen", "secured"]


async def test_the_lapse_that_waits_for_an_ending_says_nothing_any_more(people: People, matching: Standing) -> None:
    adoption, _ = await secured(people, matching)
    async with matching.database.transaction() as tx:
        await adoptions.end(tx, UUID(adoption["id"]), "GM0518", "Klaar", TODAY)
        lapsing = asyncio.create_task(lapse(matching))
        await until_blocked(matching.database)
    await lapsing
    assert await turns(matching, adoption) == ["secured"]
    assert (await matching.said(adoption["id"]))[-1].type.split(".")[2] == "adoption-ended"


async def test_many_changes_at_once_tell_turns_that_alternate(people: People, matching: Standing) -> None:
    adoption, bank = await secured(people, matching)
    more = [commitment(bank, 600, expires_on=TODAY) for _ in range(6)]
    work = [commit(matching, adoption, stated, TODAY) for stated in more]
    await asyncio.gather(*work, lapse(matching), lapse(matching))
    said = await turns(matching, adoption)
    assert said == [("secured", "verlopen")[nth % 2] for nth in range(len(said))]
    async with matching.database.reading() as tx:
        plan = await store.read(tx, UUID(adoption["id"]))
    assert plan.secured is (said[-1] == "secured")
