"""Relays and consumers that run for as long as a test lets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from shared.contracts.event import Stream
from shared.messaging import Reaction
from shared.messaging.consumer import Consumer
from shared.messaging.places import Places
from shared.messaging.producer import Producer
from shared.messaging.relay import Check, Relay, unchecked
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.messaging import CLUSTER, Schema

STOP_WITHIN_SECONDS = 60
CUT_OFF_WITHIN_SECONDS = 30
"""Clients alone may take six seconds to close without a broker; what would never end has not ended after this either."""


@dataclass
class Run:
    """Something that runs, and the task it runs in."""

    task: asyncio.Task[None]

    async def cut_off(self) -> None:
        """Ends it as hard as one process can: it does not get to finish anything. Raises: AssertionError if it goes on."""
        self.task.cancel()
        _, late = await asyncio.wait([self.task], timeout=CUT_OFF_WITHIN_SECONDS)
        assert not late, f"it goes on after it was cancelled: {late}"


@dataclass
class Telling(Run):
    """A relay, with its producer and its connections."""

    relay: Relay
    producer: Producer

    async def stop(self) -> None:
        """In an orderly way. Raises: what it failed with; TimeoutError when it does not end."""
        self.relay.stop()
        await asyncio.wait_for(self.task, STOP_WITHIN_SECONDS)
        await self.producer.stop()


@dataclass
class Hearing(Run):
    """A consumer."""

    consumer: Consumer

    async def stop(self) -> None:
        """In an orderly way. Raises: what it failed with; TimeoutError when it does not end."""
        self.consumer.stop()
        await asyncio.wait_for(self.task, STOP_WITHIN_SECONDS)


@asynccontextmanager
async def telling(
    schema: Schema,
    servers: str,
    told_days: int = 35,
    producer: Producer | None = None,
    check: Check = unchecked,
) -> AsyncIterator[Telling]:
    """A relay of this schema."""
    producer = producer or Producer(servers, schema.name)
    relay = Relay(lambda: asyncpg.connect(schema.dsn), producer, CLUSTER, told_days=told_days, check=check)
    run = Telling(asyncio.create_task(relay.run()), relay, producer)
    try:
        yield run
    finally:
        if not run.task.done():
            relay.stop()
            _, late = await asyncio.wait([run.task], timeout=STOP_WITHIN_SECONDS)
            if late:
                await run.cut_off()
        await producer.stop()


def unique_group() -> str:
    """A consumer group that nobody else is in."""
    return f"group-{uuid4().hex}"


@asynccontextmanager
async def hearing(
    database: Database,
    servers: str,
    group: str,
    reactions: Sequence[Reaction] = toy.REACTIONS,
    *,
    records: int = 500,
    cluster: str = CLUSTER,
    streams: Sequence[Stream] = (Stream.PROJECTS,),
) -> AsyncIterator[Hearing]:
    """A member of this group."""
    topics = [stream.topic for stream in streams]
    consumer = Consumer(
        servers, group, topics, toy.listener(database, reactions), Places(database, cluster), records=records
    )
    run = Hearing(asyncio.create_task(consumer.run()), consumer)
    try:
        yield run
    finally:
        if not run.task.done():
            consumer.stop()
            _, late = await asyncio.wait([run.task], timeout=STOP_WITHIN_SECONDS)
            if late:
                await run.cut_off()
