"""Every kind of bad record: nothing else is held up, nothing vanishes, and an operator brings each to an end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError

from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.audit import Act
from shared.messaging.listener import Listener
from shared.messaging.looking import dead_letters, parked_one
from shared.messaging.looking import parked as listed
from shared.messaging.operating import Desk
from shared.messaging.repairing import Named, Repair
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.toy import heard, words
from tests.messaging import Record, life, rows, value
from tests.poison import DEAD, KINDS, LARGEST_VALUE, PARKED, PASSED, Poison, named, restored
from tests.topics import write, write_unreadable
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS
ACT = Act("operator-7", "proef")


async def mend(desk: Desk, poison: Poison, good: Record, entity: UUID) -> None:
    """What an operator does about it: it is repaired or replayed, or given up."""
    if poison.lands == PARKED and poison.is_hopeless:
        await desk.discard(ACT, PROJECTS, entity, 2)
    elif poison.lands == PARKED:
        repair = Repair(data=json.loads(good.value or b""), headers=restored(poison, good))
        await desk.fix(ACT, PROJECTS, entity, 2, repair)
        await desk.release(ACT, PROJECTS, entity)


async def answer_for(desk: Desk, poison: Poison, good: Record, letter: UUID) -> None:
    """The same of one that nobody could read."""
    if poison.is_hopeless:
        await desk.throw_away(ACT, letter)
    else:
        given: dict[str, Any] = named(poison, good)
        names = Named(
            UUID(given["subject"]) if "subject" in given else None,
            int(given["sequence"]) if "sequence" in given else None,
            UUID(given["id"]) if "id" in given else None,
        )
        await desk.replay(ACT, letter, names)


async def where(database: Database) -> list[tuple[str, str]]:
    """What was kept of bad records: where, and why."""
    async with database.reading() as tx:
        failed = [(PARKED, row.reason) for row in await listed(tx, kind="failed")]
        return failed + [(DEAD, letter.reason) for letter in await dead_letters(tx)]


@pytest.mark.parametrize("poison", KINDS, ids=lambda poison: poison.name)
async def test_it_is_listed_with_its_reason_holds_up_nothing_else_and_can_be_brought_to_an_end(
    listener: Listener, database: Database, poison: Poison
) -> None:
    first, good, third = life(ONE, "abc")
    await listener.hear([first, poison.spoilt(good), third, *life(TWO, "xyz")], [])

    assert await words(database, TWO) == ["x", "y", "z"]
    if poison.lands == PASSED:
        assert (await where(database), await words(database, ONE)) == ([], ["a", "c"])
        return
    ((place, reason),) = await where(database)
    assert place == poison.lands
    assert poison.reason in reason
    assert await words(database, ONE) == ["a"]

    desk = Desk(database, listener)
    await mend(desk, poison, good, ONE)
    for (letter,) in await rows(database, "select id from dead_letter"):
        await answer_for(desk, poison, good, letter)
    if await rows(
        database, "select * from parked"
    ):  # it waits for what nobody could read, and nobody can say what it was
        await desk.discard(ACT, PROJECTS, ONE, 2)

    assert await words(database, ONE) == (["a", "c"] if poison.is_hopeless else ["a", "b", "c"])
    assert await heard(database, ONE) == (3, "free")
    assert await where(database) == []


async def test_all_kinds_at_once_on_the_log_and_one_that_the_client_library_cannot_read(
    database: Database, servers: str
) -> None:
    records = []
    for nth, poison in enumerate(KINDS):
        first, good, third = life(UUID(int=100 + nth), "abc")
        records += [first, poison.spoilt(good), third]
    await write(servers, records)
    await write_unreadable(servers, PROJECTS.topic, 0, life(TWO, "x"))
    await write(servers, life(TWO, "yz", first=2))

    async with hearing(database, servers, unique_group()):
        done = "select sequence = 3 from heard where entity = $1"
        await eventually(lambda: value(database, done, TWO), within=60)

    kept = await where(database)
    assert sorted(place for place, _ in kept) == sorted(
        [*(poison.lands for poison in KINDS if poison.lands != PASSED), DEAD]
    )
    assert all(any(poison.reason in reason for _, reason in kept) for poison in KINDS)
    assert any("not UTF-8" in reason for _, reason in kept)
    assert await words(database, TWO) == ["x", "y", "z"]


async def test_a_broker_that_fails_while_an_unreadable_record_is_looked_for_is_waited_for(
    database: Database, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_unreadable(servers, PROJECTS.topic, 0, life(ONE, "ab"))
    await write(servers, life(TWO, "xyz"))
    asked, refusals = AIOKafkaConsumer.getmany, 3
    refused: list[TopicPartition] = []

    async def often_refused(client: AIOKafkaConsumer, *only: TopicPartition, **limits: int) -> object:
        if only and len(refused) < refusals:  # of one partition it asks only when it reads apart
            refused.extend(only)
            raise KafkaConnectionError
        return await asked(client, *only, **limits)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", often_refused)
    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select count(*) from dead_letter"), within=60)
        await eventually(lambda: value(database, "select sequence = 3 from heard where entity = $1", TWO), within=60)

    assert len(refused) == refusals
    assert await words(database, ONE) == ["a", "b"]


async def test_what_a_topic_takes_at_most_is_parked_and_shown_and_what_is_larger_never_comes(
    database: Database, servers: str
) -> None:
    first, good = life(ONE, "ab")
    largest = replace(good, value=(good.value or b"").ljust(LARGEST_VALUE))
    await write(servers, [first, largest, *life(TWO, "xyz")])
    with pytest.raises(MessageSizeTooLargeError):
        await write(servers, [replace(good, value=(good.value or b"").ljust(LARGEST_VALUE + 1_000))])

    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select sequence = 3 from heard where entity = $1", TWO), within=60)
        await eventually(lambda: value(database, "select count(*) from parked"), within=60)

    ((place, reason),) = await where(database)
    assert (place, f"its data has {LARGEST_VALUE} bytes" in reason) == (PARKED, True)
    async with database.reading() as tx:
        whole = await parked_one(tx, PROJECTS, ONE, 2)
    assert whole.value is not None
    assert whole.value.text == (largest.value or b"").decode()


async def test_a_handler_that_always_fails_for_one_key_holds_up_only_that_key(database: Database) -> None:
    async def choosy(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        if event.subject == ONE:
            raise LookupError("this one never")
        await toy.echoed(tx, event)

    ears = toy.listener(database, [each(ProjectWithdrawn, choosy)])
    await ears.hear([*life(ONE, "abc"), *life(TWO, "xyz")], [])

    assert [(place, "this one never" in reason) for place, reason in await where(database)] == [(PARKED, True)]
    assert await heard(database, ONE) == (0, "stopped")
    assert await heard(database, TWO) == (3, "free")
    await Desk(database, toy.listener(database)).release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == ["a", "b", "c"]


async def test_a_handler_that_fails_for_a_while_fails_no_record(database: Database) -> None:
    failing = iter([True, True])

    async def moody(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        if next(failing, False):
            raise LookupError("not yet")
        await toy.echoed(tx, event)

    await toy.listener(database, [each(ProjectWithdrawn, moody)]).hear(life(ONE, "abc"), [])

    assert await where(database) == []
    assert await rows(database, "select word from echo") == [("a",), ("b",), ("c",)]
