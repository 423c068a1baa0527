"""What comes of a decision that the board left to somebody else, whose system tells it?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.assessment.decisions.model import IncompleteDecision, NotOpen
from services.assessment.delegations.model import AlreadyDecided, NotBeforeTheBoard, NotDelegated
from services.assessment.delegations.operations import take_assessed
from shared.contracts.events import ProjectAssessed
from shared.contracts.vocabulary import Criterion, Verdict
from shared.refusals import Refusal
from tests.integration.services.assessment.sample import EVIDENCE, Decided, Opened, withdrawn
from tests.offered import Outsider, anew, places
from tests.standing import Standing
from tests.told import assessed

DELEGATION = "Besluit portfolioboard 2026-01"
CONDITION = {"id": UUID(int=5), "text": "Toon de uitkomsten van een jaar", "due_on": date(2027, 6, 1)}


def reasons(score: float | None = 3.254, evidence: UUID = EVIDENCE) -> list[dict[str, Any]]:
    return [{"criterion": c, "reason": "Het werkt", "mean_score": score, "evidence": [evidence]} for c in Criterion]


def verdict_on(project: UUID, version: int = 1, **more: Any) -> ProjectAssessed:
    """A decision as another assessor tells it."""
    return assessed(project, version, **{"reasons": reasons(), **more})


@pytest.fixture
def outsider(assessment: Standing) -> Outsider:
    """The board let it decide."""
    return Outsider(assessment, take_assessed, delegation=DELEGATION)


async def test_a_decision_by_delegation_is_known_at_once_and_names_the_delegation(
    outsider: Outsider, manager: httpx.AsyncClient, opened: Opened
) -> None:
    project, conditions = uuid4(), [CONDITION]
    own = await opened(project)
    offered = verdict_on(
        project,
        verdict=Verdict.ADOPT_WITH_CONDITIONS,
        conditions=conditions,
        override_reason=None,
        reasons=reasons(2.5),
        decided_on=date(2026, 11, 2),
        valid_until=date(2028, 1, 1),
    )
    said = await outsider.tells(offered)
    assert (said.topic, said.sequence, said.entity) == ("nl.schuldhulpprojecten.assessments", 1, UUID(own))
    told = anew(offered, assessment=own, released_on="2026-11-24")
    assert said.data == told.model_dump(mode="json", by_alias=True, exclude_none=True)
    shown = (await manager.get(f"/assessments/{own}")).json()
    assert (shown["state"], shown["decision"]["delegation"]) == ("bekendgemaakt", DELEGATION)
    adoptable = (await manager.get("/portfolio")).json()["adoptable"]
    assert own in {entry["assessment"] for entry in adoptable}


async def test_scores_are_kept_as_precisely_as_the_boards_own(outsider: Outsider, opened: Opened) -> None:
    await opened(project := uuid4())
    said = await outsider.tells(verdict_on(project, reasons=reasons(3.254)))
    assert [reason["meanScore"] for reason in said.data["reasons"]] == [3.25] * 3


async def test_without_a_delegation_nobody_decides(assessment: Standing, opened: Opened) -> None:
    await opened(project := uuid4())
    await Outsider(assessment, take_assessed).is_refused(verdict_on(project), NotDelegated)


async def test_only_a_version_that_was_submitted_is_decided_on(outsider: Outsider, opened: Opened) -> None:
    await opened(project := uuid4())
    for unknown in (verdict_on(uuid4()), verdict_on(project, 2)):
        assert places(await outsider.is_refused(unknown, NotBeforeTheBoard)) == {"projectVersion"}


async def test_a_decision_of_the_board_is_not_written_over_prepared_or_known(
    outsider: Outsider, manager: httpx.AsyncClient, opened: Opened, decided: Decided
) -> None:
    own = await opened(project := uuid4())
    await decided(own, "niet", 0)
    before = (await manager.get(f"/assessments/{own}")).json()
    assert places(await outsider.is_refused(verdict_on(project), AlreadyDecided)) == {"projectVersion"}
    assert (await manager.get(f"/assessments/{own}")).json() == before
    await manager.post("/releases", json={"assessments": [own]})
    await outsider.is_refused(verdict_on(project), AlreadyDecided)
    assert (await manager.get(f"/assessments/{own}")).json()["decision"]["verdict"] == "niet"


async def test_nothing_is_decided_on_a_project_that_was_withdrawn(
    assessment: Standing, outsider: Outsider, opened: Opened
) -> None:
    await opened(project := uuid4())
    await assessment.hear(withdrawn(project))
    assert places(await outsider.is_refused(verdict_on(project), NotOpen)) == {"projectVersion"}


async def test_everything_that_is_wrong_is_named_at_once(outsider: Outsider, opened: Opened) -> None:
    await opened(project := uuid4())
    wrong = verdict_on(
        project,
        framework_version=2,
        decided_on=date(2026, 11, 25),
        valid_until=date(2029, 11, 25),
        reasons=reasons(1.0, uuid4()),
        conditions=[CONDITION, {**CONDITION, "due_on": date(2026, 11, 24)}],
    )
    assert places(await outsider.is_refused(wrong, IncompleteDecision)) == {
        "frameworkVersion", "decidedOn", "validUntil", "conditions", "conditions.1.dueOn", "overrideReason",
        "reasons.werkbaar.evidence", "reasons.herbruikbaar.evidence", "reasons.beschikbaar.evidence",
    }  # fmt: skip


async def test_who_goes_against_the_scores_or_has_none_says_why(outsider: Outsider, opened: Opened) -> None:
    await opened(project := uuid4())
    for score in (1.0, None):
        unproven = verdict_on(project, reasons=reasons(score))
        assert places(await outsider.is_refused(unproven, IncompleteDecision)) == {"overrideReason"}
    said = await outsider.tells(verdict_on(project, reasons=reasons(None), override_reason="Elders bewezen"))
    assert said.data["overrideReason"] == "Elders bewezen"


async def test_an_older_verdict_makes_way_for_one_that_lets_gemeenten_adopt(
    outsider: Outsider, manager: httpx.AsyncClient, opened: Opened
) -> None:
    first = await opened(project := uuid4())
    await outsider.says(verdict_on(project))
    second = await opened(project, 2)
    await outsider.says(verdict_on(project, 2))
    states = [(await manager.get(f"/assessments/{each}")).json()["state"] for each in (first, second)]
    assert states == ["vervangen", "bekendgemaakt"]


async def test_of_twenty_that_decide_at_once_one_does(assessment: Standing, outsider: Outsider, opened: Opened) -> None:
    own = await opened(project := uuid4())
    became = await asyncio.gather(*(outsider.says(verdict_on(project)) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in became) == 1
    assert all(isinstance(each, tuple | Refusal) for each in became), became
    assert len(await assessment.said(own)) == 1
