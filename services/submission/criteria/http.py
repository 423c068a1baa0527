"""/v1/criteria: by what a project is proven, in the words that the submitter and the board both see."""

from __future__ import annotations

from typing import Annotated

from shared.contracts.vocabulary import Criterion
from shared.reference.criteria import parts_of
from shared.web import Caller, Result, anyone, service_router

router = service_router("/criteria", tag="Criteria")


class PartResult(Result):
    """A part of a criterion, as a question; evidence is bound to it by its name."""

    part: str
    question: str


class CriterionResult(Result):
    """A criterion of the afwegingskader, in parts."""

    criterion: Criterion
    parts: list[PartResult]


class CriteriaResult(Result):
    """The three criteria by which a project is proven."""

    items: list[CriterionResult]


@router.get("")
async def list_criteria(_caller: Annotated[Caller | None, anyone()]) -> CriteriaResult:
    """The criteria of the afwegingskader with their parts."""
    return CriteriaResult(items=[_criterion(criterion) for criterion in Criterion])


def _criterion(criterion: Criterion) -> CriterionResult:
    parts = [PartResult(part=part.slug, question=part.question) for part in parts_of(criterion)]
    return CriterionResult(criterion=criterion, parts=parts)
