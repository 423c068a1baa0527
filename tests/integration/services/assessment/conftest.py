"""The assessment service, standing, with a board of four on it and projects that come in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import httpx
import pytest

from services.assessment.service import service
from shared.runtime import Service
from shared.web import Role
from tests.integration.services.assessment.sample import SEATS, Decided, Opened, Somebody, decision, submitted
from tests.standing import Standing, if_match


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
def decided(manager: httpx.AsyncClient, members: list[Somebody]) -> Decided:
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
