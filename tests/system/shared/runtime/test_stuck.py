"""A replica that is stuck ends itself and says why; one that only waits for others does not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.kafka import Kafka
from shared.contracts.event import Stream
from shared.storage import Database
from tests.messaging import ended as ended_adoption
from tests.messaging import opened, record, rows, withdrawn
from tests.ports import free_port
from tests.replicas import Replica, Toy, migrated, replica
from tests.servers import PostgresServer
from tests.topics import topics_anew, write
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
SOON = {"STALLED_SECONDS": "5"}


@pytest.fixture
def kafka_of_our_own(tmp_path: Path) -> Iterator[Kafka]:
    """One that a test may stop."""
    kafka = Kafka(tmp_path / "kafka", free_port(), free_port(), with_parent=True)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


async def hears(toy: Toy, word: str, project: UUID = ONE) -> None:
    await write(toy.variables["KAFKA_SERVERS"], [record(withdrawn(project, word), 1)])


async def ended(one: Replica) -> str:
    """The one line that says why it ended, which it did with an exit code that tells its supervisor so."""
    await eventually(lambda: one.process.poll() is not None, within=90, what="the replica ends")
    assert one.process.returncode == 1
    (line,) = one.lines("CRITICAL")
    message: str = line["message"]
    return message


async def noted(database: Database, word: str) -> bool:
    return bool(await rows(database, "select from note where word = $1", word))


async def test_a_reaction_that_never_returns_ends_the_replica_and_names_the_partition(toy: Toy) -> None:
    async with replica(toy.but(**SOON)) as one:
        await one.ready()
        await hears(toy, "hangt")
        line = await ended(one)
    place = f"{Stream.PROJECTS.topic}/0"
    assert line == (
        f"{toy.schema.name} stops: Stuck: {place}, the consumer stood still for 5 s, though Kafka and Postgres answer"
    )


async def test_work_that_blocks_the_event_loop_ends_the_replica_and_names_the_line(toy: Toy) -> None:
    async with replica(toy.but(**SOON)) as one:
        await one.ready()
        await hears(toy, "blokkeert")
        line = await ended(one)
    assert line.startswith("stuck, and stops: the event loop has not turned for 5 s; it stands at ")
    assert "toy/trouble.py" in line.rpartition(" > ")[2]


async def test_a_producer_whose_sender_has_ended_ends_the_replica(toy: Toy) -> None:
    async with replica(toy.but(**SOON)) as one:
        await one.ready()
        await hears(toy, "eerst")
        async with opened(toy.schema) as database:
            await eventually(lambda: noted(database, "eerst"), within=60, what="the first word was heard")
            await eventually(lambda: all_told(database), within=60, what="it was told, by a producer that lives")
        await hears(toy, "zender", TWO)
        line = await ended(one)
    assert line.endswith("Stuck: the task that sends to Kafka has ended: nothing would be told any more")


async def all_told(database: Database) -> bool:
    return not await rows(database, "select from outbox")


@contextmanager
def held(process_id: int) -> Iterator[None]:
    """It stands still: its connections stay, and nothing answers."""
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


async def test_nothing_is_ended_while_kafka_is_away(
    postgres: PostgresServer, kafka_of_our_own: Kafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await topics_anew(kafka_of_our_own.servers)
    toy = await migrated(postgres, kafka_of_our_own.servers, tmp_path_factory.mktemp("toy"))
    process = kafka_of_our_own.daemon.process()
    assert process is not None
    async with replica(toy.but(**SOON)) as one, opened(toy.schema) as database:
        await one.ready()
        await hears(toy, "voor")
        await eventually(lambda: noted(database, "voor"), within=60)
        await eventually(lambda: all_told(database), within=60, what="its producer knows the topic")
        with held(process.pid):
            async with database.transaction() as tx:
                tx.say(
                    ended_adoption(TWO, "wacht")
                )  # on a topic that is known: an unknown one is left alone for a while
            await eventually(lambda: len(waits(one)) >= 2, within=120, what="its patience was at stake, and again")
            await eventually(lambda: has_status(one, "ready", 503), what="Kafka is silent for long enough to say so")
            assert await has_status(one, "live", 200)
        await eventually(lambda: all_told(database), within=90, what="what waited was told")
        assert await one.stop() == 0
        assert one.lines("CRITICAL") == []


async def has_status(one: Replica, path: str, status: int) -> bool:
    return (await one.health(path))[0] == status


def waits(one: Replica) -> list[str]:
    return [m for line in one.lines("WARNING") if (m := line["message"]).startswith("this replica waits for Kafka or")]


async def test_a_replica_that_was_stopped_for_longer_than_its_patience_goes_on(toy: Toy) -> None:
    async with replica(toy.but(**SOON)) as one, opened(toy.schema) as database:
        await one.ready()
        with held(one.process.pid):
            await hears(toy, "daarna")
            await asyncio.to_thread(os.waitid, os.P_PID, one.process.pid, os.WSTOPPED)
            deadline = asyncio.get_running_loop().time() + 8
            await eventually(lambda: asyncio.get_running_loop().time() > deadline)
        await eventually(lambda: noted(database, "daarna"), within=90, what="it heard what came meanwhile")
        assert await one.stop() == 0
        assert one.lines("CRITICAL") == []
