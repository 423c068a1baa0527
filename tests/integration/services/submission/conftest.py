"""The submission service, standing, and somebody who submits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.submission.service import service
from shared.runtime import Service
from shared.web import Role
from tests.integration.services.submission.sample import COMPLETE, EVIDENCE, OWNER
from tests.standing import Standing


@pytest.fixture(scope="module")
async def submission(stand_up: Callable[[Service], Awaitable[Standing]]) -> Standing:
    """On a database that the tests of one module share: each test makes projects of its own."""
    return await stand_up(service)


@pytest.fixture
async def owner(submission: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who submits for the organisation OWNER."""
    async with submission.client_for(Role.SUBMITTER, organisation=OWNER) as client:
        yield client


@pytest.fixture
async def concept(owner: httpx.AsyncClient) -> dict[str, Any]:
    """A project of which the concept is complete."""
    begun = (await owner.post("/projects", json=COMPLETE)).json()
    assert (await owner.post(f"/projects/{begun['id']}/evidence", json=EVIDENCE)).status_code == 201
    read: dict[str, Any] = (await owner.get(f"/projects/{begun['id']}")).json()
    return read


@pytest.fixture
async def submitted(owner: httpx.AsyncClient, concept: dict[str, Any]) -> dict[str, Any]:
    """A project of which version 1 was submitted."""
    answer = await owner.post(f"/projects/{concept['id']}/submissions")
    assert answer.status_code == 201
    read: dict[str, Any] = answer.json()
    return read
