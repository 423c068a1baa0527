"""One transaction in which things are done and said: all or nothing, and numbered without gaps."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.contracts.event import EventData
from shared.contracts.events import ProjectSubmitted
from shared.contracts.example import example_of
from shared.messaging.outbox import NotDeclared
from shared.persons import PersonDataFound
from shared.storage import Cause, Database
from tests.messaging import Schema, ended, opened, rows, told_words, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
NOTE = "insert into note values (1, 'gedaan') on conflict do nothing"


async def say(database: Database, *all_said: EventData) -> None:
    async with database.transaction() as tx:
        for data in all_said:
            tx.say(data)


async def do_and_say(database: Database, *all_said: EventData, error: type[Exception] | None = None) -> None:
    async with database.transaction() as tx:
        await tx.execute(NOTE)
        for data in all_said:
            tx.say(data)
        if error is not None:
            raise error


async def test_what_is_said_is_there_with_what_was_done(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(NOTE)
        tx.say(ended(ONE, "klaar"))
        assert await tx.fetchval("select count(*) from outbox") == 0

    assert await rows(database, "select text from note") == [("gedaan",)]
    assert await told_words(database, ONE) == [(1, "klaar")]


@pytest.mark.parametrize("count", [1, 3])
async def test_an_error_says_and_does_nothing_and_takes_no_version(database: Database, count: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await do_and_say(database, *[ended(ONE)] * count, error=ZeroDivisionError)

    assert await rows(database, "select * from note") == []
    await say(database, ended(ONE, "daarna"))
    assert await told_words(database, ONE) == [(1, "daarna")]


@pytest.mark.parametrize("more", [(), (ended(ONE),)], ids=["alone", "among others"])
@pytest.mark.parametrize(
    ("forbidden", "refusal"),
    [(ended(ONE, "Van BSN 123456782"), PersonDataFound), (example_of(ProjectSubmitted).data, NotDeclared)],
    ids=["a person", "not declared"],
)
async def test_what_may_not_be_said_undoes_what_was_done(
    database: Database, forbidden: EventData, refusal: type[Exception], more: tuple[EventData, ...]
) -> None:
    with pytest.raises(refusal):
        await do_and_say(database, forbidden, *more)

    assert await rows(database, "select * from note") == []
    assert await rows(database, "select * from said") == []


async def test_many_things_said_at_once_are_numbered_per_entity_in_their_order(database: Database) -> None:
    await say(database, ended(TWO, "a"))

    await say(database, ended(TWO, "b"), ended(ONE, "c"), withdrawn(TWO, "d"), ended(TWO, "e"), ended(ONE, "f"))

    assert await told_words(database, ONE) == [(1, "c"), (2, "f")]
    assert await rows(database, "select topic, sequence from outbox where key = $1 order by seq", str(TWO)) == [
        ("nl.schuldhulpprojecten.adoptions", 1),
        ("nl.schuldhulpprojecten.adoptions", 2),
        ("nl.schuldhulpprojecten.projects", 1),
        ("nl.schuldhulpprojecten.adoptions", 3),
    ]


async def test_one_thing_and_many_things_are_written_alike(database: Database) -> None:
    cause = Cause(uuid4(), uuid4(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    for together in ([ONE], [TWO, TWO]):
        async with database.transaction(cause) as tx:
            for entity in together:
                tx.say(ended(entity, "gelijk", project=ONE))

    found = await rows(database, "select topic, headers, length(value), id = any(array_agg(id) over ()) from outbox")
    assert len({str(row) for row in found}) == 1
    ids = await rows(database, "select count(distinct id), min(uuid_extract_version(id)) from outbox")
    assert ids == [(3, 7)]


async def test_twenty_writers_of_one_entity_leave_no_gap_and_their_order_is_that_of_the_versions(
    schema: Schema,
) -> None:
    async with opened(schema, most=20) as database:

        async def speaks(writer: int) -> None:
            for turn in range(5):
                words = [ended(ONE, f"{writer}.{turn}.{nth}") for nth in range(1 + (writer + turn) % 3)]
                await say(database, *words)

        await asyncio.gather(*map(speaks, range(20)))
        told = await told_words(database, ONE)

    assert [version for version, _ in told] == list(range(1, len(told) + 1))
    assert len({word for _, word in told}) == len(told) == sum(1 + (w + t) % 3 for w in range(20) for t in range(5))


async def test_writers_of_many_entities_do_not_block_each_other_for_good(schema: Schema) -> None:
    entities = [UUID(int=number) for number in range(1, 9)]

    async with opened(schema, most=12) as database:

        async def speaks(seed: int) -> None:
            draw = random.Random(seed)
            for _ in range(10):
                await say(database, *(ended(draw.choice(entities)) for _ in range(draw.randint(1, 6))))

        await asyncio.gather(*map(speaks, range(12)))
        per_entity = await rows(database, "select key, array_agg(sequence order by seq) from outbox group by key")
        said = dict(await rows(database, "select entity::text, sequence from said"))

    assert len(per_entity) == len(entities)
    for key, versions in per_entity:
        assert versions == list(range(1, said[key] + 1))


async def test_the_order_of_the_outbox_is_the_order_of_commits(schema: Schema) -> None:
    async with opened(schema) as database:
        first_may_commit, second_waits = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with database.transaction() as tx:
                await tx.execute(NOTE)
                second_waits.set()
                await first_may_commit.wait()
                tx.say(ended(ONE, "later gezegd"))

        async def second() -> None:
            await second_waits.wait()
            await say(database, ended(ONE, "eerder gezegd"))
            first_may_commit.set()

        await asyncio.gather(first(), second())

        assert await told_words(database, ONE) == [(1, "eerder gezegd"), (2, "later gezegd")]


async def test_the_relay_is_woken_after_a_commit_that_said_something_and_only_then(database: Database) -> None:
    woken: list[int] = []
    database.on_said = lambda: woken.append(1)

    async with database.transaction() as tx:
        await tx.execute(NOTE)
    with pytest.raises(ZeroDivisionError):
        await do_and_say(database, ended(ONE), error=ZeroDivisionError)
    assert woken == []

    await say(database, ended(ONE))
    assert woken == [1]


async def test_a_database_without_an_outbox_cannot_say(database: Database) -> None:
    with pytest.raises(RuntimeError, match="cannot say AdoptionEnded"):
        await say(Database(database.pool), ended(ONE))


async def test_reading_sees_one_moment_and_writes_nothing(database: Database) -> None:
    async with database.reading() as tx:
        assert await tx.fetchval("select count(*) from said") == 0
        await say(database, ended(ONE))
        assert await tx.fetchval("select count(*) from said") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.execute(NOTE)


async def test_jsonb_goes_in_and_out_as_plain_values(database: Database) -> None:
    async with database.transaction() as tx:
        assert await tx.fetchval("select $1::jsonb", {"a": [1, None, "é"]}) == {"a": [1, None, "é"]}
        assert await tx.fetchval("select $1::jsonb", {"id": ONE}) == {"id": str(ONE)}


async def test_many_rows_are_written_at_once(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.executemany("insert into note values ($1, $2)", [(1, "een"), (2, "twee")])

    assert await rows(database, "select * from note order by id") == [(1, "een"), (2, "twee")]
