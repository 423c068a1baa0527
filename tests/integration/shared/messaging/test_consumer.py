"""The consumer keeps its place in Postgres: stopped, killed or joined by others, each record has one effect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from deploy.local.ports import HOST
from deploy.local.postgres import Postgres
from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import Hearing, hearing, unique_group
from tests.integration.shared.messaging.toy import heard
from tests.messaging import Record, Schema, fresh_schema, life, opened, record, rows, value, withdrawn
from tests.ports import free_port
from tests.topics import PARTITIONS, administering, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
LIVES = [UUID(int=number) for number in range(1, 31)]
NEXT = "select coalesce(sum(next), 0)::int from positions"


def spread(versions: range) -> list[Record]:
    """These versions of all lives, each life on a partition of its own choice."""
    made = [record(withdrawn(entity, f"{nth}"), nth) for nth in versions for entity in LIVES]
    return [
        Record(one.topic, LIVES.index(UUID((one.key or b"").decode())) % PARTITIONS, 0, one.key, one.value, one.headers)
        for one in made
    ]


async def all_heard(database: Database, version: int) -> None:
    done = "select count(*) = $1 from heard where sequence = $2"
    await eventually(lambda: value(database, done, len(LIVES), version), what=f"all heard to {version}")


async def assert_one_effect_each(database: Database, last: int) -> None:
    expected = tuple(str(nth) for nth in range(1, last + 1))
    assert {tuple(found) for (found,) in await rows(database, "select words from life")} == {expected}
    assert await value(database, "select count(*) from echo") == last * len(LIVES)
    assert await rows(database, "select * from parked") == []


@pytest.fixture
async def other(schema: Schema) -> AsyncIterator[Database]:
    """The database as another replica sees it."""
    async with opened(schema) as database:
        yield database


async def counted(records: int, *members: Hearing) -> None:
    """Members have handled so many together, and no more. They count a batch a moment after its effects can be seen."""
    await eventually(lambda: sum(member.consumer.handled for member in members) >= records)
    assert sum(member.consumer.handled for member in members) == records


class Slow:
    """A reaction that stands still until it may go on."""

    __name__ = "slow"

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        self.reached.set()
        await self.open.wait()


async def test_it_hears_from_the_beginning_and_goes_on_where_it_was(database: Database, servers: str) -> None:
    group = unique_group()
    await write(servers, spread(range(1, 4)))

    async with hearing(database, servers, group) as first:
        await all_heard(database, 3)
        await first.stop()
    await write(servers, spread(range(4, 6)))
    async with hearing(database, servers, group) as second:
        await all_heard(database, 5)
        await counted(2 * len(LIVES), second)
        await eventually(lambda: sum(second.consumer.lag().values()) == 0)

    await assert_one_effect_each(database, 5)
    assert await value(database, NEXT) == 5 * len(LIVES)


async def test_a_poll_that_fails_after_a_part_of_it_came_is_read_again_as_a_whole(
    database: Database, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(servers, spread(range(1, 41)))
    asked, refusals = AIOKafkaConsumer.getmany, 3
    refused: list[int] = []

    async def often_refused(
        client: AIOKafkaConsumer, *only: TopicPartition, timeout_ms: int, max_records: int
    ) -> object:
        if timeout_ms == 0 and len(refused) < refusals:  # the first part of a poll is the one that may wait
            refused.append(max_records)
            raise KafkaConnectionError
        return await asked(client, *only, timeout_ms=timeout_ms, max_records=max_records)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", often_refused)
    async with hearing(database, servers, unique_group()) as run:
        await all_heard(database, 40)
        await counted(40 * len(LIVES), run)

    assert len(refused) == refusals
    await assert_one_effect_each(database, 40)


async def test_it_is_told_several_brokers_and_takes_the_one_that_answers(database: Database, servers: str) -> None:
    await write(servers, spread(range(1, 2)))
    async with hearing(database, f"{HOST}:{free_port()},{servers}", unique_group()):
        await all_heard(database, 1)


async def test_members_that_come_and_go_under_load_have_one_effect_each(
    database: Database, other: Database, servers: str
) -> None:
    group, enough = unique_group(), asyncio.Event()

    async def load() -> int:
        version = 0
        while not enough.is_set():
            version += 1
            await write(servers, spread(range(version, version + 1)))
        return version

    async with hearing(database, servers, group, records=20):
        loading = asyncio.create_task(load())
        async with hearing(other, servers, group, records=20) as dying:
            await eventually(lambda: dying.consumer.handled > 20)
            await dying.cut_off()
        async with hearing(other, servers, group, records=20) as leaving:
            await eventually(lambda: leaving.consumer.handled > 20)
            await leaving.stop()
        enough.set()
        last = await loading
        await all_heard(database, last)

    await assert_one_effect_each(database, last)


@pytest.mark.parametrize("committed", ["ahead", "behind"])
async def test_rule_10_its_own_place_counts_and_not_the_one_that_kafka_remembers(
    database: Database, servers: str, committed: str
) -> None:
    """Guard: an assignment seeks to the place in Postgres (shared/messaging/consumer.py)."""
    group = unique_group()
    await write(servers, spread(range(1, 4)))
    async with hearing(database, servers, group) as first:
        await all_heard(database, 3)
        await first.stop()
    await write(servers, spread(range(4, 6)))

    kafka = AIOKafkaConsumer(PROJECTS, bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await kafka.start()
    parts = [TopicPartition(PROJECTS, nth) for nth in range(PARTITIONS)]
    await eventually(lambda: len(kafka.assignment()) == PARTITIONS)
    end = await kafka.end_offsets(parts)
    await kafka.commit({part: end[part] if committed == "ahead" else 1 for part in parts})
    await kafka.stop()

    async with hearing(database, servers, group) as second:
        await all_heard(database, 5)
        await counted(2 * len(LIVES), second)
    await assert_one_effect_each(database, 5)


async def test_who_watches_the_lag_in_kafka_sees_where_it_is(database: Database, servers: str) -> None:
    group = unique_group()
    await write(servers, spread(range(1, 3)))

    async with hearing(database, servers, group), administering(servers) as admin:
        await all_heard(database, 2)

        async def committed() -> int:
            offsets = await admin.list_consumer_group_offsets(group)
            return sum(offset.offset for offset in offsets.values())

        async def caught_up() -> bool:
            return await committed() == 2 * len(LIVES)

        await eventually(caught_up)


async def test_it_goes_on_when_postgres_comes_back(own_postgres: Postgres, servers: str) -> None:
    schema = await fresh_schema(own_postgres, toy.TABLES)
    async with opened(schema) as database, hearing(database, servers, unique_group()) as ears:
        await write(servers, spread(range(1, 3)))
        await all_heard(database, 2)
        own_postgres.kill()
        await write(servers, spread(range(3, 5)))
        own_postgres.begin()
        await eventually(own_postgres.ready)
        await eventually(lambda: _answers(schema))
        await all_heard(database, 4)
        assert not ears.task.done()
        await assert_one_effect_each(database, 4)


async def _answers(schema: Schema) -> bool:
    try:
        await (await asyncpg.connect(schema.dsn)).close()
    except (OSError, asyncpg.PostgresError):
        return False
    return True


async def test_it_stops_within_seconds_even_while_it_waits(database: Database, servers: str) -> None:
    async def never(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        await tx.execute("do $$ begin raise exception 'full' using errcode = '53100'; end $$")

    await write(servers, life(LIVES[0], "a"))
    async with hearing(database, servers, unique_group(), [each(ProjectWithdrawn, never)]) as ears:
        await eventually(lambda: ears.consumer.is_placed)
        begun = time.monotonic()
        await ears.stop()

    assert time.monotonic() - begun < 30, "by itself it would wait for ever"
    assert await heard(database, LIVES[0]) == (0, "free")
