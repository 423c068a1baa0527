"""Somebody leaves and is erased: login and name are nowhere any more, and what they did stays."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.web import Role
from tests.standing import Standing, fields, if_match

Json = dict[str, Any]
NAME = 'Noor "Nootje" van Éék'


def seated(subject: str, **more: object) -> Json:
    told = {
        "subject": subject,
        "name": NAME,
        "seat": "vng",
        "since": "2026-01-01",
        "affiliations": [{"organisation": str(UUID(int=5))}],
    }
    return {**told, **more}


def without_subject(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "subject"}


@pytest.fixture
def login() -> str:
    return f"noor.{uuid4()}@voorbeeld.nl"


async def erase(stand: Standing, subject: str, **more: object) -> Json:
    async with stand.client_for(Role.OPERATOR) as operator:
        body = {"subject": subject, "reason": "verzoek om vergetelheid", **more}
        answer = await operator.post("/operations/persons/erasures", json=body)
    assert answer.status_code == 200, answer.text
    done: Json = answer.json()
    assert subject not in answer.text
    return done


async def holding(stand: Standing, *words: str) -> dict[str, int]:
    """In which tables one of these words stands, bytes included, and in how many rows."""
    async with stand.database.reading() as tx:
        tables = await tx.fetch(
            "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        sql = (
            "select count(*) from {} t where exists (select 1 from unnest($1::text[]) w where {} like '%' || w || '%')"
        )
        found = {}
        for (table,) in map(tuple, tables):
            text = "t::text || coalesce(encode(t.body, 'escape'), '')" if table == "idempotency" else "t::text"
            escaped = [word.encode().decode("latin-1").encode("unicode_escape").decode() for word in words]
            found[table] = await tx.fetchval(sql.format(table, text), [*words, *escaped])
    return {table: count for table, count in found.items() if count}


async def test_login_and_name_are_in_no_table_and_the_seat_stays(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    made = (await manager.post("/board-members", json=seated(login))).json()
    async with assessment.client_for(Role.BOARD_MEMBER, subject=login) as member:
        assert (await member.get("/board-members")).status_code == 200
    assert set(await holding(assessment, login, "Nootje")) == {"person", "idempotency"}
    done = await erase(assessment, login)
    assert await holding(assessment, login, "Nootje") == {}
    listed = (await manager.get("/board-members", params={"limit": 100})).json()["items"]
    assert next(each for each in listed if each["id"] == made["id"]) == {**made, "name": None}
    async with assessment.client_for(Role.OPERATOR) as operator:
        last = (await operator.get("/operations/audit")).json()["items"][0]
    assert last["action"] == "persons erase"
    assert last["target"] in done["outcome"]
    assert last["reason"] == "verzoek om vergetelheid"


async def test_who_comes_back_is_somebody_new_without_a_seat(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    made = (await manager.post("/board-members", json=seated(login))).json()
    await erase(assessment, login)
    again = await manager.post("/board-members", json=seated(login, name="Iemand anders", seat="partners"))
    assert again.status_code == 201  # the old seat is not theirs any more
    async with assessment.database.reading() as tx:
        persons = await tx.fetch("select person from member where id = any($1)", [made["id"], again.json()["id"]])
    assert len({row["person"] for row in persons}) == 2


async def test_a_seat_that_is_ended_afterwards_does_not_bring_the_name_back(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    made = (await manager.post("/board-members", json=seated(login))).json()
    await erase(assessment, login)
    body = without_subject(seated(login, until="2026-06-30"))
    ended = await manager.put(f"/board-members/{made['id']}", json=body, headers=if_match(1))
    assert (ended.status_code, ended.json()["until"], ended.json()["name"]) == (200, "2026-06-30", None)
    assert await holding(assessment, login, "Nootje") == {}


async def test_what_was_answered_is_not_done_again_and_names_nobody(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await manager.post("/board-members", json=seated(login), headers=key)
    await erase(assessment, login)
    again = await manager.post("/board-members", json=seated(login), headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {**first.json(), "name": None}


async def test_a_name_that_is_part_of_another_word_stays_there(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    other = {"Idempotency-Key": str(uuid4())}
    longer = seated(f"{uuid4()}", name="Joost")
    await manager.post("/board-members", json=longer, headers=other)
    await manager.post("/board-members", json=seated(login, name="Joos"))
    await erase(assessment, login)
    again = await manager.post("/board-members", json=longer, headers=other)
    assert (again.headers["idempotency-replayed"], again.json()["name"]) == ("true", "Joost")


async def test_of_two_who_erase_the_same_person_one_does(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    await manager.post("/board-members", json=seated(login))
    done = await asyncio.gather(*(erase(assessment, login) for _ in range(4)))
    assert sorted("nothing to erase" in each["outcome"] for each in done) == [False, True, True, True]
    assert await holding(assessment, login, "Nootje") == {}


async def test_it_can_be_tried_first_and_nobody_is_nothing_to_erase(
    assessment: Standing, manager: httpx.AsyncClient, login: str
) -> None:
    await manager.post("/board-members", json=seated(login))
    before = await holding(assessment, login)
    tried = await erase(assessment, login, dryRun=True)
    assert (tried["dryRun"], await holding(assessment, login)) == (True, before)
    await erase(assessment, login)
    assert "nothing to erase" in (await erase(assessment, login))["outcome"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_nobody_else_may(assessment: Standing, manager: httpx.AsyncClient, login: str, role: Role) -> None:
    await manager.post("/board-members", json=seated(login))
    async with assessment.client_for(role, gemeente="GM0518", organisation=UUID(int=5)) as other:
        body = {"subject": login, "reason": "zomaar"}
        assert (await other.post("/operations/persons/erasures", json=body)).status_code == 403
    assert "person" in await holding(assessment, login)


async def test_only_the_login_may_name_somebody(assessment: Standing, login: str) -> None:
    async with assessment.client_for(Role.OPERATOR) as operator:
        body = {"subject": login, "reason": "verzoek van noor@voorbeeld.nl"}
        refused = await operator.post("/operations/persons/erasures", json=body)
    assert (refused.status_code, fields(refused)) == (400, {"reason"})
