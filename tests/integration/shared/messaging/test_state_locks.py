"""The locks on states that are not their event's entity: never more than Postgres has room for, and never too few."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging import Reaction, Say, batch, each, fold, reacting
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.gate import Gate
from tests.messaging import Schema, ended, opened, record, rows, until_blocked, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
HELD = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
MORE_THAN_POSTGRES_HAS_ROOM_FOR = 20_000


def by_project() -> Reaction:
    """Counts words by project, from two streams."""

    def lived(state: toy.Life | None, event: Event[ProjectWithdrawn | AdoptionEnded], say: Say) -> toy.Life:
        return toy.Life(event.data.project, (*(state.words if state else ()), "x"))

    return fold(
        toy.load, toy.save, key=lambda event: event.data.project, steps={ProjectWithdrawn: lived, AdoptionEnded: lived}
    )


@pytest.mark.parametrize("count", [10, reacting.STATE_LOCKS, reacting.STATE_LOCKS + 1, MORE_THAN_POSTGRES_HAS_ROOM_FOR])
async def test_rule_15_however_many_states_a_batch_moves_it_asks_for_no_more_locks_than_there_are(
    database: Database, count: int
) -> None:
    """Guard: beyond STATE_LOCKS states the fold is locked as a whole (shared/messaging/reacting.py)."""
    held: list[int] = []

    async def look(tx: Transaction, events: Sequence[Event[ProjectWithdrawn]]) -> None:
        held.append(await tx.fetchval(HELD))

    await toy.listener(database, [by_project(), batch(ProjectWithdrawn, look)]).hear(
        [record(withdrawn(UUID(int=nth)), 1) for nth in range(1, count + 1)], []
    )

    assert held == [min(count, reacting.STATE_LOCKS) + 1 if count <= reacting.STATE_LOCKS else 1]
    assert await rows(database, "select count(*), max(cardinality(words)) from life") == [(count, 1)]


@pytest.mark.parametrize("first_is_large", [True, False], ids=["the large one first", "the small one first"])
async def test_a_batch_that_locks_the_fold_and_one_that_locks_rows_wait_for_each_other(
    schema: Schema, database: Database, monkeypatch: pytest.MonkeyPatch, first_is_large: bool
) -> None:
    monkeypatch.setattr(reacting, "STATE_LOCKS", 1)
    large = [record(withdrawn(project), 1) for project in (ONE, TWO)]
    small = [record(ended(UUID(int=9), project=ONE), 1)]
    first, second = (large, small) if first_is_large else (small, large)
    gate = Gate()
    slow = [by_project(), each(ProjectWithdrawn, gate.pass_through), each(AdoptionEnded, gate.pass_through)]
    async with opened(schema) as other:
        holding = asyncio.create_task(toy.listener(database, slow).hear(first, []))
        await gate.reached.wait()
        waiting = asyncio.create_task(toy.listener(other, [by_project()]).hear(second, []))
        await until_blocked(other)
        assert not waiting.done()
        gate.open.set()
        await asyncio.gather(holding, waiting)

    assert await rows(database, "select entity, cardinality(words) from life order by entity") == [(ONE, 2), (TWO, 1)]
