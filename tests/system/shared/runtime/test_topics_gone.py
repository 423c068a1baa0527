"""A topic that is taken away while a replica runs is named by its readiness, be it one that it reads or one that it writes."""

from __future__ import annotations

import pytest

from shared.contracts.event import Stream
from tests.replicas import Toy, replica
from tests.topics import delete_topics
from tests.waiting import eventually


@pytest.mark.parametrize("stream", [Stream.PROJECTS, Stream.ADOPTIONS], ids=["read", "written"])
async def test_a_replica_of_which_a_topic_is_gone_is_not_ready_and_says_which(toy: Toy, stream: Stream) -> None:
    async with replica(toy) as one:
        await one.ready()
        await delete_topics(toy.settings.kafka_servers, [stream.topic])

        async def is_named() -> bool:
            status, problems = await one.health()
            return (
                status == 503
                and f"topics: topics are gone: {stream.topic}; restore them, or run the set-up" in problems
            )

        await eventually(is_named, within=60, what="its readiness names the topic")
