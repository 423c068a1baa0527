"""Two replicas that hear the same, or write the same: one effect, and nothing lost (docs/messaging.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Event, Stream
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging import Reaction, Say, each, fold
from shared.messaging.audit import Act
from shared.messaging.heard import Overtaken
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.storage import Database
from shared.storage.faults import is_transient
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.gate import Gate
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, Schema, ended, life, opened, record, rows, told_words, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
async def other(schema: Schema) -> AsyncIterator[Database]:
    """The database as another replica sees it."""
    async with opened(schema) as database:
        yield database


async def until_heard(listener: Listener, records: list[Record]) -> int:
    """As the consumer does: again, as long as another replica was first. Returns how often that was."""
    overtaken = 0
    while True:
        with suppress(Overtaken):
            await listener.hear(records, [])
            return overtaken
        overtaken += 1


@pytest.mark.parametrize("heard_before", [0, 2], ids=["its first version", "a later version"])
async def test_rule_08_a_replica_that_was_stopped_before_its_commit_has_no_second_effect(
    database: Database, other: Database, heard_before: int
) -> None:
    """Guard: rows of `heard` rise only from the revision that was read (shared/messaging/heard.py)."""
    records = life(ONE, ["zeg a", "zeg b", "zeg c", "zeg d"])
    await toy.listener(database).hear(records[:heard_before], [])
    gate = Gate()
    stopped = toy.listener(database, [each(ProjectWithdrawn, gate.pass_through), *toy.REACTIONS])

    zombie = asyncio.create_task(stopped.hear(records, []))
    await gate.reached.wait()
    await toy.listener(other).hear(records, [])
    gate.open.set()
    with pytest.raises(Overtaken):
        await zombie
    await stopped.hear(records, [])

    assert await words(database, ONE) == ["zeg a", "zeg b", "zeg c", "zeg d"]
    assert await rows(database, "select count(*) from echo") == [(4,)]
    assert [version for version, _ in await told_words(database, ONE)] == list(range(1, 9))


async def test_a_replica_that_stands_still_with_its_locks_is_thrown_out_and_has_no_effect(
    database: Database, other: Database
) -> None:
    records = life(ONE, ["zeg a", "zeg b"])
    gate = Gate(patience_ms=100)
    stopped = toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, gate.pass_through)])

    zombie = asyncio.create_task(stopped.hear(records, []))
    await gate.reached.wait()
    await toy.listener(other).hear(records, [])
    gate.open.set()
    with pytest.raises(asyncpg.InterfaceError) as thrown_out:
        await zombie

    assert is_transient(thrown_out.value)
    await stopped.hear(records, [])
    assert await words(database, ONE) == ["zeg a", "zeg b"]
    assert await rows(database, "select count(*) from outbox") == [(4,)]


async def test_rule_08_two_replicas_that_hear_the_same_records_at_once_have_one_effect(
    database: Database, other: Database
) -> None:
    """Guard: fewer raised rows than touched entities undo the batch (shared/messaging/heard.py)."""
    entities = [UUID(int=number) for number in range(1, 41)]
    batches = [[record(withdrawn(entity, f"zeg {nth}"), nth) for entity in entities] for nth in range(1, 11)]

    async def replica(ears: Listener) -> None:
        for batch in batches:
            await until_heard(ears, batch)

    await asyncio.gather(replica(toy.listener(database)), replica(toy.listener(other)))

    assert {tuple(found) for (found,) in await rows(database, "select words from life")} == {
        tuple(f"zeg {nth}" for nth in range(1, 11))
    }
    assert await rows(database, "select count(*), count(distinct (key, sequence)), max(sequence) from outbox") == [
        (800, 800, 20)
    ]


async def test_a_record_that_is_parked_while_another_replica_closes_the_gap_is_not_left_behind(
    database: Database, other: Database
) -> None:
    first, second, third, fourth = life(ONE, "abcd")
    elsewhere = life(TWO, "x")
    await toy.listener(database).hear([first, third], [])
    gate = Gate()
    slow = toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, gate.pass_through)])

    parking = asyncio.create_task(slow.hear([fourth, *elsewhere], []))
    await gate.reached.wait()
    await toy.listener(other).hear([second], [])
    gate.open.set()
    with pytest.raises(Overtaken):
        await parking
    await slow.hear([fourth, *elsewhere], [])

    assert await words(database, ONE) == ["a", "b", "c", "d"]
    assert await parked(database, ONE) == []
    assert await heard(database, ONE) == (4, "free")


async def test_a_record_that_is_parked_while_an_operator_discards_what_stopped_its_key_is_not_left_behind(
    database: Database, other: Database
) -> None:
    first, second = life(ONE, ["kapot", "b"])
    elsewhere = life(TWO, "x")
    await toy.listener(database).hear([first], [])
    gate = Gate()
    slow = toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, gate.pass_through)])

    parking = asyncio.create_task(slow.hear([second, *elsewhere], []))
    await gate.reached.wait()
    await Desk(other, toy.listener(other)).discard(Act("operator", "proef"), Stream.PROJECTS, ONE, 1)
    gate.open.set()
    with pytest.raises(Overtaken):
        await parking
    await slow.hear([second, *elsewhere], [])

    assert await words(database, ONE) == ["b"]
    assert await heard(database, ONE) == (2, "free")


# One row that two streams write to: the project's, reached by its own events and by those of its adoptions.


def by_project() -> Reaction:
    """Both events append to the life of the project; the key is the project, not the entity."""

    def lived(state: toy.Life | None, event: Event[ProjectWithdrawn | AdoptionEnded], say: Say) -> toy.Life:
        return toy.Life(event.data.project, tuple(sorted((*(state.words if state else ()), event.data.reason))))

    return fold(
        toy.load, toy.save, key=lambda event: event.data.project, steps={ProjectWithdrawn: lived, AdoptionEnded: lived}
    )


async def test_rule_12_what_two_streams_write_to_one_row_at_two_replicas_at_once_both_stands(
    database: Database, other: Database
) -> None:
    """Guard: sorted locks on state keys before they are loaded (shared/messaging/reacting.py)."""
    projects = [UUID(int=number) for number in range(1, 31)]

    async def from_projects() -> None:
        for nth in range(1, 6):
            batch = [record(withdrawn(project, f"p{nth}"), nth) for project in projects]
            await until_heard(toy.listener(database, [by_project()]), batch)

    async def from_adoptions() -> None:
        for nth in range(1, 6):
            batch = [record(ended(UUID(int=1000 + p.int), f"a{nth}", p), nth) for p in reversed(projects)]
            await until_heard(toy.listener(other, [by_project()]), batch)

    await asyncio.gather(from_projects(), from_adoptions())

    expected = sorted([*(f"p{n}" for n in range(1, 6)), *(f"a{n}" for n in range(1, 6))])
    assert {tuple(found) for (found,) in await rows(database, "select words from life")} == {tuple(expected)}
    assert await rows(database, "select count(*) from life") == [(30,)]


async def test_only_those_who_write_the_same_row_wait_for_each_other(database: Database, other: Database) -> None:
    gate = Gate()
    slow = toy.listener(database, [by_project(), each(ProjectWithdrawn, gate.pass_through)])

    holding = asyncio.create_task(slow.hear([record(withdrawn(ONE, "p1"), 1)], []))
    await gate.reached.wait()
    waiting = asyncio.create_task(
        toy.listener(other, [by_project()]).hear([record(ended(UUID(int=1001), "a1", ONE), 1)], [])
    )
    free = toy.listener(other, [by_project()]).hear([record(ended(UUID(int=1002), "a1", TWO), 1)], [])
    await asyncio.wait_for(free, 60)
    assert not waiting.done()
    gate.open.set()
    await asyncio.gather(holding, waiting)

    assert await words(database, ONE) == ["a1", "p1"]
    assert await words(database, TWO) == ["a1"]
