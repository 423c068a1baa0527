"""Whether a consumer still moves: a partition that stands still and a broker that is silent are seen."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Event
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.checking import LogCheck
from shared.messaging.consumer import Consumer
from shared.messaging.hearing import Admission, declared
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from shared.runtime import vitals
from shared.runtime.vitals import Vitals
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.test_consumer import Slow
from tests.integration.shared.runtime.toy.service import toy as declared_toy
from tests.messaging import CLUSTER, Schema, life, value
from tests.topics import write
from tests.waiting import eventually

ONE = UUID(int=1)


async def test_what_a_batch_that_does_not_end_holds_is_seen_until_it_ends(database: Database, servers: str) -> None:
    slow = Slow()
    async with hearing(
        database, servers, unique_group(), [*toy.REACTIONS, each(ProjectWithdrawn, slow)], records=2
    ) as run:
        await eventually(lambda: run.consumer.is_placed)
        await write(servers, life(ONE, "abcde"))
        await slow.reached.wait()
        (held,) = run.consumer.under_way
        assert held.topic == life(ONE, "a")[0].topic
        assert run.consumer.lag()[held] > 0

        slow.open.set()
        await eventually(lambda: value(database, "select sequence = 5 from heard"))
        await eventually(lambda: run.consumer.under_way == {} and run.consumer.lag()[held] == 0)


async def test_a_batch_that_takes_long_moves_as_long_as_its_reactions_do(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended for that, a replica would begin the same batch again, and be ended again, for ever."""
    monkeypatch.setattr(vitals, "LONG_SECONDS", 0.0)
    turns = asyncio.Semaphore(0)

    async def slowly(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        await turns.acquire()

    async with hearing(
        database, servers, unique_group(), [*toy.REACTIONS, each(ProjectWithdrawn, slowly)], records=3
    ) as run:
        watched = _watched(database, schema, servers, run.consumer)
        await eventually(lambda: run.consumer.is_placed)
        await write(servers, life(ONE, "abc"))
        await eventually(lambda: run.consumer.under_way)
        await eventually(lambda: run.consumer.listener.calls == 5, what="only the slow ones are left")
        seen = {_marks(watched)}
        for nth in (6, 7):
            turns.release()
            await eventually(lambda: run.consumer.listener.calls == nth)  # noqa: B023 - awaited at once
            seen.add(_marks(watched))
        assert len(seen) == 3
        assert _marks(watched) in seen, "nothing moves when no reaction does"
        turns.release()
        await eventually(lambda: value(database, "select sequence = 3 from heard"))


def _watched(database: Database, schema: Schema, servers: str, consumer: Consumer) -> Vitals:
    producer = Producer(servers, schema.name)
    check = LogCheck(servers, "test", [], CLUSTER, producer)
    admission = Admission(database, declared(toy.REACTIONS))
    admission.problem = None
    relay = Relay(lambda: asyncpg.connect(schema.dsn), producer, CLUSTER)
    return Vitals(declared_toy(schema.name), database, consumer, relay, admission, check)


def _marks(watched: Vitals) -> Hashable:
    return frozenset((name, mark) for name, mark in watched.marks().items() if name != "the relay")
