"""The platform that runs, its ledger, and the names under which the examples log in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.settings import Settings
from services.impact.service import service
from shared.messaging.outbox import Outbox
from shared.storage import Database, connect
from tests.platform import DATABASE, Platform
from tests.system.examples.ledger import Ledger
from tests.system.examples.programs import NODE
from tests.waiting import eventually

SOURCE = "urn:nld:oin:00000099000000000001:systeem:impact"


@pytest.fixture
async def ledger(platform: Platform) -> AsyncIterator[Ledger]:
    """Of a project of its own."""
    settings: Settings = platform.settings
    password = (settings.passwords / "impact").read_text(encoding="utf-8")
    pool = await connect(platform.stack.postgres.dsn("impact", password, DATABASE), most=2, name="examples")
    try:
        yield Ledger(Database(pool, Outbox(SOURCE, service.says).append))
    finally:
        await pool.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a secret: the development issuer looks whether there is one."""
    file = tmp_path / "secret"
    file.write_text("anything", encoding="utf-8")
    return file


@pytest.fixture
def variables(platform: Platform, secret: Path) -> dict[str, str]:
    """What the examples need to find the platform."""
    places = platform.places
    return {
        "TOKEN_URL": f"{places.issuer}/token",
        "CLIENT_SECRET_FILE": str(secret),
        "EVENTS_URL": f"{places.services['submission']}/v1/events",
        "IMPACT_URL": f"{places.services['impact']}/v1",
        "KAFKA_SERVERS": places.kafka,
    }


@pytest.fixture
async def subscribed(variables: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of impact with the token of a subscriber, of which no webhook is left in the end."""
    form = {"grant_type": "client_credentials", "client_id": "voorbeeld-dashboard", "client_secret": "anything"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        token = (await http.post(variables["TOKEN_URL"], data=form)).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http
        await eventually(lambda: has_none_left(http, f"{variables['IMPACT_URL']}/webhooks"))


async def has_none_left(http: httpx.AsyncClient, webhooks: str) -> bool:
    """Deletes them as they stand now: figures of other tests would be sent, for days, to receivers that are gone."""
    left = (await http.get(webhooks)).json()["items"]
    for each in left:
        headers = {"If-Match": f'"{each["revision"]}"', "Idempotency-Key": str(uuid4())}
        await http.delete(f"{webhooks}/{each['id']}", headers=headers)
    return not left


@pytest.fixture(autouse=True)
def _needs_node() -> None:
    """Without Node.js half of the examples cannot run: better told than passed over."""
    assert NODE, "These tests need Node.js 20 or later, as make lint-contracts does."
