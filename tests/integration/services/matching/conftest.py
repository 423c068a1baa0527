"""The matching service, standing, with people of a gemeente, of partners and of SchuldenlabNL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.matching.service import service
from shared.runtime import Service
from shared.web import Role
from tests.standing import Standing
from tests.told import assessed, submitted, withdrawn

Json = dict[str, Any]


@dataclass
class People:
    """Clients by who they are: the same person again for the same question."""

    standing: Standing
    stack: AsyncExitStack
    clients: dict[tuple[object, ...], httpx.AsyncClient] = field(default_factory=dict)
    projects: list[UUID] = field(default_factory=list)

    async def _client(self, *roles: Role, **who: Any) -> httpx.AsyncClient:
        key = (*roles, *who.values())
        if key not in self.clients:
            self.clients[key] = await self.stack.enter_async_context(self.standing.client_for(*roles, **who))
        return self.clients[key]

    async def gemeente(self, code: str) -> httpx.AsyncClient:
        """Somebody of this gemeente."""
        return await self._client(Role.GEMEENTE, gemeente=code)

    async def partner(self, organisation: str | UUID) -> httpx.AsyncClient:
        """Somebody of this organisation."""
        return await self._client(Role.PARTNER, organisation=UUID(str(organisation)))

    async def manager(self) -> httpx.AsyncClient:
        """A programme manager."""
        return await self._client(Role.PROGRAMME_MANAGER)

    async def nobody(self) -> httpx.AsyncClient:
        """Somebody without a token."""
        return await self._client()

    async def register(self, **more: Any) -> Json:
        """An organisation in the registry."""
        told = {"name": "Bank van het Noorden", "kind": "bank", "regions": ["NL"], "means": ["geld"], **more}
        answer = await (await self.manager()).post("/organisations", json=told)
        assert answer.status_code == 201, answer.text
        registered: Json = answer.json()
        return registered

    async def offered(self, **more: Any) -> UUID:
        """A project that the board lets gemeenten adopt."""
        project = uuid4()
        await self.standing.hear(submitted(project, **more), assessed(project))
        self.projects.append(project)
        return project

    async def adopt(self, gemeente: str, project: UUID | None = None, **more: Any) -> Json:
        """An adoption that runs."""
        body = {"project": str(project or await self.offered()), "mayBeNamed": True, "budgetEuro": 1000, **more}
        answer = await (await self.gemeente(gemeente)).post("/adoptions", json=body)
        assert answer.status_code == 201, answer.text
        started: Json = answer.json()
        return started

    async def take_part(self, adoption: Json, organisation: str, role: str = "geld") -> Json:
        """The gemeente invites an organisation, and it accepts."""
        address = f"/adoptions/{adoption['id']}/partnerships"
        own = await self.gemeente(adoption["gemeente"])
        asked = await own.post(address, json={"organisation": organisation, "role": role})
        accepted = await (await self.partner(organisation)).post(f"{address}/{asked.json()['id']}/confirmations")
        assert accepted.status_code == 201, accepted.text
        partnership: Json = accepted.json()
        return partnership


@pytest.fixture(scope="module")
async def matching(stand_up: Callable[[Service], Awaitable[Standing]]) -> Standing:
    """On a database that the tests of one module share: each test makes projects and organisations of its own."""
    return await stand_up(service)


@pytest.fixture
async def people(matching: Standing) -> AsyncIterator[People]:
    """Who can be asked to do something. The projects that they offer are withdrawn when the test is done."""
    async with AsyncExitStack() as stack:
        people = People(matching, stack)
        yield people
        await matching.hear(*(withdrawn(project) for project in people.projects))
