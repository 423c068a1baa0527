"""/v1/adoptions/{adoption}: what is known here of an adoption, and who may see and measure what belongs to it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from services.impact.adoptions import operations
from services.impact.adoptions.model import Surroundings
from services.impact.adoptions.operations import Reader
from shared.contracts.vocabulary import EvidenceLevel, Verdict
from shared.reference import gemeenten
from shared.web import Caller, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/adoptions/{adoption}", tag="Adoptions")

Owner = Annotated[Caller, caller_of(Role.GEMEENTE)]
Looker = Annotated[Caller, caller_of(Role.GEMEENTE, Role.PROGRAMME_MANAGER)]


def gemeente_of(caller: Caller) -> str:
    """The gemeente that the caller works for; its role holds only with a code."""
    return caller.gemeente or ""


def reader(caller: Caller, today: date) -> Reader:
    """What the caller may see."""
    gemeente = caller.gemeente if caller.has(Role.GEMEENTE) else None
    return Reader(gemeente, sees_all=caller.has(Role.PROGRAMME_MANAGER), today=today)


class AdoptionResult(Result):
    """An adoption as it was heard. `verdict` and `evidenceLevel` are of the version that was taken over."""

    id: UUID
    gemeente: str
    gemeente_name: str
    project: UUID
    project_version: int | None
    verdict: Verdict | None
    evidence_level: EvidenceLevel | None
    funded: bool
    may_be_named: bool
    started_on: date | None
    ended_on: date | None

    @classmethod
    def of(cls, known: Surroundings) -> AdoptionResult:
        """With the name that the partner registry gives the gemeente, once it was heard."""
        adoption, assessed, reference = known.adoption, known.assessed, gemeenten().get(known.adoption.gemeente)
        return cls(
            id=adoption.id,
            gemeente=adoption.gemeente,
            gemeente_name=known.gemeente_name or (reference.short_name if reference else adoption.gemeente),
            project=adoption.project,
            project_version=adoption.project_version,
            verdict=assessed.verdict if assessed else None,
            evidence_level=assessed.evidence_level if assessed else None,
            funded=adoption.is_funded,
            may_be_named=adoption.may_be_named,
            started_on=adoption.started_on,
            ended_on=adoption.ended_on,
        )


@router.get("")
async def get_adoption(adoption: UUID, caller: Looker, tx: Tx, today: Today) -> AdoptionResult:
    """What was heard of the adoption so far; while the first message about it is under way it is not found."""
    return AdoptionResult.of(await operations.read_around(tx, adoption, reader(caller, today)))
