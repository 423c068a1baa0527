"""The tables of a fold are made anew from the log: `rebuild` (docs/messaging.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from shared.contracts.event import Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import Reaction, each, fold
from shared.messaging.audit import Busy, fenced
from shared.messaging.hearing import admitted, declared
from shared.messaging.operating import Desk
from shared.messaging.rebuilding import NotRebuilt
from shared.messaging.repairing import Named, Repair
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.rebuilt import BY, LIVES, lives, rebuilding
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.toy import heard
from tests.messaging import Record, Schema, life, rows, value, withdrawn
from tests.messaging import record as recorded
from tests.topics import write
from tests.waiting import eventually

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)
LONG = 60


async def hear_all(
    database: Database, servers: str, records: Sequence[Record], reactions: Sequence[Reaction] = (LIVES,)
) -> None:
    """The log gets these, and the service hears what stands there."""
    await write(servers, records)
    await admitted(database, declared(reactions))
    async with hearing(database, servers, unique_group(), reactions) as ears:
        await eventually(lambda: ears.consumer.handled >= len(records), within=LONG)
        await ears.stop()


async def test_rule_19_rows_that_are_wrong_missing_or_too_many_are_made_right_and_nothing_else(
    schema: Schema, database: Database, servers: str
) -> None:
    """Guard: the copy has its own `heard`, and goes over in one transaction (shared/messaging/rebuilding.py)."""
    await hear_all(database, servers, [*life(ONE, "abc"), *life(TWO, "xy"), *life(THREE, "q")])
    right = await lives(database)
    before = await rows(database, "select * from heard order by entity")
    await schema.alter(
        f"update life set words = '{{fout}}' where entity = '{ONE}'; delete from life where entity = '{TWO}';"
        f"insert into life values ('{UUID(int=9)}', '{{spook}}')"
    )
    wrong = await lives(database)

    async with rebuilding(schema, servers) as rebuild:
        dry = await rebuild.run("lives", BY, dry=True)
        assert await lives(database) == wrong
        done = await rebuild.run("lives", BY)

    assert str(dry) == str(done) == "lives: life: 1 added, 1 changed, 1 removed"
    assert await lives(database) == right
    assert await rows(database, "select * from heard order by entity") == before
    assert await value(database, "select count(*) from outbox") == 0
    assert await rows(database, "select actor, reason, action, target, outcome from audit") == [
        ("operator", "proef", "rebuild", "lives", "life: 1 added, 1 changed, 1 removed")
    ]


async def test_what_is_right_already_stays_as_it_is(schema: Schema, database: Database, servers: str) -> None:
    await hear_all(database, servers, life(ONE, "abc"))
    before = await rows(database, "select xmin::text, * from life")

    async with rebuilding(schema, servers) as rebuild:
        assert str(await rebuild.run("lives", BY)) == "lives: life: 0 added, 0 changed, 0 removed"

    assert await rows(database, "select xmin::text, * from life") == before


async def test_a_record_that_the_live_tables_have_not_heard_yet_is_left_to_them(
    schema: Schema, database: Database, servers: str
) -> None:
    await hear_all(database, servers, life(ONE, "ab"))
    await write(servers, life(ONE, "cd", 3))

    async with rebuilding(schema, servers) as rebuild:
        await rebuild.run("lives", BY)
    assert await lives(database) == {ONE: ("a", "b")}

    await hear_all(database, servers, [])
    async with hearing(database, servers, unique_group(), [LIVES]):
        await eventually(lambda: value(database, "select sequence = 4 from heard"), within=LONG)
    assert await lives(database) == {ONE: ("a", "b", "c", "d")}


async def test_a_key_that_waits_for_an_operator_stands_as_it_stands(
    schema: Schema, database: Database, servers: str
) -> None:
    await hear_all(database, servers, [*life(ONE, ["a", "kapot", "c"]), *life(TWO, ["x", "y"])])
    mended = fold(
        toy.load,
        toy.save,
        steps={ProjectWithdrawn: lambda was, event, say: toy.Life(event.subject, (*(was.words if was else ()), "!"))},
        tables=("life",),
        name="lives",
    )

    async with rebuilding(schema, servers, [mended]) as rebuild:
        await rebuild.run("lives", BY)

    assert await lives(database) == {ONE: ("!",), TWO: ("!", "!")}
    assert await heard(database, ONE) == (1, "stopped")


async def test_a_version_that_was_given_up_has_no_effect_again(
    schema: Schema, database: Database, servers: str
) -> None:
    bad = life(THREE, ["q", "kapot"])
    await hear_all(database, servers, [*life(ONE, ["a", "kapot", "c"]), *life(TWO, "x"), *life(TWO, "z", 3), *bad])
    listener = toy.listener(database, [LIVES])
    for key, version in ((ONE, 2), (TWO, 2), (THREE, 2)):
        async with database.transaction() as tx:
            await tx.execute(
                "insert into skipped (stream, entity, sequence, reason, actor, event_id) values (1, $1, $2, 'p', 'o',"
                " (select event_id from parked where entity = $1 and sequence = $2))",
                key,
                version,
            )
            assert await listener.skip(tx, (Stream.PROJECTS, key), version)
        async with database.transaction() as tx:
            await listener.release(tx, (Stream.PROJECTS, key))
    expected = {ONE: ("a", "c"), TWO: ("x", "z"), THREE: ("q",)}
    assert await lives(database) == expected
    await schema.alter("delete from life")

    async with rebuilding(schema, servers) as rebuild:
        await rebuild.run("lives", BY)

    assert await lives(database) == expected


async def test_what_an_operator_mended_is_heard_as_that(schema: Schema, database: Database, servers: str) -> None:
    broken = replace(life(ONE, "b", 2)[0], value=b"{")
    nobodys = recorded(withdrawn(TWO, "y"), 2, changed={"ce_sequence": b"two"})
    waiting = replace(life(THREE, "z")[0], value=b"{")
    await hear_all(database, servers, [*life(ONE, "a"), broken, *life(ONE, "c", 3), *life(TWO, "x"), nobodys, waiting])
    desk = Desk(database, toy.listener(database, [LIVES]))
    for project in (ONE, THREE):
        repair = Repair(data=json.loads(life(project, "B")[0].value or b""))
        await desk.fix(BY, Stream.PROJECTS, project, 2 if project == ONE else 1, repair)
    await desk.release(BY, Stream.PROJECTS, ONE)
    letter: UUID = await value(database, "select id from dead_letter")
    await desk.replay(BY, letter, Named(sequence=2))
    expected = {ONE: ("a", "B", "c"), TWO: ("x", "y")}
    assert await lives(database) == expected
    await schema.alter("delete from life")

    async with rebuilding(schema, servers) as rebuild:
        await rebuild.run("lives", BY)

    assert await lives(database) == expected


async def test_of_a_fork_the_one_that_had_its_effect_keeps_it(schema: Schema, database: Database, servers: str) -> None:
    other = recorded(withdrawn(ONE, "anders"), 2, changed={"ce_id": str(uuid5(ONE, "other")).encode()})
    await hear_all(database, servers, [*life(ONE, "ab"), other, *life(ONE, "c", 3)])
    listener = toy.listener(database, [LIVES])
    async with database.transaction() as tx:
        await tx.execute(
            "insert into skipped (stream, entity, sequence, reason, actor, event_id) "
            "select stream, entity, sequence, 'proef', 'operator', event_id from parked where kind = 'failed'"
        )
        assert await listener.skip(tx, (Stream.PROJECTS, ONE), 2)
    async with database.transaction() as tx:
        await listener.release(tx, (Stream.PROJECTS, ONE))
    assert await lives(database) == {ONE: ("a", "b", "c")}

    async with rebuilding(schema, servers) as rebuild:
        assert str(await rebuild.run("lives", BY)) == "lives: life: 0 added, 0 changed, 0 removed"


async def test_rule_19_a_fold_that_speaks_in_the_copy_changes_nothing(
    schema: Schema, database: Database, servers: str
) -> None:
    """Guard: the copy may say nothing, and must equal the live `heard` (shared/messaging/rebuilding.py)."""
    kind = fold(toy.load, toy.save, steps={ProjectWithdrawn: toy.lived}, tables=("life",), name="lives")
    await hear_all(database, servers, life(ONE, ["a", "zeg b"]), [kind])
    before = await lives(database)

    async with rebuilding(schema, servers, [kind]) as rebuild:
        with pytest.raises(NotRebuilt, match=rf"projects {ONE} is at version 2, and its copy at 1 \(NotDeclared"):
            await rebuild.run("lives", BY)

    assert await lives(database) == before


async def test_rule_19_only_a_fold_that_names_its_tables_can_be_rebuilt(
    schema: Schema, database: Database, servers: str
) -> None:
    """Guard: a rebuild refuses what owns no tables alone (shared/messaging/rebuilding.py)."""
    reactions = [LIVES, each(ProjectWithdrawn, toy.echoed)]
    await hear_all(database, servers, life(ONE, "a"), reactions)

    async with rebuilding(schema, servers, reactions) as rebuild:
        for name in ("toy.echoed", "nothing"):
            with pytest.raises(NotRebuilt, match=f"^{name} cannot be rebuilt from the log; these can: lives."):
                await rebuild.run(name, BY)


async def test_only_one_rebuild_runs_at_once(schema: Schema, database: Database, servers: str) -> None:
    await hear_all(database, servers, life(ONE, "a"))

    async with (
        rebuilding(schema, servers) as first,
        rebuilding(schema, servers) as second,
        fenced(first.live, "the folds"),
    ):
        with pytest.raises(Busy):
            await second.run("lives", BY)


async def test_while_a_rebuild_takes_over_the_tables_can_be_read_and_hearing_goes_on_after_it(
    schema: Schema, database: Database, servers: str
) -> None:
    projects = [UUID(int=number) for number in range(1, 21)]
    await admitted(database, declared([LIVES]))
    async with hearing(database, servers, unique_group(), [LIVES], records=20):
        async with rebuilding(schema, servers) as rebuild:
            for round_ in range(3):
                first = 1 + 5 * round_
                more = [r for p in projects for r in life(p, "abcde", first)]
                await asyncio.gather(write(servers, more), rebuild.run("lives", BY))
        await eventually(lambda: value(database, "select count(*) = 20 from heard where sequence = 15"), within=LONG)

    assert await lives(database) == dict.fromkeys(projects, tuple("abcde" * 3))
