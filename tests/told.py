"""What the other services say, in the fewest words a test needs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from shared.contracts.events import (
    ImpactPublished,
    ImpactRecorded,
    ProjectAssessed,
    ProjectSubmitted,
    ProjectWithdrawn,
    ReleaseKind,
)
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict

DAY = date(2026, 11, 24)
SUBMITTER = UUID(int=31)


def submitted(project: UUID, version: int = 1, **more: Any) -> ProjectSubmitted:
    return ProjectSubmitted.model_validate({
        "project": project, "project_version": version, "title": "Jongeren Perspectief Fonds",
        "summary": "Een fonds neemt schulden van jongeren over.", "phases": ["plan-maken", "schuld-afbouwen"],
        "target_groups": ["jongeren"], "available_from": DAY, "effort_fte": 0.5, "cost_euro": 100_000,
        "needed_means": ["geld", "mensen"], "needed_kinds": ["fonds"],
        "involvements": [{"organisation": SUBMITTER, "relation": "indiener"}], "submitted_on": DAY, **more,
    })  # fmt: skip


def assessed(project: UUID, version: int = 1, verdict: Verdict = Verdict.ADOPT, **more: Any) -> ProjectAssessed:
    return ProjectAssessed.model_validate({
        "assessment": uuid5(project, str(version)), "project": project, "project_version": version,
        "framework_version": 1, "verdict": verdict, "evidence_level": EvidenceLevel.WELL_DESCRIBED,
        "reasons": [{"criterion": c, "reason": f"{c}: het werkt", "mean_score": 3.25} for c in Criterion],
        "decided_on": DAY, "released_on": DAY, "valid_until": date(2029, 11, 24), **more,
    })  # fmt: skip


def withdrawn(project: UUID, version: int = 1) -> ProjectWithdrawn:
    return ProjectWithdrawn(project=project, project_version=version, reason="De subsidie stopt.", withdrawn_on=DAY)


def published(project: UUID, block: UUID | None = None, release: int = 1, **more: Any) -> ImpactPublished:
    return ImpactPublished.model_validate({
        "block": block or uuid4(), "release": release, "replaces": release - 1 or None,
        "kind": ReleaseKind.PUBLISHED if release == 1 else ReleaseKind.CORRECTED, "project": project,
        "indicator": "schuldenvrij_uitgestroomd", "period_start": date(2026, 1, 1), "period_end": date(2026, 6, 30),
        "scope": "GM0518", "shown": 60, "target_shown": 100, "released_at": datetime(2026, 11, 24, 9, tzinfo=UTC),
        **more,
    })  # fmt: skip


def recorded(adoption: UUID, project: UUID) -> ImpactRecorded:
    return ImpactRecorded.model_validate({
        "observation": uuid4(), "adoption": adoption, "gemeente": "GM0518", "project": project,
        "indicator": "schuldenvrij_uitgestroomd", "period_start": date(2026, 1, 1), "period_end": date(2026, 6, 30),
        "value": "42", "provenance": {"source": "Registratie", "method": "Geteld"}, "recorded_on": DAY,
    })  # fmt: skip
