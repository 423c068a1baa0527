"""An operator mends the messages of a service over HTTP; nobody else may, and nobody sees a person in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.messaging import audit, listener
from shared.runtime.operations.asked import DoneResult
from shared.web import Role
from tests.integration.shared.runtime.operations.asking import WHY, ask
from tests.messaging import Record, life, record, rows, value, withdrawn
from tests.standing import Standing

ONE, TWO = UUID(int=1), UUID(int=2)
TOPIC = life(ONE, "a")[0].topic
ROUTES = [
    ("GET", "/operations/parked"),
    ("GET", f"/operations/parked/projects/{ONE}/1"),
    ("POST", f"/operations/parked/projects/{ONE}/1/fixes"),
    ("POST", f"/operations/parked/projects/{ONE}/releases"),
    ("POST", f"/operations/parked/projects/{ONE}/1/discards"),
    ("GET", "/operations/dead-letters"),
    ("GET", f"/operations/dead-letters/{ONE}"),
    ("POST", f"/operations/dead-letters/{ONE}/replays"),
    ("POST", f"/operations/dead-letters/{ONE}/discards"),
    ("GET", "/operations/outbox"),
    ("GET", "/operations/outbox/stopped-keys"),
    ("POST", f"/operations/outbox/{TOPIC}/{ONE}/releases"),
    ("POST", f"/operations/outbox/{TOPIC}/{ONE}/resends"),
    ("GET", "/operations/places"),
    ("GET", "/operations/hearing"),
    ("GET", "/operations/verification"),
    ("POST", "/operations/rebuilds"),
    ("POST", "/operations/log-adoptions"),
    ("GET", "/operations/audit"),
    ("POST", "/operations/persons/erasures"),
]


def fresh() -> UUID:
    """An entity of which nothing was heard."""
    return uuid4()


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
async def test_only_an_operator_may(stand: Standing, method: str, path: str) -> None:
    others = [role for role in Role if role is not Role.OPERATOR]
    async with stand.client_for(*others, gemeente="GM0518", organisation=ONE) as other:
        refused = await other.request(method, path, json=None if method == "GET" else WHY)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    async with stand.client_for() as stranger:
        assert (await stranger.request(method, path)).status_code == 401


async def test_a_failed_record_is_found_repaired_and_released(stand: Standing, operator: httpx.AsyncClient) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one, "a"), 1, value=b"{}"), *life(one, "b", first=2)], [])

    (failed,) = (await ask(operator, "GET", "/operations/parked?kind=failed"))["items"]
    assert (failed["stream"], failed["entity"], failed["version"]) == ("projects", str(one), 1)
    at = f"/operations/parked/projects/{one}"
    shown = await ask(operator, "GET", f"{at}/1")
    assert (shown["value"], shown["behind"]) == ({"text": "{}", "encoding": "utf-8"}, "2")
    assert {"name": "ce_sequence", "value": "1"} in shown["headers"]

    refused = await operator.post(f"{at}/1/fixes", json={**WHY, "values": {"reason": "a"}})
    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} >= {"data.project"}
    data = {"project": str(one), "projectVersion": 1, "reason": "a", "withdrawnOn": "2026-11-01"}
    await ask(operator, "POST", f"{at}/1/fixes", {**WHY, "data": data, "dryRun": True})
    assert (await ask(operator, "GET", f"{at}/1"))["value"]["text"] == "{}"
    await ask(operator, "POST", f"{at}/1/fixes", {**WHY, "data": data})
    released = await ask(operator, "POST", f"{at}/releases", WHY)

    assert released == {
        "outcome": f"2 version(s) of {one} applied; nothing of it failed", "moreToDo": False, "dryRun": False
    }  # fmt: skip
    assert await rows(stand.database, "select word from note order by id") == [("a",), ("b",)]
    assert (await ask(operator, "GET", "/operations/parked"))["items"] == []


async def test_a_discard_that_has_more_to_do_says_what_to_ask_and_that_goes_on(
    stand: Standing, operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "CHUNK", 2)
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b"{}"), *life(one, "bcde", first=2)], [])
    at = f"/operations/parked/projects/{one}"

    discarded = await ask(operator, "POST", f"{at}/1/discards", WHY)
    assert discarded["moreToDo"]
    assert discarded["outcome"] == f"2 version(s) of {one} applied; 2 more wait: release it again"
    assert "POST /operations/parked/{stream}/{entity}/releases" in DoneResult.model_json_schema()["description"]
    assert (await operator.post(f"{at}/1/discards", json=WHY)).status_code == 404
    assert not (await ask(operator, "POST", f"{at}/releases", WHY))["moreToDo"]

    assert await rows(stand.database, "select word from note order by id") == [(word,) for word in "bcde"]


async def test_what_was_done_is_kept_with_the_opaque_person_who_did_it(
    stand: Standing, operator: httpx.AsyncClient
) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b"{}")], [])
    async with stand.client_for(Role.OPERATOR, subject="jan.jansen") as jan:
        await ask(jan, "POST", f"/operations/parked/projects/{one}/1/discards", WHY)
        person = await value(stand.database, "select id from person where subject = 'jan.jansen'")

    deed = (await ask(operator, "GET", "/operations/audit?limit=1"))["items"][0]
    assert (deed["actor"], deed["action"], deed["reason"]) == (str(person), "parked discard", WHY["reason"])
    assert deed["target"] == f"projects {one} 1"
    claimed = await operator.post(
        f"/operations/parked/projects/{one}/1/discards", json={**WHY, "actor": "iemand anders"}
    )
    assert claimed.status_code == 400


async def test_asked_twice_with_one_key_it_is_done_once(stand: Standing, operator: httpx.AsyncClient) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b"{}")], [])
    at, key = f"/operations/parked/projects/{one}/1/discards", {"Idempotency-Key": str(uuid4())}

    first, second = [await operator.post(at, json=WHY, headers=key) for _ in range(2)]

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    done = "select count(*) from audit where target = $1"
    assert await value(stand.database, done, f"projects {one} 1") == 1


async def test_a_dead_letter_is_found_heard_or_thrown_away(stand: Standing, operator: httpx.AsyncClient) -> None:
    one = fresh()
    lost = record(withdrawn(one, "a"), 1, offset=5, changed={"ce_subject": b"\xff"})
    await stand.listener.hear([lost, Record(TOPIC, 0, 6, b"\xfe", b"\xff", [("x", None)])], [])

    first, second = (await ask(operator, "GET", "/operations/dead-letters"))["items"]
    assert (first["offset"], first["kept"], second["offset"]) == (5, True, 6)
    shown = await ask(operator, "GET", f"/operations/dead-letters/{second['id']}")
    assert shown["value"] == {"text": "/w==", "encoding": "base64"}
    assert shown["headers"] == [{"name": "x", "value": None}]

    unread = await operator.post(f"/operations/dead-letters/{second['id']}/replays", json=WHY)
    assert unread.status_code == 409
    heard = await ask(operator, "POST", f"/operations/dead-letters/{first['id']}/replays", {**WHY, "subject": str(one)})
    assert "1 version(s)" in heard["outcome"]
    await ask(operator, "POST", f"/operations/dead-letters/{second['id']}/discards", WHY)

    assert (await ask(operator, "GET", "/operations/dead-letters"))["items"] == []
    assert await rows(stand.database, "select word from note") == [("a",)]


async def test_a_stopped_key_is_found_and_goes_on(stand: Standing, operator: httpx.AsyncClient) -> None:
    await stand.listener.hear(life(fresh(), "ab"), [])
    topic, key = (await rows(stand.database, "select topic, key from outbox"))[0]
    async with stand.database.transaction() as tx:
        await tx.execute("insert into stopped values ($1, $2, 'te groot')", topic, key)

    (waiting,) = (await ask(operator, "GET", "/operations/outbox"))["waiting"]
    assert (waiting["topic"], waiting["events"]) == (topic, 2)
    (stopped,) = (await ask(operator, "GET", "/operations/outbox/stopped-keys"))["items"]
    assert (stopped["topic"], stopped["key"], stopped["reason"]) == (topic, key, "te groot")
    await ask(operator, "POST", f"/operations/outbox/{topic}/{key}/releases", WHY)
    assert (await ask(operator, "GET", "/operations/outbox/stopped-keys"))["items"] == []


async def test_lists_come_in_pages_without_a_hole_or_a_repeat(stand: Standing, operator: httpx.AsyncClient) -> None:
    entities = [fresh() for _ in range(5)]
    await stand.listener.hear([record(withdrawn(entity), 1, value=b"{}") for entity in entities], [])
    seen, path = [], "/operations/parked?limit=2"
    while path:
        page = await ask(operator, "GET", path)
        seen += [item["entity"] for item in page["items"]]
        path = f"/operations/parked?limit=2&after={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(map(str, entities))
    assert (await operator.get("/operations/parked?after=eHg")).status_code == 400


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if str(ONE) in route[1]], ids=str)
async def test_what_is_not_there_is_a_404(operator: httpx.AsyncClient, method: str, path: str) -> None:
    body = {**WHY, "data": {}} if path.endswith("fixes") else WHY
    answer = await operator.request(method, path, json=None if method == "GET" else body)
    assert answer.status_code == 404, answer.text


async def test_what_somebody_else_repairs_is_a_409(stand: Standing, operator: httpx.AsyncClient) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b"{}")], [])
    async with audit.fenced(stand.database, f"projects {one}"):
        answer = await operator.post(f"/operations/parked/projects/{one}/1/discards", json=WHY)
    assert (answer.status_code, answer.json()["title"]) == (409, "Iemand anders is hiermee bezig")


async def test_personal_data_is_refused_and_never_shown(stand: Standing, operator: httpx.AsyncClient) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b'{"bsn": "123456782"}')], [])
    at = f"/operations/parked/projects/{one}/1"

    assert (await operator.post(f"{at}/discards", json={"reason": "BSN 123456782"})).status_code == 400
    everything = (await operator.get(at)).text + (await operator.get("/operations/parked")).text
    assert "123456782" not in everything
    assert (await ask(operator, "GET", at))["value"] is None


TOLD = """
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
values (1, uuidv7(), $1, $2, 1, '{}', '{}', now(), '', 0, 0)
"""


async def test_a_resend_that_fails_is_kept_with_who_asked_for_it(stand: Standing, operator: httpx.AsyncClient) -> None:
    key = str(fresh())
    async with stand.database.transaction() as tx:
        await tx.execute(TOLD, TOPIC, key)

    answer = await operator.post(f"/operations/outbox/{TOPIC}/{key}/resends", json=WHY)

    assert (answer.status_code, answer.json()["title"]) == (503, "Dit lukt nu even niet")
    deed = (await ask(operator, "GET", "/operations/audit?limit=1"))["items"][0]
    assert (deed["action"], deed["target"], deed["reason"]) == ("outbox resend", f"{TOPIC} {key} 1-", WHY["reason"])
    assert deed["outcome"].startswith("Kafka does not answer")
    assert UUID(deed["actor"])


LONG = """
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
select coalesce((select max(seq) from told), 0) + n, uuidv7(), $1, $2, n, '{}', '{}', now(), '', 0, 0
from generate_series($3::int, $4) n
"""


@pytest.mark.parametrize(("last", "end"), [(None, 2000), (1950, 1950)], ids=["to the end", "up to a version"])
async def test_what_is_kept_of_a_long_life_is_told_again_500_at_once_and_each_answer_says_where_to_go_on(
    stand: Standing, operator: httpx.AsyncClient, last: int | None, end: int
) -> None:
    key, first, answers = str(fresh()), 1, []
    async with stand.database.transaction() as tx:
        await tx.execute(LONG, TOPIC, key, 900, 2000)

    while first:
        body = {**WHY, "dryRun": True, "first": first, "last": last}
        answer = await ask(operator, "POST", f"/operations/outbox/{TOPIC}/{key}/resends", body)
        assert answer["moreToDo"] is (answer["nextFirst"] is not None)
        first = answer["nextFirst"]
        answers.append((answer["outcome"].removeprefix(f"{key} told again on {TOPIC}, "), first))

    assert answers == [
        ("500 version(s): 900-1399; more is kept: go on from version 1400", 1400),
        ("500 version(s): 1400-1899; more is kept: go on from version 1900", 1900),
        (f"{end - 1899} version(s): 1900-{end}", None),
    ]


def data_of(entity: UUID, **changed: Any) -> dict[str, Any]:
    """A withdrawal that is right, but for what is changed."""
    return {"project": str(entity), "projectVersion": 1, "reason": "a", "withdrawnOn": "2026-11-01", **changed}


async def test_why_a_repair_is_refused_is_said_in_dutch_with_each_field_that_is_wrong(
    stand: Standing, operator: httpx.AsyncClient
) -> None:
    one = fresh()
    await stand.listener.hear([record(withdrawn(one), 1, value=b"{")], [])
    at = f"/operations/parked/projects/{one}/1/fixes"
    wrong = data_of(one, projectVersion="een", withdrawnOn="morgen")
    del wrong["reason"]

    refused = (await operator.post(at, json={**WHY, "data": wrong})).json()
    assert refused["title"] == "Hiermee klopt het bericht nog niet"
    assert refused["detail"] == (
        "Er is niets veranderd. De gegevens passen niet bij deze soort bericht (ProjectWithdrawn). Bij elke fout staat om welk "
        "veld het gaat."
    )
    assert {error["field"]: error["message"] for error in refused["errors"]} == {
        "data.projectVersion": "Geef een heel getal.",
        "data.withdrawnOn": "Geef een datum die bestaat, als jjjj-mm-dd.",
        "data.reason": "Dit is verplicht.",
    }
    for body, part in (
        ({"data": data_of(one), "headers": {"ce_id": str(one)}}, "Dit kunt u niet wijzigen: ce_id."),
        ({"values": {"reason": "a"}}, "geef alle gegevens opnieuw."),
        ({"data": data_of(fresh())}, "of de gegevens bij hetzelfde onderwerp horen."),
    ):
        answer = await operator.post(at, json={**WHY, **body})
        assert (answer.status_code, "Er is niets veranderd. " in answer.json()["detail"]) == (400, True)
        assert part in answer.json()["detail"]


async def test_why_a_dead_letter_cannot_be_heard_is_said_in_dutch(stand: Standing, operator: httpx.AsyncClient) -> None:
    await stand.listener.hear(
        [Record(TOPIC, 0, 8, None, b"\xff", []), Record(TOPIC, 0, 9, None, b"bsn 123456782", [])], []
    )
    unread, personal = (await ask(operator, "GET", "/operations/dead-letters"))["items"]

    for letter, part in ((unread, "Geef zelf subject, sequence en id"), (personal, "De inhoud is niet bewaard.")):
        answer = await operator.post(f"/operations/dead-letters/{letter['id']}/replays", json=WHY)
        assert (answer.status_code, answer.json()["title"]) == (409, "Dit bericht is niet te verwerken")
        assert part in answer.json()["detail"]
