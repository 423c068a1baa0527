"""A replica as whoever runs it sees it: it ends when told, loses nothing, shares its work, and says why it cannot go on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import psutil
import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from deploy.local.ports import HOST
from shared.contracts.event import Stream
from shared.storage import Database
from tests.integration.shared.runtime.toy.service import GATE
from tests.messaging import PASSWORD, Record, opened, record, rows, value, withdrawn
from tests.replicas import Replica, Toy, replica
from tests.topics import PARTITIONS, administering, log_of, write
from tests.waiting import eventually

PROJECTS = [UUID(int=1 + nth) for nth in range(30)]
MEMBERS = """
select pid, count(*) from pg_locks join pg_stat_activity using (pid)
where locktype = 'advisory' and objid < 16 and application_name = $1 || ' relay' and mode = 'ExclusiveLock' group by pid
"""


@pytest.fixture
async def database(toy: Toy) -> AsyncIterator[Database]:
    async with opened(toy.schema) as database:
        yield database


def of_all_partitions(sequence: int) -> list[Record]:
    """A word of each project, over all partitions."""
    words = [record(withdrawn(project, f"woord {sequence}"), sequence) for project in PROJECTS]
    return [replace(word, partition=nth % PARTITIONS) for nth, word in enumerate(words)]


async def noted(database: Database) -> int:
    found: int = await value(database, "select count(*) from note where word like 'woord%'")
    return found


async def told(toy: Toy) -> list[str]:
    """The keys of what subscribers got."""
    servers = toy.variables["KAFKA_SERVERS"]
    return sorted(one.key.decode() for one in await log_of(servers, Stream.ADOPTIONS.topic))


async def all_told(database: Database) -> bool:
    return not await rows(database, "select from outbox")


@asynccontextmanager
async def shut_gate(toy: Toy) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Nothing can be written until the context ends."""
    holder = await asyncpg.connect(toy.schema.dsn)
    try:
        await holder.execute(f"select pg_advisory_lock({GATE})")
        yield holder
    finally:
        await holder.close()


async def waiting_at_gate(database: Database) -> int:
    sql = "select count(*) from pg_stat_activity where usename = current_user and wait_event_type = 'Lock'"
    found: int = await value(database, sql)
    return found


def only_critical(one: Replica) -> str:
    """The one line that says why it ended."""
    (line,) = one.lines("CRITICAL")
    message: str = line["message"]
    return message


async def test_one_that_is_told_to_end_with_work_in_hand_finishes_that_first(toy: Toy, database: Database) -> None:
    async with replica(toy) as one:
        await one.ready()
        async with shut_gate(toy):
            await write(toy.variables["KAFKA_SERVERS"], of_all_partitions(1))
            key = {"Idempotency-Key": str(uuid4())}
            request = asyncio.create_task(one.http.post("/v1/notes", json={"word": "woord"}, headers=key))
            await eventually(lambda: at_gate(database, 2), what="a batch and a request are under way")
            one.process.terminate()
            await eventually(lambda: refuses(one), what="it takes no new requests")
        assert (await request).status_code == 201
        assert await one.exit_code() == 0
        assert one.lines("ERROR") + one.lines("CRITICAL") == []
        in_hand = await noted(database)

    assert in_hand > 1
    async with replica(toy) as another:
        await another.ready()
        await eventually(lambda: have_noted(database, len(PROJECTS) + 1), what="all was heard")
        await eventually(lambda: all_told(database), what="all was told")
        assert await another.stop() == 0
    keys = await told(toy)
    assert len(keys) == len(set(keys)) == len(PROJECTS) + 1


async def at_gate(database: Database, least: int) -> bool:
    return await waiting_at_gate(database) >= least


async def refuses(one: Replica) -> bool:
    return (await one.health("live"))[0] == 0


async def have_noted(database: Database, count: int) -> bool:
    return await noted(database) == count


