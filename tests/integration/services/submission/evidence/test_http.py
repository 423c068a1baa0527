"""How does evidence come into a concept, change and go?"""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from shared.web import Role
from tests.integration.services.submission.sample import Json
from tests.standing import Standing, if_match

MORE = {
    "criterion": "herbruikbaar",
    "part": "bruikbaar-voor-anderen",
    "link": "https://example.nl/verslag",
    "quote": "Vier gemeenten doen het na",
}


async def parts(owner: httpx.AsyncClient, project: str) -> list[str]:
    return [e["part"] for e in (await owner.get(f"/projects/{project}")).json()["concept"]["evidence"]]


async def test_evidence_is_added_changed_and_taken_away(owner: httpx.AsyncClient, concept: Json) -> None:
    address = f"/projects/{concept['id']}/evidence"
    added = await owner.post(address, json=MORE)
    assert added.status_code == 201
    assert added.headers["etag"] == f'"{concept["revision"] + 1}"'
    one = f"{address}/{added.json()['id']}"
    changed = await owner.put(
        one, json={**MORE, "part": "algemeen-probleem"}, headers=if_match(concept["revision"] + 1)
    )
    assert (changed.status_code, changed.json()["part"]) == (200, "algemeen-probleem")
    assert await parts(owner, concept["id"]) == ["echte-clienten", "algemeen-probleem"]
    gone = await owner.delete(one, headers=if_match(concept["revision"] + 2))
    assert gone.json() == {"revision": concept["revision"] + 3, "project": concept["id"], "evidence": 1}
    assert await parts(owner, concept["id"]) == ["echte-clienten"]


async def test_all_faults_of_evidence_are_named_at_once(owner: httpx.AsyncClient, concept: Json) -> None:
    wrong = {"criterion": "werkbaar", "part": "nu-beschikbaar", "link": "bij ons", "quote": " "}
    answer = await owner.post(f"/projects/{concept['id']}/evidence", json=wrong)
    assert answer.status_code == 400
    assert {e["field"] for e in answer.json()["errors"]} == {"evidence.part", "evidence.link", "evidence.quote"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_evidence_that_is_not_there_is_not_found_and_a_stale_revision_is_refused(
    owner: httpx.AsyncClient, concept: Json, method: str
) -> None:
    body = MORE if method == "PUT" else None
    address = f"/projects/{concept['id']}/evidence"
    unknown = await owner.request(method, f"{address}/{uuid4()}", json=body, headers=if_match(concept["revision"]))
    assert unknown.status_code == 404
    known = concept["concept"]["evidence"][0]["id"]
    stale = await owner.request(method, f"{address}/{known}", json=body, headers=if_match(1))
    assert stale.status_code == 412
    assert await parts(owner, concept["id"]) == ["echte-clienten"]


async def test_the_evidence_of_a_submitted_version_stands_fast(owner: httpx.AsyncClient, submitted: Json) -> None:
    assert (await owner.post(f"/projects/{submitted['id']}/evidence", json=MORE)).status_code == 409


@pytest.mark.parametrize(
    ("role", "organisation", "status"),
    [
        (Role.SUBMITTER, UUID(int=77), 404),
        (Role.PROGRAMME_MANAGER, UUID(int=31), 403),
        (Role.PARTNER, UUID(int=78), 404),
    ],
)
async def test_only_the_owner_adds_evidence(
    submission: Standing, concept: Json, role: Role, organisation: UUID, status: int
) -> None:
    async with submission.client_for(role, organisation=organisation) as client:
        answer = await client.post(f"/projects/{concept['id']}/evidence", json=MORE)
    assert answer.status_code == status
