"""What can an organisation do with its projects over HTTP, who sees them, and what do the others hear of it?"""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from shared.web import Role
from tests.integration.services.submission.sample import Json
from tests.standing import Standing, fields, if_match

OTHER = UUID(int=77)
EMPTY = {
    "title", "summary", "phases", "targetGroups", "availableFrom", "effortFte", "costEuro", "evidence",
}  # fmt: skip


async def test_a_draft_may_be_empty_and_tells_what_is_missing(owner: httpx.AsyncClient) -> None:
    begun = await owner.post("/projects", json={})
    assert begun.status_code == 201
    assert begun.headers["etag"] == '"1"'
    project = begun.json()
    assert (project["state"], project["versions"], project["organisation"]) == ("concept", [], str(UUID(int=31)))
    told = (await owner.get(f"/projects/{project['id']}/completeness")).json()
    assert told["complete"] is False
    assert {missing["field"] for missing in told["missing"]} == EMPTY


async def test_what_is_saved_is_read_back_and_evidence_stays(owner: httpx.AsyncClient, concept: Json) -> None:
    changed = await owner.put(
        f"/projects/{concept['id']}", json={"title": "Nog maar een naam"}, headers=if_match(concept["revision"])
    )
    assert changed.status_code == 200
    read = (await owner.get(f"/projects/{concept['id']}")).json()
    assert read == changed.json()
    assert (read["concept"]["title"], read["concept"]["phases"]) == ("Nog maar een naam", [])
    assert [evidence["part"] for evidence in read["concept"]["evidence"]] == ["echte-clienten"]
    assert read["revision"] == concept["revision"] + 1


async def test_two_editors_do_not_overwrite_each_other(owner: httpx.AsyncClient, concept: Json) -> None:
    saves = [
        owner.put(f"/projects/{concept['id']}", json={"title": title}, headers=if_match(concept["revision"]))
        for title in ("De een", "De ander")
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*saves)) == [200, 412]
    unseen = await owner.put(f"/projects/{concept['id']}", json={})
    assert unseen.status_code == 428


async def test_an_incomplete_project_is_refused_with_every_fault_at_once_and_nothing_is_said(
    submission: Standing, owner: httpx.AsyncClient
) -> None:
    project = (await owner.post("/projects", json={})).json()
    answer = await owner.post(f"/projects/{project['id']}/submissions")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert fields(answer) == EMPTY
    assert await submission.said(project["id"]) == []


async def test_malformed_fields_are_all_named_at_once(owner: httpx.AsyncClient) -> None:
    wrong = {"title": 7, "phases": ["slapen"], "costEuro": "veel", "involvements": [{"organisation": "x"}], "kleur": 1}
    answer = await owner.post("/projects", json=wrong)
    assert answer.status_code == 400
    assert fields(answer) == {
        "title", "phases.0", "costEuro", "involvements.0.organisation", "involvements.0.relation", "kleur",
    }  # fmt: skip


