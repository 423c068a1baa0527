"""A service of which nothing waits, and its operator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from shared.web import Role
from tests.integration.shared.runtime.toy.service import toy
from tests.servers import PostgresServer
from tests.standing import Standing, standing


@pytest.fixture(scope="module")
async def stand(postgres: PostgresServer) -> AsyncIterator[Standing]:
    async with standing(toy(f"toy{uuid4().hex[:8]}"), postgres) as up:
        yield up


@pytest.fixture
async def operator(stand: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may, of a service of which nothing waits."""
    async with stand.database.transaction() as tx:
        for table in ("parked", "dead_letter", "stopped", "outbox", "note"):
            await tx.execute(f"delete from {table}")
    async with stand.client_for(Role.OPERATOR) as client:
        yield client
