"""A replica needs no order of starting, and nobody to start it again when Postgres or Kafka come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.setup import create_topics, find_coordinators
from shared.contracts.event import Stream
from tests.messaging import opened, rows
from tests.ports import free_port
from tests.replicas import Replica, Toy, migrated, replica
from tests.topics import TOPICS, administering, log_of
from tests.waiting import eventually


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One of our own, in which nothing is set up."""
    kafka = Kafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port(), with_parent=True)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """One of our own."""
    postgres = Postgres(tmp_path / "postgres", free_port(), with_parent=True)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


@pytest.fixture
async def toy(postgres: Postgres, kafka: Kafka, tmp_path: Path) -> Toy:
    """One that can run on those, once they run."""
    return await migrated(postgres, kafka.servers, tmp_path)


def waits_for(one: Replica, what: str) -> bool:
    return any(line["message"].startswith(f"waiting for {what} at ") for line in one.lines("WARNING"))


async def has_only(one: Replica, problem: str) -> bool:
    """Whether it is not ready, for this reason alone."""
    code, problems = await one.health()
    return (code, [found.partition(" (")[0] for found in problems]) == (503, [problem])


async def post(one: Replica, word: str) -> int:
    answer = await one.http.post("/v1/notes", json={"word": word}, headers={"Idempotency-Key": str(uuid4())})
    return answer.status_code


async def test_without_topics_a_replica_names_one_and_ends(toy: Toy) -> None:
    async with replica(toy) as one:
        assert await one.exit_code() == 1
        (line,) = one.lines("CRITICAL")
        assert f"TopicMissing: Topic {Stream.ADOPTIONS.topic} is not there" in line["message"]
        assert line["message"].endswith("Run the set-up first.")


async def test_after_the_set_up_the_first_consumer_finds_its_coordinator_at_once(
    kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    async with administering(kafka.servers) as admin:
        assert sorted(await create_topics(admin, 1, 1)) == sorted(TOPICS)
        await find_coordinators(admin, ["the-first-group"])
    caplog.clear()
    consumer = AIOKafkaConsumer(TOPICS[0], bootstrap_servers=kafka.servers, group_id="the-first-group")
    await consumer.start()
    await eventually(consumer.assignment, what="it has partitions")
    await consumer.stop()
    assert [line.getMessage() for line in caplog.records if line.levelname in ("WARNING", "ERROR")] == []


async def test_a_replica_waits_for_what_is_not_there_yet_and_goes_on_when_it_comes_back(
    postgres: Postgres, kafka: Kafka, toy: Toy
) -> None:
    postgres.stop()
    kafka.stop()
    async with replica(toy) as one, replica(toy) as impatient:
        await eventually(lambda: waits_for(one, "Postgres"), what="it waits for Postgres")
        postgres.start()
        await eventually(lambda: waits_for(one, "Kafka"), what="it waits for Kafka")
        await eventually(lambda: waits_for(impatient, "Kafka"), what="the other waits too")
        assert await impatient.stop() == 0
        assert impatient.lines("CRITICAL") == []
        kafka.start()
        await one.ready()
        assert await post(one, "before") == 201

        postgres.stop()
        await eventually(lambda: has_only(one, "database: Postgres does not answer"), what="it says so, and no more")
        assert (await one.health("live"))[0] == 200
        assert await post(one, "during") == 503
        postgres.start()
        await one.ready()
        assert await post(one, "after") == 201
        async with opened(toy.schema) as database:
            await eventually(lambda: nothing_waits(toy), what="all was told")
            assert await rows(database, "select word from note where word <> 'begin' order by id") == [
                ("before",),
                ("after",),
            ]
        assert await one.stop() == 0
        assert one.lines("CRITICAL") == []
    # What was under way when Postgres went may be told again: it bears the same id.
    told = await log_of(kafka.servers, Stream.ADOPTIONS.topic)
    assert len({dict(one.headers)["ce_id"] for one in told}) == 2


async def nothing_waits(toy: Toy) -> bool:
    async with opened(toy.schema) as database:
        return not await rows(database, "select from outbox")
