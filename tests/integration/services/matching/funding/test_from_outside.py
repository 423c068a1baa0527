"""What comes of commitments that an outside system tells of, and when do they secure a plan?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.adoptions.model import AdoptionHasEnded
from services.matching.funding.model import FundingGap, InvalidCommitments
from services.matching.funding.operations import take_secured
from shared.contracts.events import FundingSecured
from shared.publishing.taking import NotYours
from shared.refusals import UnknownEntity
from tests.integration.services.matching.conftest import Json, People
from tests.offered import Outsider, anew, only, places
from tests.standing import START, Standing, if_match

TODAY = START.date()


def bringing(organisation: str | UUID, euro: int, **more: Any) -> Json:
    """A commitment as it is told: granted, and so firm, unless a test says otherwise."""
    told = {"commitment": uuid4(), "organisation": organisation, "amount_euro": euro, "stage": "beschikking"}
    return {**told, "firm": True, **more}


def secured(adoption: Json, *commitments: Json, **more: Any) -> FundingSecured:
    """A plan of 1,000 euros that is told to be covered."""
    told = {"adoption": adoption["id"], "budget_euro": 1000, "firm_euro": 1, "gap_euro": 0, "on": date(2020, 1, 1)}
    return FundingSecured.model_validate({**told, "commitments": commitments, **more})


async def shared_by(people: People, gemeente: str = "GM0518", **more: Any) -> tuple[Json, str]:
    """An adoption in which a fund takes part."""
    adoption, fund = await people.adopt(gemeente, **more), (await people.register(kind="fonds"))["id"]
    await people.take_part(adoption, fund)
    return adoption, fund


@pytest.fixture
def outsider(matching: Standing) -> Outsider:
    """A fund that may speak for all."""
    return Outsider(matching, take_secured)


async def test_commitments_that_cover_the_budget_secure_the_plan(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people)
    own, theirs = bringing(adoption["gemeenteOrganisation"], 400), bringing(fund, 700, expires_on=date(2027, 1, 1))
    said = await outsider.tells(secured(adoption, own, theirs))
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.adoptions", 3)
    assert (said.data["firmEuro"], said.data["gapEuro"], said.data["on"]) == (1100, 0, "2026-11-24")
    assert {each["commitment"] for each in said.data["commitments"]} == {
        str(own["commitment"]), str(theirs["commitment"]),
    }  # fmt: skip
    shown = (await (await people.gemeente("GM0518")).get(f"/adoptions/{adoption['id']}/funding")).json()
    assert (shown["secured"], len(shown["commitments"])) == (True, 2)


async def test_what_the_plan_has_already_counts_too_and_stays(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 400})
    said = await outsider.tells(secured(adoption, bringing(fund, 600)))
    assert said.data["firmEuro"] == 1000


async def test_a_gap_is_refused_and_named_and_nothing_is_kept(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 400})
    refusal = await outsider.is_refused(secured(adoption, bringing(fund, 599)), FundingGap)
    assert refusal.detail == "Het plan is nog niet rond: van de 1000 euro ontbreekt 1 euro."
    assert places(refusal) == {"commitments"}
    shown = (await (await people.gemeente("GM0518")).get(f"/adoptions/{adoption['id']}/funding")).json()
    assert len(shown["commitments"]) == 1


async def test_without_the_gemeentes_own_contribution_a_plan_is_not_secured(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people)
    refusal = await outsider.is_refused(secured(adoption, bringing(fund, 1000)), FundingGap)
    assert "eigen bijdrage van de gemeente" in refusal.detail


async def test_everything_that_is_wrong_is_named_at_once(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people)
    stranger = (await people.register())["id"]
    wrong = secured(
        adoption,
        bringing(stranger, 10),
        bringing(uuid4(), 10),
        bringing(fund, 10**11),
        bringing(fund, 10, stage="intentie"),
        bringing(fund, 10, expires_on=date(2026, 11, 23)),
        bringing(fund, 10, firm=False),
        budget_euro=999,
    )
    assert places(await outsider.is_refused(wrong, InvalidCommitments)) == {
        "budgetEuro", "commitments.0.organisation", "commitments.1.organisation", "commitments.2.amountEuro",
        "commitments.3.firm", "commitments.4.firm", "commitments.5.firm",
    }  # fmt: skip


async def test_a_commitment_is_restated_by_its_id_and_never_becomes_less_sure_or_anothers(
    outsider: Outsider, people: People
) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 1000})
    own = (await (await people.gemeente("GM0518")).get(f"/adoptions/{adoption['id']}/funding")).json()["commitments"][0]
    surer = bringing(own["organisation"], 1000, commitment=own["id"])
    await outsider.says(secured(adoption, surer))  # it was secured before: there is no turn to tell
    for wrong in ({**surer, "stage": "toezegging"}, {**surer, "organisation": fund}):
        assert places(await outsider.is_refused(secured(adoption, wrong), InvalidCommitments)) == {"commitments.0"}
    twice = secured(adoption, surer, surer)
    assert places(await outsider.is_refused(twice, InvalidCommitments)) == {"commitments"}


async def test_a_condition_that_is_open_here_stays_open_unless_the_commitment_is_told_as_firm(
    outsider: Outsider, people: People
) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 1000})
    partner, commitment = await people.partner(fund), uuid4()
    address = f"/adoptions/{adoption['id']}/funding"
    body = {"amountEuro": 5, "stage": "toezegging", "openConditions": ["Als de raad instemt"]}
    put = await partner.put(f"{address}/commitments/{commitment}", json=body, headers=if_match(1))
    assert put.status_code == 200, put.text
    told = bringing(fund, 5, commitment=commitment, stage="toezegging")

    async def conditions() -> list[str]:
        found = (await partner.get(address)).json()["commitments"]
        open_still: list[str] = next(c["openConditions"] for c in found if c["id"] == str(commitment))
        return open_still

    await outsider.says(secured(adoption, {**told, "firm": False}))
    assert await conditions() == ["Als de raad instemt"]
    await outsider.says(secured(adoption, told))
    assert await conditions() == []


async def test_an_adoption_beyond_the_right_is_refused_as_one_that_is_unknown(
    matching: Standing, people: People
) -> None:
    outsider = Outsider(matching, take_secured, gemeenten=only("GM0268"))
    theirs = await people.adopt("GM0518")
    unknown = {"id": str(uuid4())}
    refusals = [await outsider.is_refused(secured(each), NotYours) for each in (theirs, unknown)]
    details = {refusal.detail.replace(theirs["id"], "x").replace(unknown["id"], "x") for refusal in refusals}
    assert len(details) == 1
    elsewhere = Outsider(matching, take_secured, projects=only(uuid4()))
    assert places(await elsewhere.is_refused(secured(theirs), NotYours)) == {"adoption"}
    everywhere = Outsider(matching, take_secured)
    await everywhere.is_refused(secured(unknown), UnknownEntity)


async def test_nothing_is_secured_any_more_once_the_adoption_ended(outsider: Outsider, people: People) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 400})
    own = await people.gemeente("GM0518")
    await own.post(f"/adoptions/{adoption['id']}/endings", json={"reason": "Klaar"})
    await outsider.is_refused(secured(adoption, bringing(fund, 600)), AdoptionHasEnded)


async def test_twenty_that_secure_one_plan_at_once_tell_it_once(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    adoption, fund = await shared_by(people, baseContribution={"amountEuro": 400})
    offered = secured(adoption, bringing(fund, 600))
    await asyncio.gather(*(outsider.says(anew(offered)) for _ in range(20)))
    said = [each for each in await matching.said(adoption["id"]) if "funding" in each.type]
    assert len(said) == 1
