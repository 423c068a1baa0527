"""Does the owner see what the board decided, whatever order it is heard in?"""

from __future__ import annotations

import itertools
from datetime import date
from uuid import UUID, uuid5

import httpx
import pytest

from shared.contracts.events import ProjectAssessed
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict
from tests.integration.services.submission.sample import Json
from tests.standing import Standing, record_of

DAY = date(2026, 11, 24)


def verdict(project: str, version: int, of: Verdict) -> ProjectAssessed:
    return ProjectAssessed.model_validate({
        "assessment": uuid5(UUID(project), str(version)), "project": project, "project_version": version,
        "framework_version": 1, "verdict": of, "evidence_level": EvidenceLevel.WELL_DESCRIBED,
        "reasons": [{"criterion": c, "reason": "Omdat het werkt", "mean_score": 3.25} for c in Criterion],
        "conditions": [{"id": UUID(int=4), "text": "Toon de uitkomsten", "due_on": date(2027, 6, 1)}],
        "decided_on": DAY, "released_on": DAY, "valid_until": date(2029, 11, 24),
    })  # fmt: skip


async def test_the_verdict_and_its_conditions_stand_with_the_version(
    submission: Standing, owner: httpx.AsyncClient, submitted: Json
) -> None:
    await submission.hear(verdict(submitted["id"], 1, Verdict.ADOPT_WITH_CONDITIONS))
    (version,) = (await owner.get(f"/projects/{submitted['id']}")).json()["versions"]
    assert (version["standing"], version["outcome"]["verdict"]) == ("beoordeeld", "overnemen-onder-voorwaarden")
    assert version["outcome"]["conditions"][0]["text"] == "Toon de uitkomsten"
    assert version["outcome"]["reasons"][0] == {
        "criterion": "werkbaar", "reason": "Omdat het werkt", "meanScore": 3.25, "evidence": [],
    }  # fmt: skip
    listed = (await owner.get("/projects")).json()["items"][0]
    assert (listed["id"], listed["verdict"], listed["verdictVersion"]) == (
        submitted["id"], "overnemen-onder-voorwaarden", 1,
    )  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_verdicts_on_several_versions_end_alike_in_any_order_and_heard_twice(
    submission: Standing, owner: httpx.AsyncClient, submitted: Json, order: tuple[int, ...]
) -> None:
    project = submitted["id"]
    later = verdict(project, 1, Verdict.NOT_NOW)
    records = [
        record_of(verdict(project, 1, Verdict.NO), 1),
        record_of(verdict(project, 2, Verdict.ADOPT), 1),
        record_of(verdict(project, 3, Verdict.NO), 1),
    ]
    for place in order:
        await submission.hear_records(records[place], records[place])
    await submission.hear_records(record_of(later, 2), *records)
    async with submission.database.reading() as tx:
        rows = await tx.fetch(
            "select project_version, verdict from outcome where project = $1 order by 1", UUID(project)
        )
    assert [tuple(row) for row in rows] == [(1, "nu-niet"), (2, "overnemen"), (3, "niet")]


async def test_an_outcome_of_a_project_that_is_not_known_here_waits_without_harm(submission: Standing) -> None:
    await submission.hear(verdict(str(UUID(int=4711)), 1, Verdict.ADOPT))
    async with submission.database.reading() as tx:
        assert await tx.fetchval("select count(*) from outcome where project = $1", UUID(int=4711)) == 1
