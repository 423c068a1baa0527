"""What comes before the board in these tests, and who sits on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.contracts.vocabulary import Criterion, Phase, RelationKind, TargetGroup
from shared.reference.criteria import PARTS
from tests.standing import if_match

Json = dict[str, Any]
Opened = Callable[..., Awaitable[str]]
"""Brings a project version in, and gives the id of its assessment."""
Decided = Callable[..., Awaitable[None]]
"""Lets the whole board review an assessment, and prepares the decision."""
DAY = date(2026, 11, 24)
EVIDENCE = UUID(int=9)
SEATS = ("directeur", "vng", "partners", "inhoudsdeskundige")


def submitted(project: UUID, version: int = 1, behind: UUID | None = None, **more: object) -> ProjectSubmitted:
    """A project version as its organisation submits it."""
    told = {
        "project": project, "project_version": version, "title": f"Plan {version}", "summary": "Een fonds",
        "phases": [Phase.PLAN_MAKEN], "target_groups": [TargetGroup.JONGEREN], "available_from": DAY,
        "effort_fte": 1, "cost_euro": 1000,
        "involvements": [{"organisation": behind or uuid4(), "relation": RelationKind.INDIENER}],
        "evidence": [{
            "id": EVIDENCE, "criterion": Criterion.WERKBAAR, "part": "echte-clienten",
            "link": "https://example.nl", "quote": "53 jongeren van schuld af",
        }],
        "submitted_on": DAY,
    }  # fmt: skip
    return ProjectSubmitted.model_validate({**told, **more})


def withdrawn(project: UUID, version: int = 1) -> ProjectWithdrawn:
    """That project, offered no longer."""
    return ProjectWithdrawn(project=project, project_version=version, reason="De financiering stopt", withdrawn_on=DAY)


def scores(score: int | None = 4) -> Json:
    """A complete review: the same score for every part."""
    given = {"score": score, "evidence": [str(EVIDENCE)], "note": "Toelichting"}
    return {"scores": [{"criterion": part.criterion, "part": part.slug, **given} for part in PARTS]}


def decision(verdict: str = "overnemen", **more: object) -> Json:
    """A complete decision."""
    reasons = [{"criterion": c, "reason": "Het werkt", "evidence": [str(EVIDENCE)]} for c in Criterion]
    return {"verdict": verdict, "evidenceLevel": "goed-onderbouwd", "reasons": reasons, **more}


@dataclass(frozen=True)
class Somebody:
    """A member of the board: the client that the member asks with, and the member's own organisation."""

    id: str
    client: httpx.AsyncClient
    organisation: UUID

    async def reviews(self, assessment: str, score: int = 4) -> None:
        """Scores every part alike and hands in."""
        put = await self.client.put(f"/assessments/{assessment}/reviews/mine", json=scores(score), headers=if_match(0))
        assert put.status_code == 200
        handed_in = await self.client.post(f"/assessments/{assessment}/review-submissions")
        assert handed_in.status_code == 201
