"""A schema is brought up to date before a deploy, and cleaned up after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from shared.runtime import Service, on_load
from shared.runtime.migrating import migrate
from shared.runtime.settings import NoSecret
from shared.storage import Transaction
from shared.storage.migrations import missing
from tests.messaging import opened, rows, value
from tests.replicas import Toy, toy_on
from tests.servers import PostgresServer

PRE = "toy/0001_pre_note.sql"
POST = "toy/0002_post_word.sql"


@pytest.fixture
async def fresh(postgres: PostgresServer, tmp_path: Path) -> Toy:
    """One of which nothing is migrated yet."""
    return await toy_on(postgres, "127.0.0.1:1", tmp_path)


async def lacking(toy: Toy) -> list[str]:
    async with opened(toy.schema) as database, database.reading() as tx:
        return await missing(tx, toy.service.migrations)


async def words(toy: Toy) -> list[str]:
    async with opened(toy.schema) as database:
        return [word for (word,) in await rows(database, "select word from note")]


async def test_of_a_schema_without_anything_all_that_comes_before_is_missing(fresh: Toy) -> None:
    assert (await lacking(fresh))[-2:] == [PRE, "toy/0003_pre_life.sql"]
    assert POST not in await lacking(fresh)


async def test_before_a_deploy_comes_what_adds_and_the_reference_data(fresh: Toy) -> None:
    done = await migrate(fresh.service, fresh.settings, "pre")

    assert f"{fresh.schema.name}: applied {PRE}" in done
    assert not any("_post_" in line for line in done)
    assert await lacking(fresh) == []
    assert await words(fresh) == ["begin"]


async def test_after_it_comes_the_rest_and_then_there_is_nothing_new(fresh: Toy) -> None:
    await migrate(fresh.service, fresh.settings, "pre")

    assert await migrate(fresh.service, fresh.settings, "post") == [f"{fresh.schema.name}: applied {POST}"]
    assert await migrate(fresh.service, fresh.settings) == [f"{fresh.schema.name}: nothing new"]
    assert await words(fresh) == ["begin"]


async def test_reference_data_that_cannot_be_loaded_leaves_nothing_half(toy: Toy) -> None:
    async def broken(tx: Transaction) -> None:
        await tx.execute("insert into note (entity, word) values (gen_random_uuid(), 'half')")
        raise ValueError("broken")

    service: Service = replace(toy.service, does=[on_load(broken)])
    with pytest.raises(ValueError, match="broken"):
        await migrate(service, toy.settings)
    assert await words(toy) == []


async def test_without_the_password_of_the_owner_nothing_is_done(fresh: Toy) -> None:
    with pytest.raises(NoSecret, match="DATABASE_OWNER_PASSWORD_FILE is not set"):
        await migrate(fresh.service, fresh.without("DATABASE_OWNER_PASSWORD_FILE").settings)
    assert PRE in await lacking(fresh)


async def test_what_was_made_belongs_to_the_owner_and_the_service_only_writes_rows(toy: Toy) -> None:
    async with opened(toy.schema) as database:
        owner = await value(
            database, "select tableowner from pg_tables where tablename = 'note' and schemaname = current_schema()"
        )
        assert owner == f"{toy.schema.name}_owner"
        for sql in ("drop index note_word", "drop table note", "create table mine ()", "truncate note"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction() as tx:
                    await tx.execute(sql)
