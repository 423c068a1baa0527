"""What an operator sees of a service's place in the log and of its code; and what only a command can do is named."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contracts.event import Stream
from shared.messaging import hearing
from tests.integration.shared.runtime.operations.asking import WHY, ask
from tests.standing import Standing

ONE, TOPIC = UUID(int=1), Stream.PROJECTS.topic


async def test_where_it_is_in_the_log_is_shown(stand: Standing, operator: httpx.AsyncClient) -> None:
    async with stand.database.transaction() as tx:
        await tx.execute(
            "insert into positions (topic, part, next, cluster, event_id) values ($1, 1, 7, 'c', $2), ($1, 2, 0, 'c', null)",
            TOPIC,
            ONE,
        )
    assert (await ask(operator, "GET", "/operations/places"))["places"] == [
        {"topic": TOPIC, "partition": 1, "next": 7, "cluster": "c", "event": str(ONE)},
        {"topic": TOPIC, "partition": 2, "next": 0, "cluster": "c", "event": None},
    ]


async def test_which_code_hears_is_shown(stand: Standing, operator: httpx.AsyncClient) -> None:
    ours = hearing.declared(stand.service.hears)
    (one,) = ours
    before = await ask(operator, "GET", "/operations/hearing")
    assert (before["isThisCode"], before["reactions"][0]["state"]) == (False, "new")

    generation = await hearing.admitted(stand.database, ours)

    assert await ask(operator, "GET", "/operations/hearing") == {
        "generation": generation,
        "isThisCode": True,
        "reactions": [{"stream": "projects", "type": one.type, "reaction": one.reaction, "state": "heard"}],
    }


@pytest.mark.parametrize(
    ("path", "body", "command"),
    [
        ("rebuilds", {"fold": "toy.lives"}, "rebuild toy.lives --reason TEKST --actor WIE"),
        ("rebuilds", {"fold": "toy.lives", "dryRun": True}, "rebuild toy.lives --reason TEKST --actor WIE --dry-run"),
        ("log-adoptions", {}, "said adopt-log --reason TEKST --actor WIE"),
    ],
)
async def test_what_a_running_replica_cannot_do_is_refused_with_the_command_that_does_it(
    stand: Standing, operator: httpx.AsyncClient, path: str, body: dict[str, Any], command: str
) -> None:
    answer = await operator.post(f"/operations/{path}", json={**WHY, **body})
    assert (answer.status_code, answer.json()["title"]) == (409, "Dit kan alleen met een opdracht")
    assert answer.json()["detail"].endswith(f"python -m services.{stand.service.name} {command}")


async def test_a_command_that_is_named_holds_nothing_but_the_name_of_a_fold(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/operations/rebuilds", json={**WHY, "fold": "x; rm -r"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "fold")
