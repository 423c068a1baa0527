"""The services that run, as outside systems publish into them over Kafka: floods, rubbish and kills take nothing from anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest

from shared.contracts.encoding import encoded
from shared.contracts.events import ProjectSubmitted
from tests.messaging import Record
from tests.platform import Platform
from tests.system.test_journey_from_outside import BOARD, OWNER, Outside, project, verdict_on
from tests.topics import write, write_unreadable
from tests.waiting import eventually

INBOUND = f"inbound.{OWNER}.{ProjectSubmitted.TYPE}"
FLOOD, SENT = 10_000, 300
ACCEPTED = "select count(*) from publication where status = 'accepted' and source = $1"
SAID = """
select count(*), count(distinct key) from (select key, headers from told union all select key, headers from outbox) t
where headers->>'ce_causationid' in (select id::text from publication where source = $1)
"""


@pytest.fixture
async def outside(platform: Platform) -> AsyncIterator[Outside]:
    """The systems that access.yaml names as examples."""
    async with AsyncExitStack() as stack:
        yield Outside(platform, stack)


def record(submitted: ProjectSubmitted, source: str) -> Record:
    """A project as its owner's system writes it to Kafka."""
    headers = {"specversion": "1.0", "id": str(submitted.project), "source": source, "type": submitted.ce_type()}
    named = [(f"ce_{name}", text.encode()) for name, text in headers.items()]
    return Record(INBOUND, 0, 0, str(submitted.project).encode(), encoded(submitted), named)


async def is_ready(platform: Platform, service: str) -> bool:
    """Whether it says so itself."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        return (await http.get(f"{platform.places.services[service]}/health/ready")).status_code == 200


async def test_a_flood_of_rubbish_holds_up_nobody(outside: Outside) -> None:
    platform, source, last = outside.platform, f"https://{uuid4()}", project()
    servers = platform.settings.kafka_servers
    rubbish = [Record(INBOUND, 0, 0, b"k", value, [("x", b"y")]) for value in (b"x" * 300, b"{", b"\x00\xff", None)]
    flooding = asyncio.create_task(write(servers, [*rubbish * (FLOOD // 4), record(project(), source)]))

    submitted = project()
    await outside.is_taken(OWNER, "submission", submitted)
    await outside.is_taken(BOARD, "assessment", verdict_on(submitted))  # which assessment takes once it has heard of it

    await flooding
    await write_unreadable(servers, INBOUND, 0)
    await write(servers, [record(last, source)])
    asked = await outside.asks("submission", role="publisher", client=OWNER)

    async def is_published() -> bool:
        found = (await asked.get("/publications", params={"source": source, "id": str(last.project)})).json()["items"]
        return [one["status"] for one in found] == ["accepted"]

    await eventually(is_published, within=180, what="what comes behind the flood is published")
    await eventually(lambda: is_ready(platform, "submission"))
    assert await platform.fetch("submission", "select from dead_letter where topic = $1", INBOUND) == []


async def test_a_service_that_is_killed_in_the_middle_publishes_each_once(outside: Outside) -> None:
    platform, source = outside.platform, f"https://{uuid4()}"

    async def accepted() -> int:
        (row,) = await platform.fetch("submission", ACCEPTED, source)
        count: int = row["count"]
        return count

    sent = [record(project(), source) for _ in range(SENT)]
    async with asyncio.TaskGroup() as group:
        group.create_task(write(platform.settings.kafka_servers, sent))
        await eventually(lambda: _at_least(accepted(), 1), what="the first are published")
        platform.kill("submission")
    await platform.start("submission")

    await eventually(lambda: _at_least(accepted(), SENT), within=180, what="all are published")
    (said,) = await platform.fetch("submission", SAID, source)
    assert tuple(said) == (SENT, SENT)


async def _at_least(counting: Awaitable[int], least: int) -> bool:
    return await counting >= least
