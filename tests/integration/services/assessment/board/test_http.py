"""Who sits on the board, who may change that, and where do names stand?"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.web import Role
from tests.standing import Standing, fields, if_match

Json = dict[str, Any]


def newcomer(subject: str | None = None, **more: object) -> Json:
    told = {
        "subject": subject or f"nieuw-{uuid4()}",
        "name": "Een Lid",
        "seat": "partners",
        "since": "2026-01-01",
        "affiliations": [{"organisation": str(UUID(int=5))}],
    }
    return {**told, **more}


def without_subject(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "subject"}


async def test_a_programme_manager_seats_somebody_and_the_board_sees_it(
    assessment: Standing, manager: httpx.AsyncClient
) -> None:
    made = await manager.post("/board-members", json=newcomer())
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    async with assessment.client_for(Role.BOARD_MEMBER) as member:
        listed = (await member.get("/board-members", params={"limit": 100})).json()["items"]
        refused = await member.post("/board-members", json=newcomer())
    assert made.json() in listed
    assert refused.status_code == 403
    assert "subject" not in made.json()


async def test_names_and_logins_stand_only_where_they_can_be_erased(
    assessment: Standing, manager: httpx.AsyncClient
) -> None:
    made = (await manager.post("/board-members", json=newcomer("wie-is-dit", name="Noor de Vries"))).json()
    async with assessment.database.transaction() as tx:
        tables = await tx.fetch(
            "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        holding = [
            table
            for (table,) in map(tuple, tables)
            if await tx.fetchval(f"select exists (select 1 from {table} t where t::text ~ 'Noor de Vries|wie-is-dit')")
        ]
        assert holding == ["person"] or set(holding) == {"person", "idempotency"}
        await tx.execute("update person set subject = null, display_name = null where display_name = 'Noor de Vries'")
    listed = (await manager.get("/board-members", params={"limit": 100})).json()["items"]
    assert next(member for member in listed if member["id"] == made["id"])["name"] is None


async def test_all_faults_of_a_member_are_named_at_once(manager: httpx.AsyncClient) -> None:
    wrong = newcomer(affiliations=[], until="2025-12-31")
    answer = await manager.post("/board-members", json=wrong)
    assert (answer.status_code, fields(answer)) == (400, {"affiliations", "until"})


async def test_one_person_holds_one_seat_at_a_time(manager: httpx.AsyncClient) -> None:
    subject = f"lid-{uuid4()}"
    first = (await manager.post("/board-members", json=newcomer(subject))).json()
    second = newcomer(subject, seat="vng", since="2027-01-01")
    assert (await manager.post("/board-members", json=second)).status_code == 409
    left = without_subject(newcomer(until="2026-12-31"))
    changed = await manager.put(f"/board-members/{first['id']}", json=left, headers=if_match(1))
    assert (changed.status_code, changed.json()["until"], changed.json()["revision"]) == (200, "2026-12-31", 2)
    assert (await manager.post("/board-members", json=second)).status_code == 201


async def test_a_member_is_changed_by_who_saw_the_last_revision(manager: httpx.AsyncClient) -> None:
    made = (await manager.post("/board-members", json=newcomer())).json()
    body = without_subject(newcomer(seat="vng"))
    assert (await manager.put(f"/board-members/{made['id']}", json=body, headers=if_match(7))).status_code == 412
    assert (await manager.put(f"/board-members/{uuid4()}", json=body, headers=if_match(1))).status_code == 404
    assert (await manager.put(f"/board-members/{made['id']}", json=body)).status_code == 428


async def test_seating_somebody_again_with_the_same_key_seats_one(manager: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = newcomer()
    answers = [await manager.post("/board-members", json=body, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()


async def test_the_quorum_is_a_setting(assessment: Standing, manager: httpx.AsyncClient) -> None:
    before = await manager.get("/board-settings")
    assert before.json() == {"revision": 1, "reviews": 4, "seats": 3}
    changed = await manager.put("/board-settings", json={"reviews": 3, "seats": 2}, headers=if_match(1))
    assert changed.json() == {"revision": 2, "reviews": 3, "seats": 2}
    stale = await manager.put("/board-settings", json={"reviews": 3, "seats": 2}, headers=if_match(1))
    assert stale.status_code == 412
    wrong = await manager.put("/board-settings", json={"reviews": 0, "seats": 9}, headers=if_match(2))
    assert (wrong.status_code, fields(wrong)) == (400, {"reviews", "seats"})
    async with assessment.client_for(Role.BOARD_MEMBER) as member:
        assert (await member.get("/board-settings")).status_code == 200
        refused = await member.put("/board-settings", json={"reviews": 1, "seats": 1}, headers=if_match(2))
    assert refused.status_code == 403


@pytest.mark.parametrize("address", ["/board-members", "/board-settings", "/assessments", "/portfolio"])
@pytest.mark.parametrize(("roles", "status"), [((), 401), ((Role.SUBMITTER,), 403), ((Role.GEMEENTE,), 403)])
async def test_others_see_nothing_of_the_board(
    assessment: Standing, address: str, roles: tuple[Role, ...], status: int
) -> None:
    async with assessment.client_for(*roles, gemeente="GM0518", organisation=UUID(int=31)) as client:
        assert (await client.get(address)).status_code == status
