"""Before anything is told the owner holds its log against what it knows: whatever happened to either, nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Stream
from shared.messaging.checking import LogAhead, LogCheck
from shared.messaging.producer import Producer
from shared.messaging.refilling import LogCut
from shared.storage import Database
from tests.integration.shared.messaging.running import Telling, telling
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.messaging import CLUSTER, Record, Schema, record, rows, value, withdrawn
from tests.topics import log_of, topics_anew, write
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS.topic


def checking(schema: Schema, servers: str, producer: Producer, cluster: str = CLUSTER) -> LogCheck:
    """The check of the toy, which owns projects. Its name stands in the source of what it says."""
    return LogCheck(servers, "test", [Stream.PROJECTS], cluster, producer)


@asynccontextmanager
async def checked(schema: Schema, servers: str) -> AsyncIterator[Telling]:
    """A relay that checks before it tells."""
    producer = Producer(servers, schema.name)
    async with telling(schema, servers, producer=producer, check=checking(schema, servers, producer)) as run:
        yield run


async def log_records(servers: str) -> list[Record]:
    """What stands in the log, as it can be written again."""
    return [
        Record(each.topic, each.partition, each.offset, each.key, each.value, each.headers)
        for each in await log_of(servers, PROJECTS)
    ]


async def cut(servers: str, keep: int) -> Sequence[Record]:
    """Only the first so many records of the log remain. Returns what it was."""
    whole = await log_records(servers)
    await topics_anew(servers)
    await write(servers, whole[:keep])
    return whole


async def told(database: Database, schema: Schema, servers: str, *words: str, entity: UUID = ONE) -> None:
    """Says these words, and lets a relay tell them."""
    before = await value(database, "select count(*)::int from told")
    await say(database, *words, entity=entity)
    async with checked(schema, servers):
        await until_told(database, before + len(words))


async def back_up(schema: Schema) -> None:
    """Keeps what stands in the tables of the owner."""
    await schema.alter("; ".join(f"create table kept_{name} as table {name}" for name in TABLES))


async def restore(schema: Schema) -> None:
    """Puts it back."""
    await schema.alter("alter table said disable trigger said_never_lower")
    columns = "shard, seq, id, topic, key, sequence, headers, value, written"
    fill = {
        "outbox": f"insert into outbox ({columns[7:]}) overriding system value select {columns[7:]} from kept_outbox"
    }
    for name in TABLES:
        await schema.alter(f"delete from {name}; {fill.get(name, f'insert into {name} table kept_{name}')}")
        await schema.alter(f"drop table kept_{name}")
    await schema.alter("alter table said enable trigger said_never_lower")


TABLES = ("said", "outbox", "told", "confirmed")


async def test_rule_06_what_stands_in_the_log_already_is_not_told_again(
    database: Database, schema: Schema, servers: str
) -> None:
    """Guard: the check moves to `told` what it finds in the log (shared/messaging/checking.py)."""
    await told(database, schema, servers, "a")
    await say(database, "b", "c")
    await back_up(schema)
    async with checked(schema, servers):
        await until_told(database, 3)
    await restore(schema)

    async with checked(schema, servers):
        await until_told(database, 3)
        await say(database, "d")
        await until_told(database, 4)

    log = await log_of(servers, PROJECTS)
    assert [dict(each.headers)["ce_sequence"] for each in log] == [b"1", b"2", b"3", b"4"]
    places = await rows(database, "select sequence, off from told order by sequence")
    assert places == [(1, 0), (2, 1), (3, 2), (4, 3)]


async def test_rule_06_a_log_that_is_ahead_of_what_was_said_stops_the_relay_before_it_tells_anything(
    database: Database, schema: Schema, servers: str
) -> None:
    """Guard: LogAhead, raised before the first claim (shared/messaging/checking.py)."""
    await told(database, schema, servers, "a")
    await back_up(schema)
    await told(database, schema, servers, "b", "c")
    await restore(schema)
    await say(database, "z", entity=TWO)

    async with checked(schema, servers) as run:
        with pytest.raises(LogAhead, match=f"1 entities .such as projects {ONE}: the log has version 3, and we said 1"):
            await run.task

    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2, 3]}


async def test_rule_06_another_event_in_a_version_that_waits_stops_it_as_well(
    database: Database, schema: Schema, servers: str
) -> None:
    """Guard: UNKNOWN compares ids too (shared/messaging/claims.py)."""
    await told(database, schema, servers, "a")
    await back_up(schema)
    await told(database, schema, servers, "b")
    await restore(schema)
    await say(database, "other b")

    async with checked(schema, servers) as run:
        with pytest.raises(LogAhead, match="log has version 2, and we said 2"):
            await run.task


async def test_what_others_wrote_on_our_topic_stops_nothing(database: Database, schema: Schema, servers: str) -> None:
    stranger = {"ce_source": b"urn:nld:oin:00000099000000000001:systeem:other"}
    await write(
        servers,
        [
            record(withdrawn(TWO), 7, changed=stranger),
            record(withdrawn(TWO), 8, changed={"ce_id": b"\xff"}),
            record(withdrawn(TWO), 9, changed={"ce_sequence": b"many"}),
            record(withdrawn(TWO), 10, changed={"ce_source": None}),
        ],
    )

    await told(database, schema, servers, "a")

    assert await value(database, "select count(*) from told") == 1


async def test_the_end_of_the_log_that_was_cut_off_is_told_again_before_anything_new(
    database: Database, schema: Schema, servers: str
) -> None:
    await told(database, schema, servers, *"abcde")
    before = await cut(servers, keep=2)
    await say(database, "f")

    async with checked(schema, servers):
        await until_told(database, 9)

    after = await log_records(servers)
    assert [(r.offset, r.key, r.value, r.headers) for r in after[:5]] == [
        (r.offset, r.key, r.value, r.headers) for r in before
    ]
    assert versions(after) == {str(ONE): [1, 2, 3, 4, 5, 6]}
    ((actor, action, outcome),) = await rows(database, "select actor, action, outcome from audit")
    assert (actor, action, outcome) == ("relay", "outbox refill", "3 events told again, from offset 2 on")


async def test_a_log_that_was_made_anew_is_told_again_whole_as_long_as_all_of_it_is_kept(
    database: Database, schema: Schema, servers: str
) -> None:
    await told(database, schema, servers, *"abc")
    await topics_anew(servers)

    await told(database, schema, servers, "d")

    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2, 3, 4]}


async def test_what_is_no_longer_kept_stops_the_relay_until_an_operator_looks(
    database: Database, schema: Schema, servers: str
) -> None:
    await told(database, schema, servers, *"abc")
    await topics_anew(servers)
    await schema.alter("delete from told where sequence = 1")

    async with checked(schema, servers) as run:
        with pytest.raises(LogCut, match="was told up to 3, and now ends at 0"):
            await run.task

    assert await log_of(servers, PROJECTS) == []


async def test_a_cut_that_happens_while_the_relay_runs_is_seen_at_the_next_answer(
    database: Database, schema: Schema, servers: str
) -> None:
    async with checked(schema, servers):
        await say(database, *"abcde")
        await until_told(database, 5)
        await cut(servers, keep=2)
        await say(database, "f")
        await eventually(lambda: _whole(servers, 6), within=60, what="all six stand in the log")

    assert await value(database, "select count(*) from outbox") == 0


async def _whole(servers: str, count: int) -> bool:
    found = versions(await log_of(servers, PROJECTS)).get(str(ONE), [])
    return sorted(found) == list(range(1, count + 1))


async def test_the_next_check_reads_only_what_came_since(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(database, schema, servers, *"abc")
    await schema.alter("delete from said")  # whoever read the log again would find it ahead

    producer = Producer(servers, schema.name)
    connection = await asyncpg.connect(schema.dsn)
    reached = await checking(schema, servers, producer)(connection)
    await connection.close()

    assert sum(reached.values()) == 3


async def test_in_another_cluster_the_log_is_read_whole(database: Database, schema: Schema, servers: str) -> None:
    await told(database, schema, servers, *"abc")
    await schema.alter("delete from said")

    producer = Producer(servers, schema.name)
    connection = await asyncpg.connect(schema.dsn)
    with pytest.raises(LogAhead):
        await checking(schema, servers, producer, cluster="another")(connection)
    await connection.close()
