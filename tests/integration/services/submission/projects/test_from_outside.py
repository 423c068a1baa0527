"""What comes of a project that an outside system submits for an organisation?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.submission.projects.model import AlreadyBeingRevised, IncompleteProject
from services.submission.projects.operations import NotTheNextVersion, take_submitted
from shared.contracts.events import ProjectSubmitted
from shared.refusals import Refusal, UnknownEntity
from tests.integration.services.submission.sample import EVIDENCE
from tests.offered import Outsider, anew, places
from tests.standing import Standing
from tests.told import submitted as told

OTHER = UUID(int=77)


def project(version: int = 1, of: UUID | None = None, **more: Any) -> ProjectSubmitted:
    """A version of a project as its owner's own system tells of it."""
    evidence = [{"id": uuid4(), **EVIDENCE}]
    return told(of or uuid4(), version, **{"evidence": evidence, "regions": ["GM0518"], **more})


@pytest.fixture
def outsider(submission: Standing) -> Outsider:
    """The system of OWNER."""
    return Outsider(submission, take_submitted)


async def test_a_project_is_told_as_it_came_and_the_owner_finds_it(
    outsider: Outsider, owner: httpx.AsyncClient
) -> None:
    offered = project(submitted_on=date(2020, 1, 1))
    said = await outsider.tells(offered)
    assert (said.topic, said.sequence, said.entity) == ("nl.schuldhulpprojecten.projects", 1, offered.project)
    assert said.data == anew(offered, submitted_on="2026-11-24").model_dump(mode="json", by_alias=True)
    found = (await owner.get(f"/projects/{offered.project}")).json()
    assert (found["state"], found["concept"], len(found["versions"])) == ("ingediend", None, 1)


async def test_the_next_version_follows_and_none_is_left_out(outsider: Outsider) -> None:
    first = project()
    await outsider.says(first)
    for wrong in (first, project(3, first.project), project(2)):
        refusal = await outsider.is_refused(wrong, NotTheNextVersion)
        assert places(refusal) == {"projectVersion"}
    assert (await outsider.tells(project(2, first.project, title="Met jongeren"))).sequence == 2


async def test_a_project_of_another_organisation_is_refused_as_one_that_is_unknown(outsider: Outsider) -> None:
    theirs = project(involvements=[{"organisation": OTHER, "relation": "indiener"}])
    await outsider.says(theirs)
    refusal = await outsider.is_refused(project(2, theirs.project), UnknownEntity)
    assert refusal.detail == UnknownEntity("project", theirs.project).detail


@pytest.mark.parametrize("relations", [["eigenaar"], ["indiener", "indiener"]])
async def test_it_must_be_clear_for_whom_a_project_is_submitted(outsider: Outsider, relations: list[str]) -> None:
    involved = [{"organisation": UUID(int=40 + n), "relation": relation} for n, relation in enumerate(relations)]
    assert places(await outsider.is_refused(project(involvements=involved), IncompleteProject)) == {"involvements"}


async def test_everything_that_is_wrong_is_named_at_once(outsider: Outsider) -> None:
    wrong = project(title=" ", regions=["GM9999"], cost_euro=10**11, evidence=[])
    refusal = await outsider.is_refused(wrong, IncompleteProject)
    assert places(refusal) == {"title", "regions.0", "costEuro", "evidence"}


async def test_each_piece_of_evidence_has_an_id_of_its_own(outsider: Outsider) -> None:
    twice = [{"id": UUID(int=1), **EVIDENCE}] * 2
    assert places(await outsider.is_refused(project(evidence=twice), IncompleteProject)) == {"evidence"}


async def test_a_version_that_is_written_in_the_portal_is_not_written_over(
    outsider: Outsider, owner: httpx.AsyncClient, submitted: dict[str, Any]
) -> None:
    begun = (await owner.post(f"/projects/{submitted['id']}/versions")).json()
    refusal = await outsider.is_refused(project(2, UUID(submitted["id"])), AlreadyBeingRevised)
    assert places(refusal) == {"project"}
    assert (await owner.get(f"/projects/{submitted['id']}")).json() == begun


async def test_of_twenty_that_submit_one_version_at_once_one_does(submission: Standing, outsider: Outsider) -> None:
    offered = project()
    became = await asyncio.gather(*(outsider.says(offered) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in became) == 1
    assert all(isinstance(each, tuple | Refusal) for each in became), became
    assert len(await submission.said(offered.project)) == 1
