"""What can a subscriber do with its webhooks, and can it do anything with those of another?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from shared.web import Role
from tests.integration.services.impact.sample import Adopts, Json, count
from tests.standing import Standing, fields, if_match

ADDRESS = "https://dashboard.voorbeeld.nl/ontvang"


@pytest.fixture
async def subscriber(impact: Standing) -> AsyncIterator[httpx.AsyncClient]:
    """A subscriber of its own for each test: nothing is delivered here."""
    async with impact.client_for(Role.SUBSCRIBER, client=f"s-{uuid4().hex}") as client:
        yield client


@pytest.fixture
async def webhook(subscriber: httpx.AsyncClient) -> Json:
    """A webhook of it."""
    made: Json = (await subscriber.post("/webhooks", json={"address": ADDRESS, "gemeente": "GM0518"})).json()
    return made


async def test_a_secret_is_shown_once_and_never_again(subscriber: httpx.AsyncClient, webhook: Json) -> None:
    assert webhook["secret"].startswith("whsec_")
    read = await subscriber.get(f"/webhooks/{webhook['id']}")
    assert read.headers["etag"] == '"1"'
    assert "secret" not in read.json()
    rotated = await subscriber.post(f"/webhooks/{webhook['id']}/secrets")
    assert rotated.status_code == 201
    new = rotated.json()["secret"]
    assert new != webhook["secret"]
    everything = [await subscriber.get(path) for path in _readable(webhook)]
    for secret in (new, webhook["secret"]):
        assert all(secret.removeprefix("whsec_") not in answer.text for answer in everything)


async def test_nobody_else_sees_or_changes_a_webhook(impact: Standing, webhook: Json) -> None:
    id_ = webhook["id"]
    async with impact.client_for(Role.SUBSCRIBER, client="iemand-anders") as other:
        assert (await other.get("/webhooks")).json()["items"] == []
        seen = if_match(1)
        answers = [
            *[await other.get(path) for path in _readable(webhook) if path != "/webhooks"],
            *[
                await other.post(f"/webhooks/{id_}/{what}")
                for what in ("secrets", "pauses", "resumptions", "challenges", "tests", "dead-letters/retries")
            ],
            await other.post(f"/webhooks/{id_}/replays", json={"since": "2026-01-01T00:00:00Z"}),
            await other.patch(f"/webhooks/{id_}", json={"gemeente": None}, headers=seen),
            await other.delete(f"/webhooks/{id_}", headers=seen),
        ]
        assert {answer.status_code for answer in answers} == {404}
        missing = (await other.get(f"/webhooks/{uuid4()}")).json()
        assert answers[0].json()["title"] == missing["title"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUBSCRIBER])
async def test_it_is_for_subscribers_only(impact: Standing, role: Role) -> None:
    async with impact.client_for(role, gemeente="GM0518", organisation=uuid4(), client="x") as client:
        assert (await client.get("/webhooks")).status_code == 403
    async with impact.client_for(Role.SUBSCRIBER) as without_client:
        assert (await without_client.get("/webhooks")).status_code == 403
    async with impact.client_for() as nobody:
        assert (await nobody.get("/webhooks")).status_code == 401


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"address": "http://voorbeeld.nl/ontvang"}, {"address"}),
        ({"address": "https://127.0.0.1/ontvang"}, {"address"}),
        ({"address": "https://naam:geheim@voorbeeld.nl/"}, {"address"}),
        ({"address": "https://voorbeeld.nl:25/"}, {"address"}),
        ({"address": "https://" + 2000 * "a"}, {"address"}),
        ({}, {"address"}),
        ({"address": ADDRESS, "filter": "x", "project": "y"}, {"filter", "project"}),
        ({"address": ADDRESS, "after": "onzin"}, {"after"}),
        ({"address": ADDRESS, "gemeente": "GM9999"}, {"gemeente"}),
        ({"address": ADDRESS, "province": "PV99"}, {"province"}),
        ({"address": ADDRESS, "indicator": "onzin"}, {"indicator"}),
    ],
)
async def test_what_cannot_be_is_refused_with_the_field(
    subscriber: httpx.AsyncClient, sent: Json, named: set[str]
) -> None:
    answer = await subscriber.post("/webhooks", json=sent)
    assert answer.status_code == 400, answer.text
    assert fields(answer) == named


async def test_one_may_have_ten_also_when_one_asks_for_twelve_at_once(subscriber: httpx.AsyncClient) -> None:
    asked = [subscriber.post("/webhooks", json={"address": f"{ADDRESS}/{n}"}) for n in range(12)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == 10 * [201] + 2 * [409]
    page = (await subscriber.get("/webhooks", params={"limit": 4})).json()
    assert (len(page["items"]), page["next"] is None) == (4, False)


async def test_a_change_needs_what_was_seen_and_another_address_must_prove_itself(
    subscriber: httpx.AsyncClient, webhook: Json
) -> None:
    path = f"/webhooks/{webhook['id']}"
    assert (await subscriber.patch(path, json={"project": None})).status_code == 428
    changed = await subscriber.patch(path, json={"gemeente": None, "province": "PV28"}, headers=if_match(1))
    assert (changed.status_code, changed.json()["gemeente"], changed.json()["province"]) == (200, None, "PV28")
    assert (await subscriber.patch(path, json={"project": None}, headers=if_match(1))).status_code == 412
    assert (await subscriber.patch(path, json={"address": "x"}, headers=if_match(2))).status_code == 400
    assert (await subscriber.delete(path, headers=if_match(1))).status_code == 412
    assert (await subscriber.delete(path, headers=if_match(2))).status_code == 204
    assert (await subscriber.get(path)).status_code == 404


async def test_sent_again_with_its_key_a_webhook_is_made_once(subscriber: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "een-keer"}
    first, second = [await subscriber.post("/webhooks", json={"address": ADDRESS}, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert len((await subscriber.get("/webhooks")).json()["items"]) == 1


async def test_what_does_not_fit_its_state_is_told(subscriber: httpx.AsyncClient, webhook: Json) -> None:
    for what in ("pauses", "resumptions", "tests", "challenges"):
        answer = await subscriber.post(f"/webhooks/{webhook['id']}/{what}")
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json"), what
    for body in ({}, {"since": "2026-01-01T00:00:00Z", "after": webhook["cursor"]}):
        both = await subscriber.post(f"/webhooks/{webhook['id']}/replays", json=body)
        assert (both.status_code, fields(both)) == (400, {"after", "since"})
    assert (await subscriber.get(f"/webhooks/{webhook['id']}/tests/{uuid4()}")).status_code == 404
    for path in ("attempts", "dead-letters"):
        assert (await subscriber.get(f"/webhooks/{webhook['id']}/{path}", params={"after": "eA"})).status_code == 400


async def test_who_asks_for_too_many_messages_is_told_to_wait(subscriber: httpx.AsyncClient, webhook: Json) -> None:
    path, statuses = f"/webhooks/{webhook['id']}", []
    for n in range(25):
        revision = (await subscriber.get(path)).json()["revision"]
        moved = await subscriber.patch(path, json={"address": f"{ADDRESS}/{n}"}, headers=if_match(revision))
        statuses.append(moved.status_code)
    assert (statuses[0], statuses[-1], moved.headers["retry-after"]) == (200, 429, "600")
    revision = (await subscriber.get(path)).json()["revision"]
    assert (await subscriber.delete(path, headers=if_match(revision))).status_code == 204
    anew = await subscriber.post("/webhooks", json={"address": ADDRESS})
    assert anew.status_code == 429, "whoever deletes a webhook does not begin anew"


async def test_one_begins_from_now_or_from_the_cursor_of_a_snapshot(
    subscriber: httpx.AsyncClient, anyone: httpx.AsyncClient, adopts: Adopts, impact: Standing
) -> None:
    before = (await anyone.get("/snapshot")).json()["cursor"]
    await (await adopts()).records(count(43))
    now = (await anyone.get("/snapshot")).json()["cursor"]
    made = [
        (await subscriber.post("/webhooks", json={"address": ADDRESS, **more})).json()
        for more in ({}, {"after": before}, {"after": now})
    ]
    assert [(each["cursor"], each["linesBehind"]) for each in made] == [(now, 0), (before, 1), (now, 0)]
    impact.now = impact.now.replace(hour=12)
    behind = (await subscriber.get(f"/webhooks/{made[1]['id']}")).json()
    assert behind["secondsBehind"] == 2 * 3600


def _readable(webhook: Json) -> list[str]:
    own = f"/webhooks/{webhook['id']}"
    return [own, f"{own}/attempts", f"{own}/dead-letters", f"{own}/tests/{uuid4()}", "/webhooks"]