async def test_two_replicas_share_partitions_and_shards_and_one_takes_over_all(toy: Toy, database: Database) -> None:
    async with replica(toy) as one, replica(toy) as two:
        await asyncio.gather(one.ready(), two.ready())
        await eventually(lambda: shards_are(database, toy, [8, 8]), what="each tells half of the shards")
        await eventually(lambda: partitions_are(toy, [3, 3]), what="each hears half of the partitions")
        await write(toy.variables["KAFKA_SERVERS"], of_all_partitions(1))
        await eventually(lambda: have_noted(database, len(PROJECTS)), what="both have heard")
        assert await one.stop() == 0
        await eventually(lambda: shards_are(database, toy, [16]), what="the other tells all")
        await write(toy.variables["KAFKA_SERVERS"], of_all_partitions(2))
        await eventually(lambda: have_noted(database, 2 * len(PROJECTS)), what="the other hears all")
        await eventually(lambda: all_told(database), what="all was told")
        # Midnight may have passed: then there are two days.
        counts = await rows(database, "select count(*) from day group by day")
        assert {count for (count,) in counts} == {1}, "each did the daily duty"
        assert two.lines("ERROR") + two.lines("CRITICAL") == []
        assert await two.stop() == 0
    assert await told(toy) == sorted(str(project) for project in PROJECTS for _ in range(2))


async def partitions_are(toy: Toy, share: list[int]) -> bool:
    async with administering(toy.variables["KAFKA_SERVERS"]) as admin:
        (answer,) = await admin.describe_consumer_groups([toy.schema.name])
    members = [ConsumerProtocolMemberAssignment.decode(member[-1]) for group in answer.groups for member in group[5]]
    return sorted(len(parts) for member in members for _, parts in member.assignment) == share


async def shards_are(database: Database, toy: Toy, share: list[int]) -> bool:
    return sorted(count for _, count in await rows(database, MEMBERS, toy.schema.name)) == share


async def has_health(one: Replica, health: tuple[int, list[str]]) -> bool:
    return await one.health() == health


async def test_a_password_is_in_no_log_and_no_list_of_processes(toy: Toy) -> None:
    async with replica(toy.but(LOG_LEVEL="DEBUG")) as one:
        await one.ready()
        await toy.schema.alter("delete from migration where name = 'toy/0001_pre_note.sql'")
        missing = ["database: migrations are missing: toy/0001_pre_note.sql; run migrate"]
        await eventually(lambda: has_health(one, (503, missing)), what="it lacks one, and nothing else")
        assert (await one.health("live"))[0] == 200
        assert PASSWORD not in " ".join(psutil.Process(one.process.pid).cmdline())
        assert await one.stop() == 0
        assert PASSWORD not in one.output.read_text(encoding="utf-8")


async def test_a_consumer_that_cannot_go_on_ends_the_replica_with_one_line(toy: Toy, database: Database) -> None:
    async with database.transaction() as tx:
        for part in range(PARTITIONS):
            await tx.execute(
                "insert into positions values ($1, $2, 1, 'another-cluster', null)", Stream.PROJECTS.topic, part
            )
    async with replica(toy) as one:
        assert await one.exit_code() == 1
        assert f"{toy.schema.name} stops: LogChanged: {Stream.PROJECTS.topic}/0 was read in cluster" in only_critical(
            one
        )


async def test_a_relay_that_cannot_go_on_ends_the_replica_with_one_line(toy: Toy) -> None:
    async with replica(toy) as one:
        await one.ready()
        await toy.schema.alter(f"revoke select on outbox from {toy.schema.name}")
        assert await one.exit_code() == 1
        expected = f"{toy.schema.name} stops: InsufficientPrivilegeError: permission denied for table outbox"
        assert only_critical(one) == expected


async def test_a_port_that_is_taken_ends_the_replica_with_one_line(toy: Toy) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        async with replica(toy, port) as late:
            assert await late.exit_code() == 1
            assert only_critical(late).endswith(f"cannot listen on {HOST}:{port}: is it in use?")


async def test_what_no_waiting_helps_ends_a_replica_at_once(toy: Toy) -> None:
    wrong = toy.folder / "wrong"
    wrong.write_text("hunter2hunter2", encoding="utf-8")
    await toy.schema.alter("delete from migration where name = 'toy/0001_pre_note.sql'")
    name = toy.schema.name
    faults = [
        (toy, f"NotGuaranteed: The database lacks toy/0001_pre_note.sql. Run: python -m services.{name} migrate"),
        (toy.but(DATABASE_PASSWORD_FILE=str(wrong)), "InvalidPasswordError: password authentication failed"),
        (toy.but(DATABASE_PASSWORD_FILE="/no/where"), "NoSecret: DATABASE_PASSWORD_FILE: /no/where cannot be read"),
    ]
    for nth, (one, complaint) in enumerate(faults):
        async with replica(one) as failing:
            assert await failing.exit_code() == 1
            assert only_critical(failing).startswith(f"{name} stops: {complaint}"), nth
            assert "hunter2" not in failing.output.read_text(encoding="utf-8")
