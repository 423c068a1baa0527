"""Outside systems publish over HTTP: what is accepted has its effect and is said, what is refused says what to do."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.events import AdoptionEnded, AdoptionStarted
from shared.web import Role
from tests.integration.shared.publishing.sending import BATCH, OUTSIDE, STRUCTURED, event, items, send
from tests.messaging import value
from tests.standing import Standing, fields

SOME = UUID("0198f000-0000-7000-8000-00000000000a")


async def words(stand: Standing) -> list[str]:
    """What had an effect."""
    async with stand.database.reading() as tx:
        return sorted(row["word"] for row in await tx.fetch("select word from ended"))


async def test_an_accepted_event_is_said_as_ours(fund: httpx.AsyncClient, stand: Standing) -> None:
    theirs = {"sequence": "7", "causationid": str(uuid4()), "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    sent = event("klaar", SOME, subject="iets anders", roles="operator", **theirs)

    (item,) = await items(fund, sent)

    assert (item["status"], item["entity"], item["problem"]) == ("accepted", str(SOME), None)
    assert (item["source"], item["eventId"], item["type"]) == (sent["source"], sent["id"], sent["type"])
    (told,) = await stand.said(SOME)
    assert told.data["reason"] == "klaar"
    assert told.headers["ce_source"].startswith("urn:nld:oin:00000099000000000001:systeem:toy")
    assert told.headers["ce_causationid"] == item["id"]
    assert "ce_traceparent" not in told.headers
    assert await value(stand.database, "select publication from ended") == UUID(item["id"])


async def test_binary_mode_does_the_same(fund: httpx.AsyncClient, stand: Standing) -> None:
    sent = event("binair")
    headers = {f"ce-{name}": text for name, text in sent.items() if name != "data"}
    answer = await fund.post("/events", json=sent["data"], headers=headers)
    assert (answer.status_code, answer.json()["items"][0]["eventId"]) == (202, sent["id"])
    assert await words(stand) == ["binair"]


async def test_no_idempotency_key_is_asked_for(stand: Standing) -> None:
    async with stand.client_for(Role.PUBLISHER, client="fonds") as client:
        client.event_hooks = {"request": []}
        assert (await send(client, event())).status_code == 202


async def test_of_a_batch_the_good_ones_are_kept_and_each_other_says_what_is_wrong(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    found = await items(
        fund,
        event("een"),
        event("weiger"),
        event("twee", data={"gemeente": "GM0599"}),
        event("half", SOME),
        event(id=None),
        event("drie", data={"endedOn": "gisteren"}),
        event("vier", SOME),
    )

    assert [one["status"] for one in found] == ["accepted", *["refused"] * 5, "accepted"]
    assert [one["problem"] and one["problem"]["status"] for one in found] == [None, 409, 403, 409, 400, 400, None]
    faulty = [{error["field"] for error in one["problem"]["errors"]} for one in found if one["problem"]]
    assert faulty == [{"data.reason"}, {"data.gemeente"}, set(), {"id"}, {"data.endedOn"}]
    assert await words(stand) == ["een", "vier"]
    assert [told.data["reason"] for told in await stand.said(SOME)] == ["vier"], "what was half said is not said"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"specversion": "0.3"}, (400, "bad-event", {"specversion"})),
        ({"type": "nl.schuldhulpprojecten.koffie.v1"}, (400, "bad-event", {"type"})),
        ({"type": AdoptionStarted.ce_type()}, (400, "bad-event", {"type"})),
        ({"data": {"adoption": "x", "gemeente": "Den Haag"}}, (400, "bad-event", {"data.adoption", "data.gemeente"})),
        ({"data": {"reason": "Van BSN 123456782"}}, (400, "person-data-found", {"data.reason"})),
        ({"data": {"gemeente": "GM0599"}}, (403, "not-yours", {"data.gemeente"})),
        ({"data": {"reason": "van een ander"}}, (403, "not-yours", {"data.adoption"})),
        ({"data": {"reason": "weiger"}}, (409, "conflict", {"data.reason"})),
    ],
)
async def test_a_single_event_that_is_refused_gets_its_problem_and_can_be_looked_up(
    fund: httpx.AsyncClient, stand: Standing, sent: dict[str, Any], expected: tuple[int, str, set[str]]
) -> None:
    status, name, places = expected
    answer = await send(fund, event(**sent))

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith(f"/{name}")
    assert fields(answer) == places
    assert "nieuw id" in problem["detail"]
    found = (await fund.get(f"/publications/{problem['publication']}")).json()
    assert (found["status"], found["problem"]["detail"]) == ("refused", problem["detail"])
    assert "123456782" not in f"{problem}{found}"
    assert await words(stand) == []
    assert await stand.said() == []


async def test_the_same_event_again_gets_the_same_answer_and_has_no_effect(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    good, bad = event("een"), event("weiger")
    first = await items(fund, good, bad)
    again = await items(fund, bad, {**good, "time": "2026-11-29T10:00:00Z"}, good)

    assert [again[1], again[0]] == first
    assert again[2] == first[0]
    alone = await send(fund, bad)
    assert (alone.status_code, alone.json()["publication"]) == (409, first[1]["id"])
    assert await words(stand) == ["een"]
    assert len(await stand.said()) == 1


async def test_an_id_says_one_thing_for_ever(fund: httpx.AsyncClient, stand: Standing) -> None:
    sent = event("een")
    await items(fund, sent)
    other = {**sent, "data": {**sent["data"], "reason": "iets anders"}}

    answer = await send(fund, other)

    assert (answer.status_code, fields(answer)) == (409, {"id"})
    assert "publication" not in answer.json()
    within = [event("twee", id="zelfde"), event("drie", id="zelfde")]
    assert [one["status"] for one in await items(fund, *within)] == ["accepted", "refused"]
    assert await words(stand) == ["een", "twee"]
    (kept,) = (await fund.get("/publications", params={"source": OUTSIDE, "id": sent["id"]})).json()["items"]
    assert kept["status"] == "accepted"


async def test_ids_of_two_publishers_have_nothing_to_do_with_each_other(
    fund: httpx.AsyncClient, other_fund: httpx.AsyncClient, stand: Standing
) -> None:
    await items(fund, event("een", id="1"))
    await items(other_fund, event("twee", id="1"))
    assert await words(stand) == ["een", "twee"]


async def test_a_try_out_says_what_would_come_of_it_and_leaves_nothing(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    before = event("al gedaan")
    (known,) = await items(fund, before)
    tried = [event("een", SOME), event("weiger"), before]

    found = await items(fund, *tried, dry_run=True)

    assert [(one["status"], one["id"]) for one in found] == [
        ("accepted", None),
        ("refused", None),
        ("accepted", known["id"]),
    ]
    assert (await send(fund, tried[1], dry_run=True)).status_code == 409
    assert await words(stand) == ["al gedaan"]
    assert len(await stand.said()) == 1
    assert await value(stand.database, "select count(*) from publication") == 1
    assert [one["status"] for one in await items(fund, *tried)] == ["accepted", "refused", "accepted"]


async def test_what_failed_by_our_fault_can_be_sent_again_under_its_id(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    broken, good = event("kapot"), event("heel")
    first = await items(fund, broken, good)
    assert [(one["status"], one["id"] is None) for one in first] == [("refused", True), ("accepted", False)]
    assert first[0]["problem"]["status"] == 500
    assert "nobody foresaw" not in json.dumps(first)

    async with stand.database.transaction() as tx:
        await tx.execute("insert into repaired values (true)")

    assert [one["status"] for one in await items(fund, broken, good)] == ["accepted", "accepted"]
    assert await words(stand) == ["heel", "kapot"]


async def test_while_something_is_away_nothing_of_a_batch_is_kept(fund: httpx.AsyncClient, stand: Standing) -> None:
    answer = await send(fund, event("een"), event("weg"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert await words(stand) == []
    assert await value(stand.database, "select count(*) from publication") == 0


async def test_too_large_too_many_and_another_kind_of_content(fund: httpx.AsyncClient) -> None:
    assert (await send(fund, event(data={"extra": "x" * 1_100_000}))).status_code == 413
    assert (await send(fund, *[event()] * 101)).status_code == 413
    other = await fund.post("/events", content=b"<event/>", headers={"Content-Type": "text/xml"})
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (415, "no-cloudevents")
    assert BATCH in other.headers["accept"]
    for kind, body in ((STRUCTURED, b"{"), (BATCH, b"[]")):
        answer = await fund.post("/events", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, fields(answer)) == (400, {"body"})


async def test_with_too_much_to_be_told_publishers_are_asked_to_come_back(
    fund: httpx.AsyncClient, stand: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = stand.app.state.publishing
    await items(fund, event(), event())
    monkeypatch.setattr(publishing, "_most_waiting", 1)
    monkeypatch.setattr(publishing, "_looked_at", -10.0)
    answer = await send(fund, event())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert (await send(fund, event(), dry_run=True)).status_code == 200
    monkeypatch.undo()
    monkeypatch.setattr(publishing, "_looked_at", -10.0)
    assert (await send(fund, event())).status_code == 202


async def test_only_who_is_declared_may_publish(stand: Standing) -> None:
    for roles, client, status in (
        ((), None, 401),
        ((Role.GEMEENTE,), "fonds", 403),
        ((Role.PUBLISHER,), None, 403),
        ((Role.PUBLISHER,), "onbekend", 403),
    ):
        async with stand.client_for(*roles, client=client, gemeente="GM0518") as caller:
            for answer in (await send(caller, event()), await caller.get("/publications")):
                assert answer.status_code == status, (roles, client)
    async with stand.client_for(Role.PUBLISHER, client="onbekend") as caller:
        assert "access.yaml" in (await send(caller, event())).json()["detail"]
    async with stand.client_for(Role.PUBLISHER, client="gemeente") as caller:
        answer = await send(caller, event())
        assert (answer.status_code, fields(answer)) == (403, {"type"})
    assert await words(stand) == []


async def test_publications_are_shown_to_who_sent_them_and_to_nobody_else(
    fund: httpx.AsyncClient, other_fund: httpx.AsyncClient
) -> None:
    mine = await items(fund, *[event("een", id=str(nth)) for nth in range(3)], event("weiger", id="3"))
    (theirs,) = await items(other_fund, event("twee", id="1"))

    assert (await fund.get(f"/publications/{mine[1]['id']}")).json() == mine[1]
    foreign, absent = [await fund.get(f"/publications/{each}") for each in (theirs["id"], uuid4())]
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(theirs["id"], "?") == absent.text.replace(str(absent.url).rpartition("/")[2], "?")

    page = (await fund.get("/publications", params={"limit": 3})).json()
    rest = (await fund.get("/publications", params={"limit": 3, "after": page["next"]})).json()
    assert page["items"] + rest["items"] == mine
    for query, expected in (({"id": "1"}, [mine[1]]), ({"status": "refused"}, [mine[3]]), ({"source": "x"}, [])):
        assert (await fund.get("/publications", params=query)).json()["items"] == expected


def test_the_type_of_the_toy_is_that_of_an_event() -> None:
    assert event()["type"] == AdoptionEnded.ce_type()
