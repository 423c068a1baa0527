"""A change that is sent again is done once, and answered alike."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.storage import Database
from shared.web.idempotency import forget_old_answers

if TYPE_CHECKING:
    from tests.integration.shared.web.conftest import Acting, Client
    from tests.integration.shared.web.fronts import Hand

KEY = {"Idempotency-Key": "een-sleutel"}


async def bumps(database: Database, counter: str) -> int:
    async with database.reading() as tx:
        count: int = await tx.fetchval("select count(*) from bump where counter = $1", counter)
        return count


async def test_a_retry_gets_the_same_answer_and_nothing_happens_again(den_haag: Client, database: Database) -> None:
    counter = (await den_haag.start())["id"]
    first = await den_haag.ask("POST", f"/v1/counters/{counter}/bump", headers=KEY)
    again = await den_haag.ask("POST", f"/v1/counters/{counter}/bump", headers=KEY)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"] == '"2"'
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await bumps(database, counter) == 1


async def test_a_retried_start_gets_its_status_and_address_again(den_haag: Client) -> None:
    body = {"name": "eenmaal"}
    first = await den_haag.ask("POST", "/v1/counters", json=body, headers=KEY)
    again = await den_haag.ask("POST", "/v1/counters", json=body, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.headers["location"] == again.headers["location"] == f"/v1/counters/{first.json()['id']}"


async def test_two_at_once_under_one_key_have_one_effect_and_equal_answers(
    den_haag: Client, database: Database
) -> None:
    counter = (await den_haag.start())["id"]
    ask = [den_haag.ask("POST", f"/v1/counters/{counter}/bump", headers=KEY) for _ in range(6)]
    answers = await asyncio.gather(*ask)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False] + [True] * 5
    assert await bumps(database, counter) == 1


async def test_rule_04_a_retried_put_is_not_refused_for_its_own_change(den_haag: Client) -> None:
    """Guard: the kept answer is looked up before If-Match (shared/web/idempotency.py)."""
    counter = (await den_haag.start())["id"]
    headers = {**KEY, "If-Match": '"1"'}
    first = await den_haag.ask("PUT", f"/v1/counters/{counter}", json={"total": 5}, headers=headers)
    again = await den_haag.ask("PUT", f"/v1/counters/{counter}", json={"total": 5}, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


async def test_a_retried_delete_is_answered_again_without_a_body(den_haag: Client) -> None:
    counter = (await den_haag.start())["id"]
    headers = {**KEY, "If-Match": '"1"'}
    answers = [await den_haag.ask("DELETE", f"/v1/counters/{counter}", headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]


async def test_rule_04_one_key_cannot_be_used_for_something_else(den_haag: Client) -> None:
    """Guard: the hash of the body is compared (shared/web/idempotency.py)."""
    counter = (await den_haag.start())["id"]
    path = f"/v1/counters/{counter}"
    await den_haag.ask("PUT", path, json={"total": 5}, headers={**KEY, "If-Match": '"1"'})
    for method, other, body in (("PUT", path, {"total": 6}), ("POST", f"{path}/bump", None), ("DELETE", path, None)):
        answer = await den_haag.ask(method, other, json=body, headers={**KEY, "If-Match": '"2"'})
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("/key-reused")


async def test_what_was_refused_is_not_kept(den_haag: Client) -> None:
    counter = (await den_haag.start())["id"]
    stale = await den_haag.ask("PUT", f"/v1/counters/{counter}", json={"total": 5}, headers={**KEY, "If-Match": '"9"'})
    mended = await den_haag.ask("PUT", f"/v1/counters/{counter}", json={"total": 5}, headers={**KEY, "If-Match": '"1"'})
    assert (stale.status_code, mended.status_code) == (412, 200)


async def test_the_same_key_of_somebody_else_is_another_key(acting: Acting) -> None:
    one, other = acting("gemeente", gemeente="GM0518"), acting("gemeente", gemeente="GM0518")
    body = {"name": "gelijk"}
    answers = [await client.ask("POST", "/v1/counters", json=body, headers=KEY) for client in (one, other)]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_who_acts_for_another_gemeente_is_not_given_the_answer_of_the_first(acting: Acting) -> None:
    body = {"name": "twee petten"}
    for gemeente, status in (("GM0518", 201), ("GM0599", 422)):
        client = acting("gemeente", gemeente=gemeente, subject="met-twee-petten")
        assert (await client.ask("POST", "/v1/counters", json=body, headers=KEY)).status_code == status


@pytest.mark.parametrize("key", [None, "", "met spatie", "é", "x" * 256])
async def test_a_change_without_a_proper_key_is_refused_and_the_header_is_named(
    den_haag: Client, key: str | None
) -> None:
    sent = key.encode() if key else key
    answer = await den_haag.ask("POST", "/v1/counters", json={"name": "x"}, headers={"Idempotency-Key": sent})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


async def test_an_answer_is_kept_for_a_day_and_then_forgotten(acting: Acting, database: Database, clock: Hand) -> None:
    for later, replayed in ((timedelta(0), False), (timedelta(hours=23), True), (timedelta(hours=2), False)):
        clock.turn(later)
        async with database.transaction() as tx:
            await forget_old_answers(tx, clock(), 10_000)
        slow = acting("gemeente", gemeente="GM0518", subject="langzaam")
        answer = await slow.ask("POST", "/v1/counters", json={"name": "x"}, headers=KEY)
        assert ("idempotency-replayed" in answer.headers) is replayed


async def test_a_public_change_needs_a_key_as_well(nobody: Client) -> None:
    assert (await nobody.ask("POST", "/v1/odd/clock", headers={"Idempotency-Key": None})).status_code == 400
    assert (await nobody.ask("POST", "/v1/odd/clock")).status_code == 200


async def test_the_table_names_nobody(acting: Acting, database: Database) -> None:
    client = acting("gemeente", gemeente="GM0518", subject="j.jansen")
    await client.ask("POST", "/v1/counters", json={"name": "x"})
    async with database.reading() as tx:
        assert not await tx.fetchval(
            "select exists (select from idempotency i where to_jsonb(i)::text like '%jansen%')"
        )
