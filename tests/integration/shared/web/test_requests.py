"""What a caller meets: revisions, pages, one transaction a request, and the headers of every answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from shared.storage import Database

if TYPE_CHECKING:
    from tests.integration.shared.web.conftest import Acting, Client
    from tests.integration.shared.web.fronts import Hand


async def test_of_two_editors_of_one_revision_one_wins_and_the_other_is_told(den_haag: Client) -> None:
    path = f"/v1/counters/{(await den_haag.start())['id']}"
    headers = {"If-Match": '"1"'}
    race = [den_haag.ask("PUT", path, json={"total": total}, headers=headers) for total in (10, 20)]
    answers = sorted(await asyncio.gather(*race), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 412]
    assert answers[1].json()["type"].endswith("/stale-revision")
    now = await den_haag.ask("GET", path)
    assert (now.json()["total"], now.headers["etag"]) == (answers[0].json()["total"], '"2"')


async def test_a_change_without_if_match_is_told_that_it_needs_one(den_haag: Client) -> None:
    path = f"/v1/counters/{uuid4()}"
    for method, body in (("PUT", {"total": 1}), ("DELETE", None)):
        answer = await den_haag.ask(method, path, json=body)
        assert answer.status_code == 428
        assert answer.json()["errors"] == [{"field": "If-Match", "message": "Dit is verplicht."}]


@pytest.mark.parametrize("etag", ['W/"1"', "1", "*", '"1", "2"', '"99999999999"', '"x"', ""])
async def test_only_the_etag_itself_will_do(den_haag: Client, etag: str) -> None:
    answer = await den_haag.ask("PUT", f"/v1/counters/{uuid4()}", json={"total": 1}, headers={"If-Match": etag})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["If-Match"]


async def test_all_faults_are_named_at_once_wherever_they_are(den_haag: Client) -> None:
    headers = {"If-Match": "3", "Idempotency-Key": None}
    answer = await den_haag.ask("PUT", "/v1/counters/geen-id", json={"total": "veel", "snake_case": 1}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Er zijn 5 fouten gevonden.")
    places = {error["field"] for error in answer.json()["errors"]}
    assert places == {"Idempotency-Key", "If-Match", "counter", "total", "snake_case"}


async def test_faults_name_the_fields_as_the_sender_knows_them(den_haag: Client) -> None:
    body = {
        "startTotal": 2**60,
        "colour": "groen",
        "firstSteps": [{"size": 1, "reason": "goed zo"}, {"size": "2", "reason": "x"}],
        "since": "31-01-2026",
        "seenAt": "2026-01-31T10:00:00",
        "owner": "niemand",
        "start_total": 3,
    }
    answer = await den_haag.ask("POST", "/v1/counters", json=body)
    faults = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert faults == {
        "name": "Dit is verplicht.",
        "startTotal": "Geef een waarde van hoogstens 9007199254740991.",
        "colour": "Kies uit: rood of blauw.",
        "firstSteps.1.size": "Geef een heel getal.",
        "firstSteps.1.reason": "Gebruik ten minste 3 tekens.",
        "since": "Geef een datum die bestaat, als jjjj-mm-dd.",
        "seenAt": "Geef een tijdstip met tijdzone, zoals 2026-01-31T09:30:00Z.",
        "owner": "Geef een id in de vorm van een UUID.",
        "start_total": "Dit veld kennen wij niet.",
    }


async def test_faults_in_the_query_are_named_together(den_haag: Client) -> None:
    answer = await den_haag.ask("GET", "/v1/counters?limit=0&newer_than=gisteren")
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"newer_than", "limit"}


async def test_a_parameter_that_is_not_known_is_named_with_those_that_are(den_haag: Client) -> None:
    answer = await den_haag.ask("GET", "/v1/counters?newerThan=2026-01-01&onbekend&onbekend=2&limit=1")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": name, "message": "Deze parameter kennen wij niet. Kies uit: after, limit, newer_than."}
        for name in ("newerThan", "onbekend")
    ]


async def test_a_parameter_that_is_not_known_is_named_with_all_other_faults(den_haag: Client) -> None:
    read = await den_haag.ask("GET", "/v1/counters?limit=0&onbekend=1")
    written = await den_haag.ask(
        "PUT", f"/v1/counters/{uuid4()}?onbekend=1", json={"total": "veel"}, headers={"Idempotency-Key": None}
    )
    assert [answer.status_code for answer in (read, written)] == [400, 400]
    assert {error["field"] for error in read.json()["errors"]} == {"limit", "onbekend"}
    assert {error["field"] for error in written.json()["errors"]} == {
        "Idempotency-Key",
        "If-Match",
        "total",
        "onbekend",
    }


async def test_a_change_with_a_parameter_that_is_not_known_changes_nothing(den_haag: Client) -> None:
    before = (await den_haag.ask("GET", "/v1/counters")).json()
    key = {"Idempotency-Key": str(uuid4())}
    answer = await den_haag.ask("POST", "/v1/counters?dryrun=1", json={"name": "teller"}, headers=key)
    assert answer.json()["errors"] == [
        {"field": "dryrun", "message": "Deze parameter kennen wij niet. Dit adres heeft er geen."}
    ]
    assert (await den_haag.ask("GET", "/v1/counters")).json() == before
    assert (await den_haag.ask("POST", "/v1/counters", json={"name": "teller"}, headers=key)).status_code == 201


async def test_who_may_not_ask_is_told_that_and_not_what_is_known(nobody: Client) -> None:
    assert (await nobody.ask("GET", "/v1/counters?onbekend=1")).status_code == 401


async def test_pages_follow_each_other_to_the_end(acting: Acting) -> None:
    client = acting("gemeente", gemeente="GM0014")
    started = [(await client.start(name=f"teller {number}"))["id"] for number in range(5)]
    seen: list[str] = []
    path: str | None = "/v1/counters?limit=2"
    while path is not None:
        answer = await client.ask("GET", path)
        seen += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        path = link.removesuffix('>; rel="next"').removeprefix("<") if link else None
        cursor = answer.json()["next"]
        assert (parse_qs(urlsplit(path).query)["after"] == [cursor]) if path else cursor is None
    assert seen == started


@pytest.mark.parametrize("after", ["x", "!!", "AAAA", "eA", "", "x" * 2000, "8J+YgA"])
async def test_a_cursor_of_ones_own_making_is_refused(den_haag: Client, after: str) -> None:
    answer = await den_haag.ask("GET", "/v1/counters", params={"after": after})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["after"]


async def test_what_is_refused_leaves_nothing_behind(den_haag: Client, database: Database) -> None:
    answer = await den_haag.ask("POST", "/v1/odd/refused", json={"total": 409})
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "https://schuldhulpprojecten.nl/problemen/lot-of-things",
        "title": "Er zijn er te veel",
        "status": 409,
        "detail": "Er zijn al 5 tellers.",
        "instance": "/v1/odd/refused",
    }
    async with database.reading() as tx:
        assert not await tx.fetchval("select exists (select from counter where gemeente = 'GM0001')")


async def test_what_tells_of_a_person_is_refused_before_anything_is_stored(
    den_haag: Client, database: Database
) -> None:
    body = {"name": "bel 06-12345678", "notes": {"clienten": [{"voornaam": "Jan", "geboortedatum": "1980-01-01"}]}}
    answer = await den_haag.ask("POST", "/v1/counters", json=body)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"name", "notes.clienten.0"}
    assert "12345678" not in answer.text


async def test_a_refusal_of_the_domain_names_its_faults(den_haag: Client) -> None:
    answer = await den_haag.ask("POST", "/v1/odd/refused", json={"total": 400})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "total", "message": "Te veel."},
        {"field": "steps.0", "message": "Te weinig."},
    ]


async def test_what_belongs_to_another_gemeente_does_not_exist(acting: Acting, den_haag: Client) -> None:
    counter = (await den_haag.start())["id"]
    other = acting("gemeente", gemeente="GM0599")
    answers = [await other.ask("GET", f"/v1/counters/{which}") for which in (counter, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["title"] == answers[1].json()["title"] == "Niet gevonden"


async def test_who_reads_cannot_write(den_haag: Client, database: Database) -> None:
    await den_haag.start()
    answer = await den_haag.ask("GET", "/v1/odd/writes")
    assert answer.status_code == 500
    async with database.reading() as tx:
        assert await tx.fetchval("select exists (select from counter)")


async def test_the_day_is_that_of_the_netherlands(nobody: Client, clock: Hand) -> None:
    answer = await nobody.ask("GET", "/v1/odd/clock")
    assert clock().isoformat() == "2026-11-24T23:30:00+00:00"
    assert answer.json() == {"now": "2026-11-24T23:30:00Z", "today": "2026-11-25", "person": None}


@pytest.mark.parametrize("path", ["/v1/odd/clock", "/v1/nergens", "/v1/odd/broken", "/v1/counters", "/v1/openapi.json"])
async def test_every_answer_carries_the_version_and_protects_the_reader(nobody: Client, path: str) -> None:
    headers = (await nobody.ask("GET", path)).headers
    assert headers["api-version"] == "1.0.0"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


async def test_a_head_is_a_get_without_the_body(nobody: Client) -> None:
    answer = await nobody.ask("HEAD", "/v1/odd/clock")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_document_is_for_everybody(nobody: Client) -> None:
    answer = await nobody.ask("GET", "/v1/openapi.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["openapi"].startswith("3.1")
