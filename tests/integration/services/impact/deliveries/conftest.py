"""Subscribers with webhooks, receivers that listen, and replicas that deliver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from shared.feeds.outbound import Allowed
from shared.feeds.outbound_addresses import networks
from shared.web import Role
from tests.integration.services.impact.deliveries.delivery import SUBSCRIBER, Delivery, Json, Subscribes
from tests.receivers import Receiver, Receivers, receivers
from tests.servers import PostgresServer
from tests.standing import PASSWORD, Standing


@pytest.fixture
async def here() -> AsyncIterator[Receivers]:
    """Receivers on this machine."""
    async with receivers() as found:
        yield found


@pytest.fixture
async def subscriber(impact: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """One that nobody else is."""
    async with impact.client_for(Role.SUBSCRIBER, client=SUBSCRIBER) as client:
        yield client


@pytest.fixture
async def delivery(impact: Standing, subscriber: httpx.AsyncClient) -> AsyncIterator[Delivery]:
    """A replica that delivers by the clock of the test; no webhook of another test is left."""
    impact.app.state.allowed = Allowed(networks("127.0.0.0/8"), plain=True)
    async with impact.database.transaction() as tx:
        await tx.execute("delete from webhook")
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(Delivery(impact, subscriber).running())


@pytest.fixture
def subscribes(delivery: Delivery) -> Subscribes:
    """Makes a webhook for a receiver, and returns it once its address has answered the challenge."""

    async def made(receiver: Receiver, **more: object) -> Json:
        answer = await delivery.subscriber.post("/webhooks", json={"address": receiver.address, **more})
        assert answer.status_code == 201, answer.text
        webhook: Json = answer.json()
        await delivery.until(webhook, lambda told: told["state"] == "actief")
        return webhook

    return made


@pytest.fixture
async def dsn(impact: Standing, postgres: PostgresServer) -> str:
    """Where a replica in another process logs in."""
    async with impact.database.reading() as tx:
        name = await tx.fetchval("select current_database()")
    return postgres.dsn("impact", PASSWORD, name)
