"""Services to ask and to tell things, each on a schema of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from shared.runtime import Service
from tests.servers import PostgresServer
from tests.standing import Standing, standing

StandUp = Callable[[Service], Awaitable[Standing]]


@pytest.fixture(scope="module")
async def stand_up(postgres: PostgresServer) -> AsyncIterator[StandUp]:
    """Stands a service up on a fresh database; it goes when the module's tests are done."""
    async with AsyncExitStack() as stack:

        async def up(service: Service) -> Standing:
            return await stack.enter_async_context(standing(service, postgres))

        yield up
