"""Whatever is sent, the answer says what is wrong with it, and nothing breaks."""

from __future__ import annotations

from uuid import uuid4

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.services.assessment.sample import EVIDENCE, Opened, Somebody, decision, scores
from tests.odd import bodies
from tests.standing import Standing, if_match

CONDITION = {"text": "Toon uitkomsten", "dueOn": "2027-06-01"}
DECISION = decision("overnemen-onder-voorwaarden", conditions=[CONDITION], overrideReason="Toch")
MEMBER = {
    "seat": "vng", "affiliations": [{"organisation": str(EVIDENCE), "until": "2026-01-01"}], "since": "2026-01-01",
    "until": "2027-01-01", "name": "Een lid",
}  # fmt: skip

odd = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@odd
@given(review=bodies(scores()), decided=bodies(DECISION))
async def test_reviews_and_decisions(
    manager: httpx.AsyncClient, members: list[Somebody], opened: Opened, review: object, decided: object
) -> None:
    one, client = await opened(), members[0].client
    for member in members:
        await member.reviews(one) if member is not members[0] else None
    answers = [
        await client.put(f"/assessments/{one}/reviews/mine", json=review, headers=if_match(0)),
        await client.post(f"/assessments/{one}/review-submissions"),
        await client.get(f"/assessments/{one}"),
        await manager.put(f"/assessments/{one}/decision", json=decided, headers=if_match(1)),
        await manager.post("/releases", json={"assessments": [one]}),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


@odd
@given(member=bodies(MEMBER), subject=st.text(max_size=5), quorum=bodies({"reviews": 3, "seats": 3}))
async def test_the_board(
    manager: httpx.AsyncClient, opened: Opened, member: object, subject: str, quorum: object
) -> None:
    body = {**member, "subject": f"{uuid4()}{subject}"} if isinstance(member, dict) else member
    seated = await manager.post("/board-members", json=body)
    changed = await manager.put(f"/board-members/{seated.json().get('id', uuid4())}", json=member, headers=if_match(1))
    settings_now = (await manager.get("/board-settings")).json()["revision"]
    answers = [
        seated,
        changed,
        await manager.put("/board-settings", json=quorum, headers=if_match(settings_now)),
        await manager.get("/board-members"),
        await manager.get(f"/assessments/{await opened()}"),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


@odd
@given(asked=bodies({"assessments": [str(EVIDENCE)]}))
async def test_releases(assessment: Standing, manager: httpx.AsyncClient, asked: object) -> None:
    assert (await manager.post("/releases", json=asked)).status_code < 500