async def test_a_submission_tells_the_whole_version_once(
    submission: Standing, owner: httpx.AsyncClient, concept: Json
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await owner.post(f"/projects/{concept['id']}/submissions", headers=key)
    again = await owner.post(f"/projects/{concept['id']}/submissions", headers=key)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert first.json()["state"] == "ingediend"
    (said,) = await submission.said(concept["id"])
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.projects", 1)
    assert said.type == "nl.schuldhulpprojecten.project-submitted.v1"
    assert (said.data["projectVersion"], said.data["submittedOn"]) == (1, "2026-11-24")
    assert said.data["phases"] == ["plan-maken", "schuld-afbouwen"]
    assert {"organisation": str(UUID(int=31)), "relation": "indiener"} in said.data["involvements"]
    assert said.data["evidence"] == concept["concept"]["evidence"]


async def test_a_submitted_version_stands_fast_until_a_next_one_is_begun(
    submission: Standing, owner: httpx.AsyncClient, submitted: Json
) -> None:
    address = f"/projects/{submitted['id']}"
    assert (await owner.put(address, json={}, headers=if_match(submitted["revision"]))).status_code == 409
    assert (await owner.post(f"{address}/submissions")).status_code == 409
    revised = (await owner.post(f"{address}/versions")).json()
    assert revised["concept"]["title"] == "Jongeren Perspectief Fonds"
    assert (await owner.post(f"{address}/versions")).status_code == 409
    told = {**revised["concept"], "title": "JPF, herzien"}
    del told["evidence"]
    await owner.put(address, json=told, headers=if_match(revised["revision"]))
    second = (await owner.post(f"{address}/submissions")).json()
    assert [(v["number"], v["standing"]) for v in second["versions"]] == [(1, "vervangen"), (2, "in-beoordeling")]
    titles = [(await owner.get(f"{address}/versions/{number}")).json()["description"]["title"] for number in (1, 2)]
    assert titles == ["Jongeren Perspectief Fonds", "JPF, herzien"]
    assert [(s.sequence, s.data["projectVersion"]) for s in await submission.said(submitted["id"])] == [(1, 1), (2, 2)]


async def test_a_withdrawn_project_comes_back_with_its_next_version(
    submission: Standing, owner: httpx.AsyncClient, submitted: Json
) -> None:
    address = f"/projects/{submitted['id']}"
    nameless = await owner.post(f"{address}/withdrawals", json={"reason": " "})
    assert (nameless.status_code, fields(nameless)) == (400, {"reason"})
    withdrawn = (await owner.post(f"{address}/withdrawals", json={"reason": "De financiering stopt."})).json()
    assert (withdrawn["state"], withdrawn["withdrawnOn"]) == ("ingetrokken", "2026-11-24")
    assert withdrawn["versions"][0]["standing"] == "ingetrokken"
    assert (await owner.post(f"{address}/withdrawals", json={"reason": "Nog eens"})).status_code == 409
    await owner.post(f"{address}/versions")
    assert (await owner.post(f"{address}/submissions")).json()["state"] == "ingediend"
    told = [(s.sequence, s.type.split(".")[2]) for s in await submission.said(submitted["id"])]
    assert told == [(1, "project-submitted"), (2, "project-withdrawn"), (3, "project-submitted")]


async def test_a_draft_cannot_be_withdrawn(owner: httpx.AsyncClient, concept: Json) -> None:
    answer = await owner.post(f"/projects/{concept['id']}/withdrawals", json={"reason": "Toch niet"})
    assert answer.status_code == 409


async def test_a_bsn_is_refused_and_kept_nowhere(owner: httpx.AsyncClient, concept: Json) -> None:
    told = {"summary": "Een cliënt met nummer 111222333 is geholpen."}
    answer = await owner.put(f"/projects/{concept['id']}", json=told, headers=if_match(concept["revision"]))
    assert answer.status_code == 400
    assert "111222333" not in answer.text
    assert (await owner.get(f"/projects/{concept['id']}")).json()["concept"] == concept["concept"]


CHANGES = [
    ("PUT", "", {}),
    ("POST", "/submissions", None),
    ("POST", "/versions", None),
    ("POST", "/withdrawals", {"reason": "Niet van ons"}),
    ("GET", "/completeness", None),
]


@pytest.mark.parametrize(("method", "place", "body"), CHANGES)
async def test_a_project_of_another_organisation_is_not_found(
    submission: Standing, submitted: Json, method: str, place: str, body: Json | None
) -> None:
    async with submission.client_for(Role.SUBMITTER, organisation=OTHER) as stranger:
        answer = await stranger.request(
            method, f"/projects/{submitted['id']}{place}", json=body, headers=if_match(submitted["revision"])
        )
    assert answer.status_code == 404
    assert len(await submission.said(submitted["id"])) == 1


@pytest.mark.parametrize(("method", "place", "body"), [*CHANGES[:4], ("POST", None, {})])
async def test_the_board_reads_but_does_not_write(
    submission: Standing, submitted: Json, method: str, place: str | None, body: Json | None
) -> None:
    address = "/projects" if place is None else f"/projects/{submitted['id']}{place}"
    async with submission.client_for(Role.BOARD_MEMBER, organisation=UUID(int=31)) as member:
        answer = await member.request(method, address, json=body, headers=if_match(submitted["revision"]))
    assert answer.status_code == 403


@pytest.mark.parametrize("address", ["/projects", f"/projects/{UUID(int=1)}"])
async def test_without_a_token_nothing_is_shown(submission: Standing, address: str) -> None:
    async with submission.client_for() as nobody:
        assert (await nobody.get(address)).status_code == 401


async def test_a_token_without_an_organisation_cannot_submit(submission: Standing) -> None:
    async with submission.client_for(Role.SUBMITTER) as nobody:
        assert (await nobody.post("/projects", json={})).status_code == 403


@pytest.mark.parametrize("role", [Role.GEMEENTE, Role.PARTNER])
async def test_a_gemeente_and_a_partner_may_submit_too(submission: Standing, role: Role) -> None:
    async with submission.client_for(role, gemeente="GM0518", organisation=UUID(int=55)) as client:
        assert (await client.post("/projects", json={})).status_code == 201


async def test_the_board_sees_what_was_submitted_and_never_a_concept(
    submission: Standing, owner: httpx.AsyncClient, submitted: Json
) -> None:
    draft = (await owner.post("/projects", json={"title": "Nog geheim"})).json()
    await owner.post(f"/projects/{submitted['id']}/versions")
    async with submission.client_for(Role.PROGRAMME_MANAGER) as programme_manager:
        listed = (await programme_manager.get("/projects", params={"limit": 100})).json()["items"]
        shown = (await programme_manager.get(f"/projects/{submitted['id']}")).json()
        hidden = await programme_manager.get(f"/projects/{draft['id']}")
    assert submitted["id"] in {item["id"] for item in listed}
    assert draft["id"] not in {item["id"] for item in listed}
    assert all(item["version"] and not item["hasConcept"] for item in listed)
    assert (shown["concept"], len(shown["versions"])) == (None, 1)
    assert hidden.status_code == 404


async def test_an_organisation_pages_through_its_own_projects_newest_first(submission: Standing) -> None:
    async with submission.client_for(Role.SUBMITTER, organisation=uuid4()) as client:
        made = [(await client.post("/projects", json={"title": f"Plan {n}"})).json()["id"] for n in range(3)]
        first = await client.get("/projects", params={"limit": 2})
        rest = await client.get("/projects", params={"limit": 2, "after": first.json()["next"]})
    seen = [item["id"] for item in (*first.json()["items"], *rest.json()["items"])]
    assert seen == made[::-1]
    assert rest.json()["next"] is None
    assert 'rel="next"' in first.headers["link"]


async def test_a_version_that_was_never_submitted_is_not_found(owner: httpx.AsyncClient, submitted: Json) -> None:
    for number in ("2", "0", "-1", "99999999999"):
        assert (await owner.get(f"/projects/{submitted['id']}/versions/{number}")).status_code in (400, 404)


async def test_a_version_too_large_for_one_event_is_refused_and_stays_a_concept(
    submission: Standing, owner: httpx.AsyncClient, concept: Json
) -> None:
    told = {**concept["concept"], "summary": "\x01" * 4000, "title": "\x01" * 300}
    del told["evidence"]
    await owner.put(f"/projects/{concept['id']}", json=told, headers=if_match(concept["revision"]))
    for part in ("echte-clienten", "in-productie", "echte-gegevens", "zichtbare-resultaten", "positieve-resultaten"):
        evidence = {"criterion": "werkbaar", "part": part, "link": "https://example.nl", "quote": "\x01" * 1000}
        for _ in range(2):
            await owner.post(f"/projects/{concept['id']}/evidence", json=evidence)
    answer = await owner.post(f"/projects/{concept['id']}/submissions")
    assert answer.status_code == 400
    assert "64.000" in answer.json()["detail"]
    assert (await owner.get(f"/projects/{concept['id']}")).json()["state"] == "concept"
    assert await submission.said(concept["id"]) == []
