"""Is the ledger only ever added to, without gaps, whoever writes in it at the same time?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.impact.publication import operations
from services.impact.publication.store import TAKE
from shared.clock import day_of
from tests.integration.services.impact.sample import (
    AMSTERDAM,
    DELFT,
    DEN_HAAG,
    Q1,
    Q2,
    Q3,
    ZOETERMEER,
    Adopted,
    Adopts,
    correction,
    count,
    shown,
    started,
    totals,
)
from tests.messaging import until_blocked
from tests.standing import Standing

NextMorning = Callable[[], Awaitable[None]]
AGAIN = """
insert into release select (jsonb_populate_record(r, jsonb_build_object('position', $1::bigint, 'number', 2, 'replaces', 1,
  'kind', 'gecorrigeerd', 'released_on', r.released_on + 1))).* from release r where number = 1 order by position limit 1
"""


async def ledger(impact: Standing) -> list[int]:
    """The places that were taken."""
    async with impact.database.reading() as tx:
        return [row["position"] for row in await tx.fetch("select position from release order by position")]


async def after(impact: Standing, position: int) -> list[int]:
    """What a reader finds that has read up to this position."""
    return [place for place in await ledger(impact) if place > position]


async def scopes(impact: Standing, project: UUID) -> dict[str, Any]:
    return {each["scope"]: each["shown"] for each in await shown(impact, project)}


async def test_two_gemeenten_at_once_in_one_family_both_stand(impact: Standing, adopts: Adopts) -> None:
    project = uuid4()
    both = [await adopts(gemeente, project) for gemeente in (DEN_HAAG, DELFT)]
    await asyncio.gather(both[0].records(count(43)), both[1].records(count(17)))
    assert await scopes(impact, project) == {DEN_HAAG: 45, DELFT: 15}
    assert (await totals(impact, project))["NL"] == (60, True)
    async with impact.database.reading() as tx:
        assert await tx.fetchval("select count(*) from family where project = $1", project) == 1


async def test_many_that_record_the_same_periods_in_any_order_wait_for_each_other(
    impact: Standing, adopts: Adopts
) -> None:
    project = uuid4()
    everybody = [await adopts(gemeente, project) for gemeente in (DEN_HAAG, DELFT, ZOETERMEER, AMSTERDAM)]
    periods = [Q1, Q2, Q3]
    sent = [
        each.own.post(
            f"{each.address}/observation-batches",
            json={"observations": [count(20 + nth, period) for period in (periods[nth % 3 :] + periods[: nth % 3])]},
        )
        for nth, each in enumerate(everybody)
    ]
    answers = await asyncio.gather(*sent)
    assert [answer.json().get("recorded") for answer in answers] == [3] * 4
    assert [(await totals(impact, project, period))["NL"] for period in periods] == [(85, True)] * 3
    taken = await ledger(impact)
    assert taken == list(range(1, len(taken) + 1))


async def test_rule_22_who_reads_on_from_a_position_misses_nothing_that_is_committed_late(
    impact: Standing, adopts: Adopts
) -> None:
    """Guard: whoever adds holds the row of `ledger` until the commit (TAKE in services/impact/publication/store.py)"""
    early, late = [await adopts(gemeente) for gemeente in (DEN_HAAG, DELFT)]
    await early.records(count(43))
    seen = await ledger(impact)
    async with impact.database.transaction() as slow:
        await slow.execute(TAKE, 1)
        await slow.execute(AGAIN, seen[-1] + 1)
        hurrying = asyncio.create_task(late.records(count(17)))
        await until_blocked(impact.database)
        assert await after(impact, seen[-1]) == [], "nobody may commit a later position first"
    await hurrying
    seen += await after(impact, seen[-1])
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 2


async def test_a_gemeente_the_morning_round_and_a_refusal_to_be_named_meet_in_one_family(
    impact: Standing, adopts: Adopts, next_morning: NextMorning
) -> None:
    project = uuid4()
    one, other, third = [await adopts(gemeente, project) for gemeente in (DEN_HAAG, DELFT, ZOETERMEER)]
    (made,), (waits,) = await one.records(count(43)), await other.records(count(17))
    await other.corrects(waits, correction(28))
    await third.records(count(90))
    impact.now = impact.now.replace(day=25)
    unnamed = started(third.id, project, ZOETERMEER, may_be_named=False)

    async def round_() -> None:
        async with impact.database.transaction() as tx:
            await operations.release_waiting(tx, day_of(impact.now))

    await asyncio.gather(one.corrects(made, correction(58)), round_(), impact.hear(unnamed), round_())
    await next_morning()
    assert await scopes(impact, project) == {DEN_HAAG: 60, DELFT: 30}


@pytest.mark.parametrize(
    "sql",
    [
        "update release set shown = 40",
        "delete from release",
        "truncate release",
        "delete from block",
        "update block set scope = 'GM0363'",
        "delete from contribution",
        "delete from ledger",
        "update observation_version set value = 40",
        "delete from observation_version",
        "delete from observation",
        "update observation set indicator = 'aanmeldingen'",
    ],
)
async def test_the_service_may_not_undo_what_was_recorded_or_released(impact: Standing, sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with impact.database.transaction() as tx:
            await tx.execute(sql)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shown": 43},
        {"shown": 5},
        {"shown": None},
        {"shown_numerator": 20, "shown_denominator": 60},
        {"shown": None, "shown_numerator": 20, "shown_denominator": 45},
        {"shown": None, "shown_numerator": 45, "shown_denominator": 50},
        {"kind": "ingetrokken"},
        {"number": 3, "replaces": 2},
        {"replaces": None},
        {"released_on": "2026-11-24"},
        {"position": 1},
    ],
)
async def test_the_database_refuses_a_line_that_breaks_the_rules(
    impact: Standing, adopted: Adopted, wrong: dict[str, Any]
) -> None:
    await adopted.records(count(43))
    (figure,) = await shown(impact, adopted.project)
    line = {
        "position": 10_000, "block": figure["block"], "number": 2, "kind": "gecorrigeerd", "shown": 50,
        "replaces": 1, "released_on": "2026-11-25", "released_at": "2026-11-25T10:00:00Z",
    }  # fmt: skip
    add = "insert into release select * from jsonb_populate_record(null::release, $1)"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with impact.database.transaction() as tx:
            await tx.execute(add, {**line, **wrong})
    async with impact.database.pool.acquire() as connection:
        tried = connection.transaction()
        await tried.start()
        await connection.execute(add, line)  # the line itself would do
        await tried.rollback()
