"""A replica is not ready before it has all that it needs, and says what it lacks."""

from __future__ import annotations

import asyncio

import pytest

from shared.clock import system_clock
from shared.runtime.running import Running
from shared.storage import Database
from tests.messaging import CLUSTER, opened
from tests.replicas import Toy


@pytest.fixture
async def running(toy: Toy, database: Database) -> Running:
    """A replica that was not started."""
    return Running(toy.service, toy.settings, database, CLUSTER, system_clock)


async def test_before_it_may_hear_and_has_partitions_it_is_not_ready(running: Running) -> None:
    ready = running.vitals.ready()
    assert await ready["consumer"]() == "it was not looked yet whether this code may hear"
    await running.admission.wait(asyncio.Event())
    assert await ready["consumer"]() == "no partitions were assigned yet"
    assert await ready["database"]() is None


async def test_without_postgres_it_is_not_ready(running: Running, toy: Toy) -> None:
    async with opened(toy.schema) as database:
        running.vitals.database = database
    ready = running.vitals.ready()
    assert str(await ready["database"]()).startswith("Postgres does not answer (")
