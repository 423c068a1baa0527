"""The assessment service, standing, with a board of four on it and projects that come in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.assessment.service import service
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.contracts.vocabulary import Criterion, Phase, RelationKind, TargetGroup
from shared.reference.criteria import PARTS
from shared.runtime import Service
from shared.web import Role
from tests.standing import Standing, if_match

Json = dict[str, Any]
DAY = date(2026, 11, 24)
EVIDENCE = UUID(int=9)
SEATS = ("directeur", "vng", "partners", "inhoudsdeskundige")


def submitted(project: UUID, version: int = 1, behind: UUID | None = None, **more: object) -> ProjectSubmitted:
    """A project version as its organisation submits it."""
    told = {
        "project": project, "project_version": version, "title": f"Plan {version}", "summary": "Een fonds",
        "phases": [Phase.PLAN_MAKEN], "target_groups": [TargetGroup.JONGEREN], "available_from": DAY,
        "effort_fte": 1, "cost_euro": 1000,
        "involvements": [{"organisation": behind or uuid4(), "relation": RelationKind.INDIENER}],
        "evidence": [{
            "id": EVIDENCE, "criterion": Criterion.WERKBAAR, "part": "echte-clienten",
            "link": "https://example.nl", "quote": "53 jongeren van schuld af",
        }],
        "submitted_on": DAY,
    }  # fmt: skip
    return ProjectSubmitted.model_validate({**told, **more})


def withdrawn(project: UUID, version: int = 1) -> ProjectWithdrawn:
    """That project, offered no longer."""
    return ProjectWithdrawn(project=project, project_version=version, reason="De financiering stopt", withdrawn_on=DAY)


def scores(score: int | None = 4) -> Json:
    """A complete review: the same score for every part."""
    given = {"score": score, "evidence": [str(EVIDENCE)], "note": "Toelichting"}
    return {"scores": [{"criterion": part.criterion, "part": part.slug, **given} for part in PARTS]}


def decision(verdict: str = "overnemen", **more: object) -> Json:
    """A complete decision."""
    reasons = [{"criterion": c, "reason": "Het werkt", "evidence": [str(EVIDENCE)]} for c in Criterion]
    return {"verdict": verdict, "evidenceLevel": "goed-onderbouwd", "reasons": reasons, **more}


@dataclass(frozen=True)
class Somebody:
    """A member of the board: the client that the member asks with, and the member's own organisation."""

    id: str
    client: httpx.AsyncClient
    organisation: UUID

    async def reviews(self, assessment: str, score: int = 4) -> None:
        """Scores every part alike and hands in."""
        put = await self.client.put(f"/assessments/{assessment}/reviews/mine", json=scores(score), headers=if_match(0))
        assert put.status_code == 200
        handed_in = await self.client.post(f"/assessments/{assessment}/review-submissions")
        assert handed_in.status_code == 201


@pytest.fixture(scope="module")
async def assessment(stand_up: Callable[[Service], Awaitable[Standing]]) -> Standing:
    """On a database that the tests of one module share: each test brings projects of its own."""
    return await stand_up(service)


@pytest.fixture(scope="module")
async def manager(assessment: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """A programme manager without a seat."""
    async with assessment.client_for(Role.PROGRAMME_MANAGER) as client:
        yield client


@pytest.fixture(scope="module")
async def members(assessment: Standing, manager: httpx.AsyncClient) -> AsyncIterator[list[Somebody]]:
    """Four members, each on a seat of its own, each of an organisation of its own."""
    async with AsyncExitStack() as stack:
        seated = []
        for seat in SEATS:
            organisation, subject = uuid4(), f"lid-{seat}"
            body = {
                "subject": subject, "name": f"Lid {seat}", "seat": seat, "since": "2024-01-01",
                "affiliations": [{"organisation": str(organisation)}],
            }  # fmt: skip
            made = await manager.post("/board-members", json=body)
            assert made.status_code == 201
            client = await stack.enter_async_context(assessment.client_for(Role.BOARD_MEMBER, subject=subject))
            seated.append(Somebody(made.json()["id"], client, organisation))
        yield seated


Opened = Callable[..., Awaitable[str]]


@pytest.fixture
def opened(assessment: Standing) -> Opened:
    """Opens the assessment of a version that comes in, and gives its id."""

    async def comes_in(project: UUID | None = None, version: int = 1, **more: object) -> str:
        told = submitted(project or uuid4(), version, **more)  # type: ignore[arg-type]  # fields by name
        await assessment.hear(told)
        async with assessment.database.reading() as tx:
            found = await tx.fetchval(
                "select id from assessment where project = $1 and project_version = $2", told.project, version
            )
        return str(found)

    return comes_in


@pytest.fixture
def decided(manager: httpx.AsyncClient, members: list[Somebody]) -> Callable[..., Awaitable[None]]:
    """Lets all four review an assessment, and prepares a decision."""

    async def decides(assessment: str, verdict: str = "overnemen", score: int = 4, **more: object) -> None:
        for member in members:
            await member.reviews(assessment, score)
        revision = (await manager.get(f"/assessments/{assessment}")).json()["revision"]
        put = await manager.put(
            f"/assessments/{assessment}/decision", json=decision(verdict, **more), headers=if_match(revision)
        )
        assert put.status_code == 200, put.text

    return decides
