"""Whether a consumer still moves: a partition that stands still and a broker that is silent are seen."""

from __future__ import annotations

import os
import signal
import time
from uuid import UUID

from deploy.local.kafka import Kafka
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.test_consumer import Slow
from tests.messaging import life, value
from tests.topics import write
from tests.waiting import eventually

ONE = UUID(int=1)


async def test_a_partition_in_which_nothing_moves_is_seen_until_it_moves(database: Database, servers: str) -> None:
    slow = Slow()
    async with hearing(
        database, servers, unique_group(), [*toy.REACTIONS, each(ProjectWithdrawn, slow)], records=2
    ) as run:
        await eventually(lambda: run.consumer.is_placed)
        await write(servers, life(ONE, "abcde"))
        await slow.reached.wait()

        (stalled,) = await eventually(lambda: run.consumer.stalled(0.2))
        assert (stalled.topic, run.consumer.stalled(60)) == (life(ONE, "a")[0].topic, [])

        slow.open.set()
        await eventually(lambda: value(database, "select sequence = 5 from heard"))
        await eventually(lambda: run.consumer.stalled(0.2) == [])


async def test_a_broker_that_answers_no_more_is_seen_until_it_does(database: Database, own_kafka: Kafka) -> None:
    process = own_kafka.daemon.process()
    assert process is not None
    async with hearing(database, own_kafka.servers, unique_group()) as run:
        await eventually(lambda: run.consumer.is_placed)
        begun = run.consumer.answered_at
        await eventually(lambda: run.consumer.answered_at > begun)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            await eventually(lambda: time.monotonic() - run.consumer.answered_at > 3)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        await eventually(lambda: time.monotonic() - run.consumer.answered_at < 2)
