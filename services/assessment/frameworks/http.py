"""/v1/frameworks: by what a project is weighed, for everybody to read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from services.assessment.frameworks.model import VERSIONS, Framework
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Phase
from shared.refusals import UnknownEntity
from shared.web import Caller, Result, anyone, service_router

router = service_router("/frameworks", tag="Frameworks")
Anyone = Annotated[Caller | None, anyone()]


class PartResult(Result):
    """A part of a criterion, as a question; a review scores it by its name."""

    criterion: Criterion
    part: str
    question: str


class ScaleStepResult(Result):
    """A score and what it means."""

    score: int
    meaning: str


class ThresholdsResult(Result):
    """From which mean score of the weakest criterion the scores speak for a verdict."""

    adopt: float
    with_conditions: float
    not_now: float


class FrameworkResult(Result):
    """One version of the afwegingskader. An assessment keeps the version that held when it was opened."""

    version: int
    valid_from: date
    main_question: str
    preferences: list[str]
    parts: list[PartResult]
    phases: list[Phase]
    evidence_levels: list[EvidenceLevel]
    scale: list[ScaleStepResult]
    thresholds: ThresholdsResult
    verdict_years: int

    @classmethod
    def of(cls, framework: Framework) -> FrameworkResult:
        """As it is shown."""
        return cls(
            version=framework.version,
            valid_from=framework.valid_from,
            main_question=framework.main_question,
            preferences=list(framework.preferences),
            parts=[PartResult(criterion=p.criterion, part=p.slug, question=p.question) for p in framework.parts],
            phases=list(framework.phases),
            evidence_levels=list(framework.evidence_levels),
            scale=[ScaleStepResult(score=score, meaning=meaning) for score, meaning in framework.scale.items()],
            thresholds=ThresholdsResult.model_validate(framework.thresholds, from_attributes=True),
            verdict_years=framework.verdict_years,
        )


class FrameworksResult(Result):
    """Every version there was, the oldest first."""

    items: list[FrameworkResult]


@router.get("")
async def list_frameworks(_caller: Anyone) -> FrameworksResult:
    """The versions of the afwegingskader."""
    return FrameworksResult(items=[FrameworkResult.of(framework) for framework in VERSIONS])


@router.get("/{version}")
async def get_framework(version: int, _caller: Anyone) -> FrameworkResult:
    """One version of the afwegingskader."""
    found = next((framework for framework in VERSIONS if framework.version == version), None)
    if found is None:
        raise UnknownEntity("afwegingskader", version)
    return FrameworkResult.of(found)
