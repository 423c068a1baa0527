"""The toy, and who may publish into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shared.publishing import telling
from shared.runtime import inbound
from shared.web import Role
from tests.integration.shared.publishing.listening import Ground, ground
from tests.integration.shared.publishing.sending import ACCESS
from tests.integration.shared.publishing.toy.service import toy
from tests.servers import KafkaServer, PostgresServer
from tests.standing import Standing, standing

TABLES = ("ended", "repaired", "publication", "outbox", "positions")


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Who is declared."""
    file = tmp_path_factory.mktemp("access") / "access.yaml"
    file.write_text(ACCESS, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
async def standing_toy(postgres: PostgresServer, access: Path) -> AsyncIterator[Standing]:
    """One for the module."""
    async with standing(toy(f"toy{uuid4().hex[:8]}"), postgres, access) as up:
        yield up


@pytest.fixture
async def stand(standing_toy: Standing) -> Standing:
    """The same, into which nothing was published yet."""
    async with standing_toy.database.transaction() as tx:
        for table in TABLES:
            await tx.execute(f"delete from {table}")
    return standing_toy


@pytest.fixture
async def fund(stand: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """A fund, which may publish for one gemeente."""
    async with stand.client_for(Role.PUBLISHER, client="fonds") as client:
        yield client


@pytest.fixture
async def other_fund(stand: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """Another one, with the same rights."""
    async with stand.client_for(Role.PUBLISHER, client="ander-fonds") as client:
        yield client


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks often whether something has changed."""
    for module, name in (
        (inbound, "LOOK_EVERY_SECONDS"),
        (telling, "LOOK_AGAIN_SECONDS"),
        (telling, "TAKE_THE_LEAD_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.1)
    monkeypatch.setattr("shared.access.declared.LOOK_EVERY_SECONDS", 0.1)


@pytest.fixture
async def on(postgres: PostgresServer, kafka: KafkaServer, tmp_path: Path) -> AsyncIterator[Ground]:
    """Where the toy stands."""
    async with ground(postgres, kafka.servers, tmp_path) as made:
        yield made
