"""/v1/operations/audit: what was done by hand, by whom and why; for operators."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.messaging import looking
from shared.messaging.looking import Deed
from shared.runtime.operations.asked import Operator
from shared.web import Page, Paging, Result, Tx, service_router

router = service_router("/operations/audit", tag="Operations")


class DeedResult(Result):
    """What somebody did by hand. `actor` is a role or an opaque id, never a name."""

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str
    outcome: str
    reason: str

    @classmethod
    def of(cls, deed: Deed) -> DeedResult:
        """As it is listed."""
        return cls(
            id=deed.id,
            at=deed.at,
            actor=deed.actor,
            action=deed.action,
            target=deed.target,
            outcome=deed.outcome,
            reason=deed.reason,
        )


@router.get("")
async def list_deeds(_caller: Operator, tx: Tx, page: Paging) -> Page[DeedResult]:
    """What was done by hand, the last first. Nothing of it can be changed."""
    found = await looking.deeds(tx, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda deed: deed.id, DeedResult.of)
