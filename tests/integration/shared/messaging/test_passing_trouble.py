"""Trouble that passes by itself is waited for: the whole batch is run again, nothing is parked, nothing is done twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Event
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.listener import Listener
from shared.storage import Database, Transaction
from shared.storage.faults import is_transient
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, Schema, life, position, rows, told_words
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
RECORDS = [*life(ONE, ["a", "zeg b", "c"]), *life(TWO, ["x", "kapot", "z"])]


@dataclass
class Trouble:
    """Comes over the second word of the first project, as long as it lasts."""

    sql: str
    lasts: bool = True
    met: int = 0

    async def meet(self, tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        if self.lasts and event.subject == ONE and event.sequence == 2:
            self.met += 1
            await tx.execute(self.sql)


def raising(state: str) -> str:
    return f"do $$ begin raise exception 'trouble' using errcode = '{state}'; end $$"


SERVER_SAYS = {
    "serialization failure": raising("40001"),
    "deadlock": raising("40P01"),
    "disk full": raising("53100"),
    "out of memory": raising("53200"),
    "input or output error": raising("58030"),
    "shut down": raising("57P01"),
    "statement timeout": "set local statement_timeout = 20; select pg_sleep(5)",
    "lost connection": "select pg_terminate_backend(pg_backend_pid())",
}


KILL = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where usename = current_user and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()
"""


async def assert_nothing_happened(database: Database) -> None:
    assert await rows(database, "select * from heard") == []
    assert await rows(database, "select * from parked") == []
    assert await rows(database, "select * from life") == []
    assert await rows(database, "select * from outbox") == []
    assert await rows(database, "select * from positions") == []


async def assert_all_happened_once(database: Database) -> None:
    assert await words(database, ONE) == ["a", "zeg b", "c"]
    assert await told_words(database, ONE) == [(1, "zeg b"), (2, "zeg b (echo)")]
    assert await heard(database, ONE) == (3, "free")
    assert await words(database, TWO) == ["x"]
    assert await parked(database, TWO) == [(2, "failed"), (3, "gap")]


@pytest.mark.parametrize("sql", SERVER_SAYS.values(), ids=SERVER_SAYS)
@pytest.mark.parametrize("records", [RECORDS, RECORDS[:3]], ids=["beside a record that is bad", "alone"])
async def test_rule_15_the_whole_batch_waits_and_nothing_is_parked(
    database: Database, sql: str, records: list[Record]
) -> None:
    """Guard: what passes by itself is told from poison by its SQLSTATE (shared/storage/faults.py)."""
    trouble = Trouble(sql)
    ears = toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, trouble.meet)])

    for _ in range(3):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as raised:
            await ears.hear(records, [position(records[-1])])
        assert is_transient(raised.value)
        await assert_nothing_happened(database)

    trouble.lasts = False
    await ears.hear(RECORDS, [position(RECORDS[-1])])
    assert trouble.met >= 3
    await assert_all_happened_once(database)


async def test_two_batches_that_block_each_other_both_have_their_effect_in_the_end(database: Database) -> None:
    """A real deadlock: each holds the row that the other one asks for."""
    async with database.transaction() as tx:
        await tx.executemany("insert into life values ($1, '{}')", [(ONE,), (TWO,)])
    both_hold = asyncio.Barrier(2)

    @dataclass
    class Crossed:
        mine: UUID
        theirs: UUID
        crossed: list[int] = field(default_factory=list)

        async def meet(self, tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
            touch = "update life set words = words || array[$2::text] where entity = $1"
            await tx.execute(touch, self.mine, event.data.reason)
            if not self.crossed:
                self.crossed.append(1)
                await both_hold.wait()
            await tx.execute(touch, self.theirs, event.data.reason)

    async def replica(entity: UUID, crossed: Crossed) -> int:
        ears: Listener = toy.listener(database, [each(ProjectWithdrawn, crossed.meet)])
        for attempt in range(1, 10):
            try:
                await ears.hear(life(entity, ["zo"]), [])
            except asyncpg.DeadlockDetectedError:
                continue
            return attempt
        raise AssertionError

    attempts = await asyncio.gather(replica(ONE, Crossed(ONE, TWO)), replica(TWO, Crossed(TWO, ONE)))

    assert min(attempts) == 1
    assert max(attempts) > 1
    assert await words(database, ONE) == await words(database, TWO) == ["zo", "zo"]
    assert await rows(database, "select * from parked") == []


async def test_a_backend_that_is_killed_from_outside_leaves_nothing_of_its_batch(
    database: Database, schema: Schema
) -> None:
    working = asyncio.Event()

    async def slow(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        working.set()
        await tx.execute("select pg_sleep(30)")

    hearing = asyncio.create_task(
        toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, slow)]).hear(RECORDS, [])
    )
    await working.wait()
    killer = await asyncpg.connect(schema.dsn)
    await eventually(lambda: killer.fetchval(KILL), what="its backend sleeps, and is killed")
    await killer.close()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as raised:
        await hearing

    assert is_transient(raised.value)
    await assert_nothing_happened(database)
    await toy.listener(database).hear(RECORDS, [])
    await assert_all_happened_once(database)


async def test_a_batch_that_is_cut_off_in_the_middle_leaves_nothing(database: Database) -> None:
    working = asyncio.Event()

    async def slow(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        working.set()
        await asyncio.Event().wait()

    hearing = asyncio.create_task(
        toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, slow)]).hear(RECORDS, [])
    )
    await working.wait()
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing

    await assert_nothing_happened(database)
    await toy.listener(database).hear(RECORDS, [])
    await assert_all_happened_once(database)
