"""Migrations run once, in order, whoever runs them; what was applied may not be changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from shared.storage.migrations import Migration, MigrationChanged, Moment, apply, found_in, missing
from tests.messaging import MIGRATIONS, Schema, opened
from tests.waiting import eventually

FIRST = Migration("notes/0001_pre_note.sql", "create table note (id int);")
SECOND = Migration("notes/0002_pre_text.sql", "alter table note add text text; create index note_text on note (text);")
AFTER = Migration("notes/0003_post_id.sql", "alter table note drop id;")
ALL = (FIRST, SECOND, AFTER)
COLUMNS = """
select string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns
where table_schema = current_schema() and table_name = 'note'
"""

WAITING = "select exists (select from pg_locks where not granted and relation = 'note'::regclass)"


async def migrate(schema: Schema, migrations: Sequence[Migration], moment: Moment | None = None) -> list[str]:
    owner = await asyncpg.connect(schema.owner_dsn)
    try:
        return await apply(owner, migrations, moment)
    finally:
        await owner.close()


async def columns(schema: Schema) -> str:
    owner = await asyncpg.connect(schema.owner_dsn)
    try:
        found: str = await owner.fetchval(COLUMNS)
        return found
    finally:
        await owner.close()


async def test_each_runs_once_and_in_order(empty: Schema) -> None:
    assert await migrate(empty, ALL) == [FIRST.name, SECOND.name, AFTER.name]
    assert await columns(empty) == "text"

    assert await migrate(empty, ALL) == []


async def test_what_is_new_is_added_to_what_was_there(empty: Schema) -> None:
    await migrate(empty, (FIRST,))

    assert await migrate(empty, (FIRST, SECOND)) == [SECOND.name]
    assert await columns(empty) == "id text"


async def test_who_comes_while_one_waits_for_an_open_transaction_does_not_wait_behind_it(empty: Schema) -> None:
    """Guard: it steps out of the queue for the lock (shared/storage/migrations.py)"""
    await migrate(empty, (FIRST,))
    reader, blocked = await asyncpg.connect(empty.owner_dsn), await asyncpg.connect(empty.owner_dsn)
    try:
        async with reader.transaction():
            await reader.fetch("select from note")
            migrating = asyncio.create_task(migrate(empty, (FIRST, SECOND)))
            await eventually(lambda: blocked.fetchval(WAITING), what="the migration waits for the table")
            await asyncio.wait_for(blocked.fetch("select from note"), 60)
            assert not migrating.done()
        assert await migrating == [SECOND.name]
    finally:
        await reader.close()
        await blocked.close()


async def test_one_that_was_changed_after_it_was_applied_is_refused(empty: Schema) -> None:
    await migrate(empty, (FIRST,))
    changed = Migration(FIRST.name, FIRST.sql + " -- and more")

    with pytest.raises(MigrationChanged, match=FIRST.name):
        await migrate(empty, (changed, SECOND))
    assert await columns(empty) == "id"


async def test_one_that_fails_leaves_nothing_of_itself_and_keeps_those_before_it(empty: Schema) -> None:
    broken = Migration(SECOND.name, "alter table note add half text; select 1/0;")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, (FIRST, broken))
    assert await columns(empty) == "id"

    assert await migrate(empty, ALL) == [SECOND.name, AFTER.name]


async def test_many_that_start_at_once_wait_for_each_other(empty: Schema) -> None:
    applied = await asyncio.gather(*(migrate(empty, ALL) for _ in range(6)))

    assert sorted(name for names in applied for name in names) == [FIRST.name, SECOND.name, AFTER.name]


async def test_before_a_deploy_only_what_adds_and_after_it_the_rest(empty: Schema) -> None:
    assert await migrate(empty, ALL, "pre") == [FIRST.name, SECOND.name]
    assert await columns(empty) == "id text"

    assert await migrate(empty, ALL, "post") == [AFTER.name]
    assert await columns(empty) == "text"


async def test_code_knows_which_tables_it_still_misses_and_does_not_wait_for_the_clean_up(empty: Schema) -> None:
    await migrate(empty, (FIRST,))
    async with opened(empty) as database:
        async with database.reading() as tx:
            assert await missing(tx, ALL) == [SECOND.name]
        await migrate(empty, ALL, "pre")
        async with database.reading() as tx:
            assert await missing(tx, ALL) == []


async def test_the_tables_of_messaging_are_made_once(schema: Schema) -> None:
    assert await migrate(schema, MIGRATIONS) == []


def test_files_are_found_folder_by_folder_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("one/migrations/0002_pre_b.sql", "one/migrations/0001_pre_a.sql", "two/migrations/0001_post_c.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("select 1;")
    (tmp_path / "one/migrations/notes.md").write_text("not a migration")

    found = found_in([tmp_path / "one/migrations", tmp_path / "two/migrations", tmp_path / "none/migrations"])

    assert [(m.name, m.moment) for m in found] == [
        ("one/0001_pre_a.sql", "pre"),
        ("one/0002_pre_b.sql", "pre"),
        ("two/0001_post_c.sql", "post"),
    ]
