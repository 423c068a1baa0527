"""Can a gemeente say what it means to reach, and does nobody overwrite it?"""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import uuid4

import httpx
import pytest

from tests.integration.services.impact.sample import Adopted, Adopts, Json, count, plan, stopped
from tests.standing import Standing, if_match


async def put(adopted: Adopted, *plans: Json, seen: int = 0) -> httpx.Response:
    return await adopted.own.put(f"{adopted.address}/plan", json={"plans": plans}, headers=if_match(seen))


def fields(answer: httpx.Response) -> set[str]:
    return {error["field"] for error in answer.json()["errors"]}


async def test_before_anything_is_planned_the_plan_is_empty(adopted: Adopted) -> None:
    empty = await adopted.own.get(f"{adopted.address}/plan")
    assert (empty.status_code, empty.headers["etag"], empty.json()["plans"]) == (200, '"0"', [])


async def test_what_is_planned_is_read_back_by_the_gemeente_and_the_manager(
    adopted: Adopted, manager: httpx.AsyncClient, impact: Standing
) -> None:
    stated = await put(adopted, plan("recidive_pct", grain="jaar", baseline="33.50", target=25), plan())
    assert (stated.status_code, stated.headers["etag"]) == (200, '"1"')
    assert [(each["indicator"], each["baseline"], each["target"]) for each in stated.json()["plans"]] == [
        ("aanmeldingen", "20", "62"), ("recidive_pct", "33.50", "25"),
    ]  # fmt: skip
    for reader in (adopted.own, manager):
        assert (await reader.get(f"{adopted.address}/plan")).json() == stated.json()
    assert await impact.said(adopted.id) == []


async def test_everything_that_is_wrong_is_named_at_once_and_nothing_is_kept(adopted: Adopted) -> None:
    twice = plan(target=20)
    answer = await put(adopted, twice, plan("onzin"), twice, plan("recidive_pct", target=140, endsOn="2025-01-01"))
    assert (answer.status_code, fields(answer)) == (400, {
        "plans.0.indicator", "plans.0.target", "plans.1.indicator", "plans.2.indicator", "plans.2.target",
        "plans.3.target", "plans.3.endsOn",
    })  # fmt: skip
    malformed = await put(adopted, plan(grain="eeuw", baseline="veel", kleur="rood"))
    assert fields(malformed) == {"plans.0.grain", "plans.0.baseline", "plans.0.kleur"}
    assert (await adopted.own.get(f"{adopted.address}/plan")).json()["plans"] == []


async def test_two_editors_do_not_overwrite_each_other(adopted: Adopted) -> None:
    saves = [put(adopted, plan(target=target)) for target in (50, 70)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*saves)) == [200, 412]
    unseen = await adopted.own.put(f"{adopted.address}/plan", json={"plans": []})
    assert unseen.status_code == 428


async def test_a_retry_is_answered_alike_and_changes_nothing(adopted: Adopted) -> None:
    headers = {**if_match(0), "Idempotency-Key": str(uuid4())}
    tries = [
        await adopted.own.put(f"{adopted.address}/plan", json={"plans": [plan()]}, headers=headers) for _ in range(2)
    ]
    assert [answer.json()["revision"] for answer in tries] == [1, 1]
    assert tries[1].headers["idempotency-replayed"] == "true"


async def test_by_which_periods_is_measured_stands_once_a_figure_was_recorded(adopted: Adopted) -> None:
    await put(adopted, plan(), plan("recidive_pct"))
    await adopted.records(count(42))
    for stated in ([plan(grain="jaar"), plan("recidive_pct")], [plan("recidive_pct")]):
        assert (await put(adopted, *stated, seen=1)).status_code == 409
    changed = await put(adopted, plan(target=80), seen=1)
    assert [each["target"] for each in changed.json()["plans"]] == ["80"]


async def test_nothing_is_planned_after_the_end(impact: Standing, adopted: Adopted) -> None:
    await impact.hear(stopped(adopted.id, adopted.project, date(2026, 10, 1)))
    assert (await put(adopted, plan())).status_code == 409


@pytest.mark.parametrize("somebody", ["other", "manager"])
async def test_only_the_gemeente_plans(
    adopts: Adopts, adopted: Adopted, manager: httpx.AsyncClient, somebody: str
) -> None:
    client = manager if somebody == "manager" else (await adopts("GM0503")).own
    answer = await client.put(f"{adopted.address}/plan", json={"plans": []}, headers=if_match(0))
    assert answer.status_code == (403 if somebody == "manager" else 404)
