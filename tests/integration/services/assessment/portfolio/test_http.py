"""Which phases are covered, and what would a project add?"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx

from shared.contracts.events import AdoptionStarted, ImpactPublished, ReleaseKind
from shared.contracts.vocabulary import Phase, TargetGroup
from tests.integration.services.assessment.sample import DAY, Decided, Json, Opened, withdrawn
from tests.standing import Standing


def adoption(project: UUID, gemeente: str) -> AdoptionStarted:
    return AdoptionStarted(
        adoption=uuid4(), gemeente=gemeente, gemeente_organisation=uuid4(), project=project, project_version=1,
        budget_euro=1000, may_be_named=True, started_on=DAY,
    )  # fmt: skip


def figure(project: UUID, block: UUID, release: int, kind: ReleaseKind) -> ImpactPublished:
    return ImpactPublished(
        block=block, release=release, kind=kind, project=project, indicator="bereik", period_start=DAY, period_end=DAY,
        scope="NL", shown=None if kind is ReleaseKind.WITHDRAWN else 40, released_at=datetime(2026, 11, 24, tzinfo=UTC),
    )  # fmt: skip


async def portfolio(manager: httpx.AsyncClient) -> Json:
    answer = await manager.get("/portfolio")
    assert answer.status_code == 200
    shown: Json = answer.json()
    return shown


async def test_the_portfolio_tells_what_is_covered_what_became_of_it_and_what_is_more_of_the_same(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    project, block = uuid4(), uuid4()
    one = await opened(project, phases=[Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN])
    await decided(one)
    await manager.post("/releases", json={"assessments": [one]})
    same = await opened(phases=[Phase.PLAN_MAKEN], title="Nog een fonds")
    other = await opened(phases=[Phase.KENNISMAKING, Phase.PLAN_MAKEN], target_groups=[TargetGroup.HUURDERS])
    await assessment.hear(
        adoption(project, "GM0518"),
        adoption(project, "GM0363"),
        adoption(project, "GM0363"),
        figure(project, block, 1, ReleaseKind.PUBLISHED),
        figure(project, uuid4(), 1, ReleaseKind.PUBLISHED),
        figure(project, block, 2, ReleaseKind.WITHDRAWN),
    )
    shown = await portfolio(manager)
    (entry,) = shown["adoptable"]
    assert (entry["project"], entry["adoptions"], entry["figures"]) == (str(project), 2, 1)
    assert {c["phase"]: len(c["projects"]) for c in shown["phases"]} == {
        phase: int(phase in (Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN)) for phase in Phase
    }
    adds = {candidate["entry"]["assessment"]: candidate["adds"] for candidate in shown["weighed"]}
    assert adds[same] == {"newPhases": [], "newTargetGroups": [], "alike": [str(project)]}
    assert adds[other] == {"newPhases": ["kennismaking"], "newTargetGroups": ["huurders"], "alike": []}
    assert (await manager.get(f"/assessments/{other}")).json()["adds"] == adds[other]
    await assessment.hear(withdrawn(project))
    assert (await portfolio(manager))["adoptable"] == []
    await opened(project, 2)
    assert [entry["project"] for entry in (await portfolio(manager))["adoptable"]] == [str(project)]
