"""Whatever is sent, the answer says what is wrong with it, and nothing breaks."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from shared.web import Role
from tests.integration.services.submission.sample import COMPLETE, EVIDENCE, OWNER
from tests.odd import bodies
from tests.standing import Standing, if_match

odd = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@odd
@given(told=bodies(COMPLETE), evidence=bodies(EVIDENCE), reason=bodies({"reason": "De financiering stopt"}))
async def test_the_whole_life_of_a_project(
    submission: Standing, told: object, evidence: object, reason: object
) -> None:
    async with submission.client_for(Role.SUBMITTER, organisation=OWNER, subject="somebody") as client:
        begun = await client.post("/projects", json=told)
        answers = [begun]
        project = begun.json().get("id") or (await client.post("/projects", json={})).json()["id"]
        answers += [
            await client.put(f"/projects/{project}", json=told, headers=if_match(1)),
            await client.post(f"/projects/{project}/evidence", json=evidence),
            await client.get(f"/projects/{project}/completeness"),
            await client.post(f"/projects/{project}/submissions"),
            await client.post(f"/projects/{project}/withdrawals", json=reason),
            await client.get(f"/projects/{project}"),
        ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
