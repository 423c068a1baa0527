"""The impact service, standing, and adoptions that it has heard of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.impact.service import service
from shared.runtime import Service
from shared.runtime.duties import do_what_is_due
from shared.runtime.service import DailyDuty
from shared.web import Role
from tests.integration.services.impact.sample import DEN_HAAG, MANAGER, Adopted, Adopts, started
from tests.standing import START, Standing


@pytest.fixture(scope="module")
async def module_impact(stand_up: Callable[[Service], Awaitable[Standing]]) -> Standing:
    """On a database that the tests of one module share: each test brings projects of its own."""
    return await stand_up(service)


@pytest.fixture
def impact(module_impact: Standing) -> Standing:
    """The service, with the clock at its start."""
    module_impact.now = START
    return module_impact


@pytest.fixture
async def anyone(impact: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    async with impact.client_for() as client:
        yield client


@pytest.fixture
async def manager(impact: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """A programme manager."""
    async with impact.client_for(MANAGER) as client:
        yield client


@pytest.fixture
async def adopts(impact: Standing) -> AsyncIterator[Adopts]:
    """Lets adoptions be heard of, each with a client of its gemeente."""
    async with AsyncExitStack() as stack:

        async def heard(gemeente: str = DEN_HAAG, project: UUID | None = None, **more: Any) -> Adopted:
            adoption, of = uuid4(), project or uuid4()
            await impact.hear(started(adoption, of, gemeente, **more))
            own = await stack.enter_async_context(impact.client_for(Role.GEMEENTE, gemeente=gemeente))
            return Adopted(adoption, of, gemeente, own)

        yield heard


@pytest.fixture
async def adopted(adopts: Adopts) -> Adopted:
    """Den Haag, with a project of its own."""
    return await adopts()


@pytest.fixture
def next_morning(impact: Standing) -> Callable[[], Awaitable[None]]:
    """Lets a day go by, and the daily round with it."""

    async def passes() -> None:
        impact.now = impact.now.replace(day=impact.now.day + 1)
        async with impact.database.transaction() as tx:
            await tx.execute("delete from duty")  # the tests of a module begin on the same day, on one database
        duties = [duty for duty in service.does if isinstance(duty, DailyDuty)]
        await do_what_is_due(impact.database, duties, lambda: impact.now)

    return passes
