"""/v1/adoptions/{adoption}/partner-suggestions: who could help, in what role, and why."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from services.matching.adoptions.http import viewer_of
from services.matching.organisations.model import Organisation
from services.matching.partnering import operations
from services.matching.partnering.model import RULE_VERSION, Candidate, Ground, PartnerExclusion
from shared.contracts.vocabulary import Means, PartnerKind
from shared.web import Caller, Page, Paging, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/adoptions/{adoption}/partner-suggestions", tag="Partnering")

Reader = Annotated[Caller, caller_of(Role.GEMEENTE, Role.PROGRAMME_MANAGER)]


class GroundResult(Result):
    """One ground of a fit, in points out of 100. `found` names what it rests on."""

    ground: Ground
    points: int
    found: list[str]


class CandidateResult(Result):
    """An organisation that could join. The points of its reasons add up to `fit` exactly."""

    organisation: UUID
    name: str
    kind: PartnerKind
    means: list[Means]
    fit: int
    reasons: list[GroundResult]
    rule_version: str

    @classmethod
    def of(cls, candidate: Candidate, organisation: Organisation) -> CandidateResult:
        """With what the registry knows of it."""
        reasons = [GroundResult.model_validate(reason, from_attributes=True) for reason in candidate.reasons]
        return cls(
            organisation=organisation.id,
            name=organisation.name,
            kind=organisation.kind,
            means=list(organisation.means),
            fit=candidate.fit,
            reasons=reasons,
            rule_version=RULE_VERSION,
        )


class LeftOutResult(Result):
    """An organisation that is never suggested for this adoption, and why."""

    organisation: UUID
    name: str
    kind: PartnerKind
    because: PartnerExclusion


def _place(candidate: Candidate) -> str:
    """Sorts as the list does: the best fit first, equals by organisation."""
    return f"{100 - candidate.fit:03} {candidate.organisation}"


@router.get("")
async def list_partner_suggestions(
    adoption: UUID, caller: Reader, tx: Tx, page: Paging, today: Today
) -> Page[CandidateResult]:
    """Who passes the filter, best fit first."""
    found = await operations.find(tx, adoption, await viewer_of(caller, tx), today)
    after = page.after_text or ""
    listed = [candidate for candidate in found.candidates.listed if _place(candidate) > after]
    return Page.of(
        listed[: page.limit + 1],
        page,
        _place,
        lambda candidate: CandidateResult.of(candidate, found.registry[candidate.organisation]),
    )


@router.get("/excluded")
async def list_left_out(adoption: UUID, caller: Reader, tx: Tx, page: Paging, today: Today) -> Page[LeftOutResult]:
    """Who does not pass the filter, in the order of registration, each with the first reason."""
    found = await operations.find(tx, adoption, await viewer_of(caller, tx), today)
    excluded, after = found.candidates.excluded, page.after_uuid
    left = sorted(one for one in excluded if after is None or one > after)[: page.limit + 1]
    known = found.registry
    results = [
        LeftOutResult(organisation=one, name=known[one].name, kind=known[one].kind, because=excluded[one])
        for one in left
    ]
    return Page.of(results, page, lambda result: result.organisation, lambda result: result)
