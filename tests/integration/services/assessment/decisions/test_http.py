"""When may the board decide, and what do the others hear once decisions are made known together?"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import httpx

from shared.contracts.events import OrganisationChanged
from shared.contracts.vocabulary import PartnerKind, RelationKind
from shared.web import Role
from tests.integration.services.assessment.sample import EVIDENCE, Decided, Json, Opened, Somebody, decision, withdrawn
from tests.standing import START, Standing, fields, if_match

CONDITION = {"text": "Toon de uitkomsten van een jaar", "dueOn": "2027-06-01"}


async def revision_of(client: httpx.AsyncClient, assessment: str) -> dict[str, str]:
    return if_match((await client.get(f"/assessments/{assessment}")).json()["revision"])


async def release(manager: httpx.AsyncClient, *assessments: str) -> list[Json]:
    answer = await manager.post("/releases", json={"assessments": assessments})
    assert answer.status_code == 200
    items: list[Json] = answer.json()["items"]
    return items


async def test_without_a_quorum_nothing_is_decided(
    manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    assessment = await opened()
    for member in members[:3]:
        await member.reviews(assessment)
    answer = await manager.put(f"/assessments/{assessment}/decision", json=decision(), headers=if_match(1))
    assert answer.status_code == 409
    assert "3 beoordelingen zijn klaar, 4 zijn nodig" in answer.json()["detail"]


async def test_a_decision_names_all_that_is_missing_at_once(
    manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    assessment = await opened()
    for member in members:
        await member.reviews(assessment, 1)
    reasons = [
        {"criterion": "werkbaar", "reason": " "},
        {"criterion": "beschikbaar", "reason": "Nu", "evidence": [str(uuid4())]},
    ]
    wrong = {"verdict": "overnemen-onder-voorwaarden", "evidenceLevel": "effectief", "reasons": reasons}
    answer = await manager.put(f"/assessments/{assessment}/decision", json=wrong, headers=if_match(1))
    assert answer.status_code == 400
    assert fields(answer) == {
        "reasons.werkbaar", "reasons.herbruikbaar", "reasons.beschikbaar.evidence", "conditions", "overrideReason",
    }  # fmt: skip


async def test_a_prepared_decision_is_known_to_nobody_until_it_is_released(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    one = await opened()
    await decided(one, "overnemen-onder-voorwaarden", 3, conditions=[CONDITION])
    assert await assessment.said(one) == []
    anew = decision("overnemen-onder-voorwaarden", conditions=[CONDITION, {**CONDITION, "text": "En van twee jaar"}])
    seen = await revision_of(manager, one)
    assert (await manager.put(f"/assessments/{one}/decision", json=anew, headers=seen)).status_code == 200
    assert (await manager.put(f"/assessments/{one}/decision", json=anew, headers=seen)).status_code == 412
    (released,) = await release(manager, one)
    assert (released["released"], released["decision"]["validUntil"]) == (True, "2029-11-24")
    (said,) = await assessment.said(one)
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.assessments", 1)
    assert said.type == "nl.schuldhulpprojecten.project-assessed.v1"
    assert (said.data["verdict"], said.data["releasedOn"]) == ("overnemen-onder-voorwaarden", "2026-11-24")
    assert [condition["text"] for condition in said.data["conditions"]] == [
        "Toon de uitkomsten van een jaar", "En van twee jaar",
    ]  # fmt: skip
    assert len({condition["id"] for condition in said.data["conditions"]}) == 2
    assert said.data["reasons"][0] == {
        "criterion": "werkbaar", "reason": "Het werkt", "meanScore": 3.0, "evidence": [str(EVIDENCE)],
    }  # fmt: skip
    closed = await manager.put(f"/assessments/{one}/decision", json=anew, headers=await revision_of(manager, one))
    assert closed.status_code == 409


async def test_decisions_are_made_known_together_and_one_that_is_refused_keeps_none_back(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    ready, also_ready, open_still, unknown = await opened(), await opened(), await opened(), str(uuid4())
    await decided(ready)
    await decided(also_ready, "niet", 0)
    body, key = {"assessments": [ready, open_still, unknown, also_ready, ready]}, {"Idempotency-Key": str(uuid4())}
    first = await manager.post("/releases", json=body, headers=key)
    again = await manager.post("/releases", json=body, headers=key)
    assert first.json() == again.json()
    became = {item["assessment"]: item["released"] for item in first.json()["items"]}
    assert became == {ready: True, also_ready: True, open_still: False, unknown: False}
    why = {item["assessment"]: item["refused"]["detail"] for item in first.json()["items"] if item["refused"]}
    assert why[open_still] == "Er is nog geen besluit voorbereid om bekend te maken."
    assert "beoordeling met id" in why[unknown]
    assert [len(await assessment.said(one)) for one in (ready, also_ready, open_still)] == [1, 1, 0]
    assert [item["released"] for item in await release(manager, ready)] == [False]
    assert len(await assessment.said(ready)) == 1


async def test_an_interest_that_comes_up_later_takes_a_review_out_of_the_quorum(
    assessment: Standing, manager: httpx.AsyncClient, members: list[Somebody], opened: Opened, decided: Decided
) -> None:
    submitter = uuid4()
    one = await opened(behind=submitter)
    await decided(one)
    bound = OrganisationChanged.model_validate({
        "organisation": submitter, "name": "Indiener", "kind": PartnerKind.FONDS,
        "relations": [{"organisation": members[0].organisation, "kind": RelationKind.IN_DIENST_VAN}],
    })  # fmt: skip
    await assessment.hear(bound)
    seen = await revision_of(manager, one)
    assert (await manager.put(f"/assessments/{one}/decision", json=decision(), headers=seen)).status_code == 409
    (refused,) = await release(manager, one)
    assert "3 beoordelingen zijn klaar" in refused["refused"]["detail"]
    shown = (await manager.get(f"/assessments/{one}")).json()
    assert [(r["member"] == members[0].id, r["counts"]) for r in shown["reviews"]].count((True, False)) == 1
    await assessment.hear(bound.model_copy(update={"relations": ()}))
    assert [item["released"] for item in await release(manager, one)] == [True]


async def test_a_manager_with_an_interest_does_not_prepare_the_decision(
    assessment: Standing, manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    own = uuid4()
    body = {
        "subject": "manager-met-belang", "seat": "programmamanager", "since": "2026-01-01",
        "affiliations": [{"organisation": str(own)}],
    }  # fmt: skip
    seated = (await manager.post("/board-members", json=body)).json()
    one = await opened(behind=own)
    for member in members:
        await member.reviews(one)
    async with assessment.client_for(Role.PROGRAMME_MANAGER, subject="manager-met-belang") as biased:
        refused = await biased.put(f"/assessments/{one}/decision", json=decision(), headers=if_match(1))
    assert refused.status_code == 403
    left = {**body, "until": "2026-11-01"}
    del left["subject"]
    assert (await manager.put(f"/board-members/{seated['id']}", json=left, headers=if_match(1))).status_code == 200


async def test_only_a_manager_decides_and_releases(members: list[Somebody], opened: Opened) -> None:
    one, client = await opened(), members[0].client
    assert (await client.put(f"/assessments/{one}/decision", json=decision(), headers=if_match(1))).status_code == 403
    assert (await client.post("/releases", json={"assessments": [one]})).status_code == 403


async def test_a_decision_that_would_not_fit_into_its_event_is_refused_when_it_is_prepared(
    manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    one = await opened()
    for member in members:
        await member.reviews(one)
    conditions = [{"text": "\x01" * 999 + "x", "dueOn": "2027-06-01"} for _ in range(20)]
    body = decision("overnemen-onder-voorwaarden", conditions=conditions)
    answer = await manager.put(f"/assessments/{one}/decision", json=body, headers=if_match(1))
    assert answer.status_code == 400
    assert "64.000" in answer.json()["detail"]


async def test_version_1_stays_adoptable_until_version_2_is_decided(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    project = uuid4()
    first = await opened(project, 1)
    await decided(first)
    await release(manager, first)
    second = await opened(project, 2)
    states = [(await manager.get(f"/assessments/{one}")).json()["state"] for one in (first, second)]
    assert states == ["bekendgemaakt", "open"]
    await decided(second)
    await release(manager, second)
    states = [(await manager.get(f"/assessments/{one}")).json()["state"] for one in (first, second)]
    assert states == ["vervangen", "bekendgemaakt"]


async def test_a_withdrawn_project_is_not_weighed_any_longer(
    assessment: Standing, manager: httpx.AsyncClient, members: list[Somebody], opened: Opened, decided: Decided
) -> None:
    project = uuid4()
    one = await opened(project)
    await decided(one)
    await assessment.hear(withdrawn(project))
    (refused,) = await release(manager, one)
    assert refused["refused"]["detail"].endswith("ze is ingetrokken.")
    late = await members[0].client.post(f"/assessments/{one}/review-submissions")
    assert late.status_code == 409
    again = await opened(project, 2)
    assert (await manager.get(f"/assessments/{again}")).json()["state"] == "open"


async def test_a_verdict_holds_up_to_and_including_its_last_day(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    one = await opened()
    await decided(one)
    await release(manager, one)

    async def adoptable() -> bool:
        shown = (await manager.get("/portfolio")).json()["adoptable"]
        return one in {entry["assessment"] for entry in shown}

    assert await adoptable()
    assessment.now = datetime(2029, 11, 24, 22, 0, tzinfo=UTC)
    assert await adoptable()
    assessment.now = datetime(2029, 11, 24, 23, 0, tzinfo=UTC)  # midnight in Amsterdam
    assert not await adoptable()
    assessment.now = START
