"""Of each thing only one repair runs at once, whatever the repair; the second is told so, changes nothing, and may try again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.event import Stream
from shared.messaging import audit
from shared.messaging.audit import Act, Busy
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.messaging.producer import Producer
from shared.messaging.repairing import Repair
from shared.messaging.rewinding import rewind
from shared.storage import Database, Transaction
from tests.messaging import record, rows, value, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS
TOPIC = PROJECTS.topic
ACT = Act("operator-7", "proef")
KEY = f"{TOPIC} {ONE}"
DATA = {"project": str(ONE), "projectVersion": 1, "reason": "a", "withdrawnOn": "2026-11-01"}
ENTITY = f"projects {ONE}"
Holding = Callable[[Database, str], AbstractAsyncContextManager[None]]
Repairing = Callable[[Desk, UUID], Awaitable[object]]
REPAIRS: Mapping[str, tuple[str, Repairing]] = {
    "parked fix": (ENTITY, lambda desk, _: desk.fix(ACT, PROJECTS, ONE, 1, Repair(data=DATA))),
    "parked release": (ENTITY, lambda desk, _: desk.release(ACT, PROJECTS, ONE)),
    "parked discard": (ENTITY, lambda desk, _: desk.discard(ACT, PROJECTS, ONE, 1)),
    "dead-letters replay": ("dead letter {letter}", lambda desk, letter: desk.replay(ACT, letter)),
    "dead-letters discard": ("dead letter {letter}", lambda desk, letter: desk.throw_away(ACT, letter)),
    "outbox release": (KEY, lambda desk, _: desk.go_on(ACT, TOPIC, str(ONE))),
    "outbox resend": (KEY, lambda desk, _: desk.resend(ACT, TOPIC, str(ONE))),
}
CHANGED = ("parked", "heard", "skipped", "dead_letter", "stopped", "told", "positions", "audit")


@pytest.fixture
async def letter(database: Database, listener: Listener) -> UUID:
    """A failed record, a stopped key and a place of ONE; and a dead letter, of which this is the id."""
    nameless = record(withdrawn(TWO), 1, offset=2, changed={"ce_subject": None})
    await listener.hear([record(withdrawn(ONE), 1, value=b"{"), nameless], [])
    async with database.transaction() as tx:
        await tx.execute("insert into stopped (topic, key, reason) values ($1, $2, 'r')", TOPIC, str(ONE))
        await tx.execute("insert into positions (topic, part, next, cluster) values ($1, 0, 3, 'c')", TOPIC)
    found: UUID = await value(database, "select id from dead_letter")
    return found


@pytest.fixture
async def desk(database: Database, listener: Listener) -> AsyncIterator[Desk]:
    producer = Producer("127.0.0.1:1", "operator")
    yield Desk(database, listener, producer)
    await producer.stop()


async def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    return [await rows(database, f"select * from {table} order by 1, 2") for table in CHANGED]


@asynccontextmanager
async def on_the_command_line(database: Database, thing: str) -> AsyncIterator[None]:
    """Somebody repairs it in transactions of the desk's own."""
    async with audit.fenced(database, thing):
        yield


@asynccontextmanager
async def over_http(database: Database, thing: str) -> AsyncIterator[None]:
    """Somebody repairs it in the transaction of a request."""
    async with database.transaction() as tx:
        await audit.fence(tx, thing)
        yield


@pytest.mark.parametrize("other", [on_the_command_line, over_http])
@pytest.mark.parametrize("name", REPAIRS)
async def test_a_second_repair_of_a_thing_is_refused_and_changes_nothing(
    database: Database, desk: Desk, letter: UUID, name: str, other: Holding
) -> None:
    thing, repair = REPAIRS[name]
    before = await everything(database)
    async with other(database, thing.format(letter=letter)):
        with pytest.raises(Busy, match="Somebody else repairs"):
            await repair(desk, letter)
        async with database.transaction() as tx:
            with pytest.raises(Busy):
                await repair(desk.within(tx), letter)
    assert await everything(database) == before


@pytest.mark.parametrize("name", ["parked fix", "parked discard", "dead-letters discard", "outbox release"])
async def test_it_may_try_again_when_the_first_has_ended_and_another_thing_keeps_nobody_out(
    database: Database, desk: Desk, letter: UUID, name: str
) -> None:
    thing, repair = REPAIRS[name]
    async with audit.fenced(database, thing.format(letter=letter)):
        pass
    async with audit.fenced(database, f"projects {TWO}"):
        await repair(desk, letter)
    assert await value(database, "select action from audit") == name


@pytest.mark.usefixtures("letter")
async def test_of_two_that_send_a_service_back_in_a_topic_only_one_does(database: Database) -> None:
    async def back(tx: Transaction) -> str:
        return await rewind(tx, ACT, TOPIC, None)

    async with database.transaction() as first:
        await back(first)
        async with database.transaction() as second:
            with pytest.raises(Busy):
                await back(second)
    assert await value(database, "select count(*) from audit") == 1
