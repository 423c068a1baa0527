"""What comes of an adoption that an outside system starts for a gemeente?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.adoptions.model import AlreadyAdopted, InvalidAdoption
from services.matching.adoptions.operations import take_started
from services.matching.catalogue.model import ProjectNotOffered
from services.matching.organisations import store as organisations
from shared.contracts.events import AdoptionStarted
from shared.refusals import Refusal, UnknownEntity
from tests.integration.services.matching.conftest import People
from tests.offered import Outsider, anew, places
from tests.standing import START, Standing
from tests.told import submitted, withdrawn


async def started(matching: Standing, project: UUID, gemeente: str = "GM0268", **more: Any) -> AdoptionStarted:
    """An adoption as the gemeente's own system tells of it."""
    async with matching.database.reading() as tx:
        known = await organisations.of_gemeenten(tx, [gemeente])
    told = {
        "adoption": uuid4(), "gemeente": gemeente, "gemeente_organisation": known.get(gemeente, uuid4()),
        "project": project, "project_version": 1, "budget_euro": 1000, "may_be_named": False, "started_on": START.date(),
    }  # fmt: skip
    return AdoptionStarted.model_validate({**told, **more})


@pytest.fixture
def outsider(matching: Standing) -> Outsider:
    """The system of a gemeente."""
    return Outsider(matching, take_started)


async def test_an_adoption_is_told_as_it_came_and_the_gemeente_finds_it(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    offered = await started(matching, await people.offered(), started_on=date(2026, 11, 1))
    said = await outsider.tells(offered)
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.adoptions", 1)
    assert said.data == anew(offered, started_on="2026-11-24").model_dump(mode="json", by_alias=True)
    found = (await (await people.gemeente("GM0268")).get(f"/adoptions/{offered.adoption}")).json()
    assert (len(found["milestones"]), found["funding"]["gapEuro"], found["mayBeNamed"]) == (10, 1000, False)


async def test_a_project_must_be_on_offer_as_for_the_gemeente_itself(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    gone, later, elsewhere = await people.offered(), uuid4(), await people.offered(regions=["GM0518"])
    await matching.hear(withdrawn(gone), submitted(later))
    for project in (gone, later, elsewhere):
        refusal = await outsider.is_refused(await started(matching, project), ProjectNotOffered)
        assert places(refusal) == {"project"}
    assert places(await outsider.is_refused(await started(matching, uuid4()), InvalidAdoption)) == {"project"}


async def test_another_version_than_the_one_on_offer_is_refused(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    offered = await started(matching, await people.offered(), project_version=2)
    assert places(await outsider.is_refused(offered, ProjectNotOffered)) == {"projectVersion"}


async def test_everything_that_is_wrong_is_named_at_once(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    project, tomorrow = await people.offered(), date(2026, 11, 25)
    wrong = await started(matching, project, gemeente_organisation=uuid4(), started_on=tomorrow)
    refusal = await outsider.is_refused(wrong, InvalidAdoption)
    assert places(refusal) == {"gemeenteOrganisation", "startedOn"}
    refusal = await outsider.is_refused(await started(matching, project, "GM9999"), InvalidAdoption)
    assert places(refusal) == {"gemeente"}
    refusal = await outsider.is_refused(await started(matching, project, budget_euro=10**11), InvalidAdoption)
    assert places(refusal) == {"budgetEuro"}


async def test_what_the_gemeente_takes_over_already_is_not_started_again(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    project = await people.offered()
    offered = await started(matching, project)
    await outsider.says(offered)
    assert places(await outsider.is_refused(anew(offered, may_be_named=True), AlreadyAdopted)) == {"adoption"}
    assert places(await outsider.is_refused(await started(matching, project), AlreadyAdopted)) == {"project"}


async def test_the_id_of_an_adoption_of_another_gemeente_is_refused_as_one_that_is_unknown(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    theirs = await people.adopt("GM0518")
    offered = await started(matching, await people.offered(), adoption=theirs["id"])
    refusal = await outsider.is_refused(offered, UnknownEntity)
    assert refusal.detail == UnknownEntity("overname", theirs["id"]).detail


async def test_of_twenty_that_start_one_adoption_at_once_one_does(
    outsider: Outsider, people: People, matching: Standing
) -> None:
    offered = await started(matching, await people.offered())
    became = await asyncio.gather(*(outsider.says(offered) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in became) == 1
    assert all(isinstance(each, tuple | Refusal) for each in became), became
    assert len(await matching.said(offered.adoption)) == 1
