"""The catalogue at two members of the service at once: what two topics bring to one row both stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from services.matching.catalogue.store import load_many
from services.matching.service import service
from shared.contracts.event import EventData, Stream
from shared.storage import Database
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.messaging import Record
from tests.servers import KafkaServer
from tests.standing import Standing
from tests.standing import record_of as plain
from tests.told import assessed, submitted
from tests.topics import PARTITIONS, topics_anew, write
from tests.waiting import eventually

PROJECTS = 120
STREAMS = (Stream.PROJECTS, Stream.ASSESSMENTS)


def first(data: EventData, partition: int) -> Record:
    """The first event of its entity, on this partition."""
    record = plain(data, 1)
    return Record(record.topic, partition, 0, record.key, record.value, list(record.headers))


async def offered(database: Database, projects: Sequence[UUID]) -> list[int | None]:
    """The version of each project that can be taken over."""
    async with database.reading() as tx:
        entries = await load_many(tx, projects)
    return [entries[p].offered_version if p in entries else None for p in projects]


async def test_sharp_03_first_submitted_and_first_assessed_of_one_project_at_two_members_at_once_both_stand(
    matching: Standing, kafka: KafkaServer
) -> None:
    """Guard: sorted locks on state keys before they are loaded (shared/messaging/reacting.py)."""
    await topics_anew(kafka.servers)
    projects = [uuid4() for _ in range(PROJECTS)]
    group = unique_group()
    async with AsyncExitStack() as stack:
        members = [
            await stack.enter_async_context(
                hearing(matching.database, kafka.servers, group, service.hears, records=20, streams=STREAMS)
            )
            for _ in range(2)
        ]
        await eventually(lambda: all(member.consumer.at for member in members), within=60, what="both have partitions")
        # A partition of both topics goes to one member: a project's verdict stands on one that the other member has.
        half = PARTITIONS // 2
        await asyncio.gather(
            write(kafka.servers, [first(submitted(p), nth % half) for nth, p in enumerate(projects)]),
            write(kafka.servers, [first(assessed(p), half + nth % half) for nth, p in enumerate(projects)]),
        )
        await eventually(
            lambda: sum(member.consumer.handled for member in members) >= 2 * PROJECTS, within=60, what="all is heard"
        )
        assert all(member.consumer.handled for member in members)

    assert await offered(matching.database, projects) == [1] * PROJECTS
