"""One producer serves several at once: they share a client, and what one of them does wrong is no other's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from shared.contracts.event import Stream
from shared.messaging.producer import Outgoing, Producer

PROJECTS = Stream.PROJECTS.topic
TOO_LARGE = b"x" * 2_000_000


@pytest.fixture
async def producer(servers: str) -> AsyncIterator[Producer]:
    producer = Producer(servers, "operator")
    yield producer
    await producer.stop()


def records(value: bytes, count: int = 1) -> list[Outgoing]:
    """All of one key."""
    return [Outgoing(PROJECTS, b"key", value, [])] * count


async def test_two_first_uses_at_once_start_one_client(producer: Producer, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[AIOKafkaProducer] = []
    start = AIOKafkaProducer.start

    async def counted(self: AIOKafkaProducer) -> None:
        started.append(self)
        await start(self)

    monkeypatch.setattr(AIOKafkaProducer, "start", counted)
    answers = await asyncio.gather(*(producer.send(records(b"{}")) for _ in range(2)))

    assert len(started) == 1
    assert sorted(one.offset for (one,) in answers if isinstance(one, RecordMetadata)) == [0, 1]


async def test_of_two_that_send_at_once_the_one_that_may_not_takes_nothing_from_the_other(producer: Producer) -> None:
    await producer.send(records(b"{}"))

    fine, refused = await asyncio.gather(producer.send(records(b"{}", 100)), producer.send(records(TOO_LARGE)))

    assert [one.offset for one in fine if isinstance(one, RecordMetadata)] == list(range(1, 101))
    assert isinstance(refused[0], MessageSizeTooLargeError)


async def test_it_stops_within_bounds_while_one_sends_and_another_waits(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def hangs(*_: object, **__: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(AIOKafkaProducer, "send", hangs)
    both = [asyncio.create_task(producer.send(records(b"{}"))) for _ in range(2)]
    await asyncio.wait_for(reached.wait(), 60)

    await asyncio.wait_for(producer.stop(), 20)

    for each in both:
        each.cancel()
    await asyncio.wait(both)
