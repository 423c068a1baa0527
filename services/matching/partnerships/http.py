"""/v1/adoptions/{adoption}/partnerships: a partner claims, or the gemeente invites; the other one answers."""

from __future__ import annotations

from uuid import UUID

from services.matching.adoptions.http import PartnershipResult, Reader, Taking, viewer_of
from services.matching.partnerships import operations
from shared.contracts.vocabulary import Means
from shared.web import Body, Today, Tx, service_router

router = service_router("/adoptions/{adoption}/partnerships", tag="Partnerships")


class PartnershipBody(Body):
    """Who takes part, and with what. A partner speaks for its own organisation; a gemeente names whom it invites."""

    organisation: UUID | None = None
    role: Means


class RefusalBody(Body):
    """Why the organisation does not take part."""

    reason: str


@router.post("", status_code=201)
async def claim_partnership(
    adoption: UUID, body: PartnershipBody, caller: Taking, tx: Tx, today: Today
) -> PartnershipResult:
    """A partner says that its organisation takes part, or the gemeente invites one. Until it is confirmed, nobody is told."""
    viewer = await viewer_of(caller, tx)
    known, claimed = await operations.claim(tx, adoption, viewer, today, role=body.role, organisation=body.organisation)
    return PartnershipResult.of(claimed, known)


@router.get("/{partnership}")
async def get_partnership(adoption: UUID, partnership: UUID, caller: Reader, tx: Tx) -> PartnershipResult:
    """One partnership. Whoever claims sees what became of it, though not the adoption."""
    known, found = await operations.read(tx, adoption, partnership, await viewer_of(caller, tx))
    return PartnershipResult.of(found, known)


@router.post("/{partnership}/confirmations", status_code=201)
async def confirm_partnership(
    adoption: UUID, partnership: UUID, caller: Taking, tx: Tx, today: Today
) -> PartnershipResult:
    """The gemeente confirms a claim, or who was invited accepts."""
    known = await operations.confirm(tx, adoption, partnership, await viewer_of(caller, tx), today)
    return PartnershipResult.of(known.partnership(partnership), known)


@router.post("/{partnership}/refusals", status_code=201)
async def refuse_partnership(
    adoption: UUID, partnership: UUID, body: RefusalBody, caller: Taking, tx: Tx, today: Today
) -> PartnershipResult:
    """The gemeente refuses a claim or takes its invitation back, or who was invited declines."""
    viewer = await viewer_of(caller, tx)
    known = await operations.refuse(tx, adoption, partnership, viewer, today, reason=body.reason)
    return PartnershipResult.of(known.partnership(partnership), known)
