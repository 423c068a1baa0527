"""/v1/adoptions/{adoption}/funding: read by all who take part, changed by who brings the money."""

from __future__ import annotations

from datetime import date
from typing import Self
from uuid import UUID

from services.matching.adoptions import operations as adoptions
from services.matching.adoptions.http import (
    Amount,
    Euro,
    FundingSummaryResult,
    OpenConditions,
    Own,
    Reader,
    Taking,
    summary,
    viewer_of,
)
from services.matching.adoptions.model import Adoption, Viewer
from services.matching.funding import operations, store
from services.matching.funding.model import Commitment, FundingPlan, NotYetPartner
from shared.contracts.vocabulary import CommitmentStage
from shared.refusals import UnknownEntity
from shared.storage import Transaction
from shared.web import Body, Caller, IfMatch, Result, Today, Tx, service_router

router = service_router("/adoptions/{adoption}/funding", tag="Funding")


class BudgetBody(Body):
    """What the implementation costs, in whole euros."""

    budget_euro: Euro


class CommitmentBody(Body):
    """A commitment as its organisation states it. Amounts are whole euros; the expiry day still counts."""

    amount_euro: Amount
    stage: CommitmentStage
    open_conditions: OpenConditions = ()
    expires_on: date | None = None


class CommitmentResult(Result):
    """What one organisation brings. `firm`: it can be counted on; `base`: it is the gemeente's own."""

    id: UUID
    organisation: UUID
    amount_euro: int
    stage: CommitmentStage
    open_conditions: list[str]
    expires_on: date | None
    withdrawn: bool
    lapsed: bool
    firm: bool
    base: bool

    @classmethod
    def of(cls, commitment: Commitment, plan: FundingPlan, today: date) -> CommitmentResult:
        """As it stands today."""
        return cls(
            id=commitment.id,
            organisation=commitment.organisation,
            amount_euro=commitment.amount_euro,
            stage=commitment.stage,
            open_conditions=list(commitment.open_conditions),
            expires_on=commitment.expires_on,
            withdrawn=commitment.withdrawn,
            lapsed=commitment.has_lapsed(today),
            firm=commitment.is_firm(today),
            base=commitment.organisation == plan.gemeente_organisation,
        )


class FundingResult(FundingSummaryResult):
    """The plan of an adoption as it stands today."""

    adoption: UUID
    commitments: list[CommitmentResult]

    @classmethod
    def of(cls, plan: FundingPlan, today: date) -> Self:
        """With every commitment, also those that were withdrawn or have lapsed."""
        return cls.model_validate(
            {
                **summary(plan, today),
                "revision": plan.revision,
                "adoption": plan.adoption,
                "commitments": [CommitmentResult.of(commitment, plan, today) for commitment in plan.commitments],
            }
        )


def _bringing(adoption: Adoption, viewer: Viewer) -> UUID:
    """For which organisation the caller speaks: the gemeente for itself, a partner for its own. Raises: NotYetPartner.

    Nobody stops being a partner, so this still holds once the plan is locked.
    """
    if viewer.gemeente == adoption.gemeente:
        return adoption.gemeente_organisation
    own = sorted(adoption.partners & viewer.organisations)
    if not own:
        raise NotYetPartner("Neem eerst de uitnodiging aan. Daarna kunt u een bijdrage toezeggen.")
    return own[0]


async def _spoken_for(tx: Transaction, adoption: UUID, caller: Caller) -> UUID:
    viewer = await viewer_of(caller, tx)
    return _bringing(await adoptions.read(tx, adoption, viewer), viewer)


@router.get("")
async def get_funding(adoption: UUID, caller: Reader, tx: Tx, today: Today) -> FundingResult:
    """The plan: what is needed, what is firm, and what is left to find."""
    await adoptions.read(tx, adoption, await viewer_of(caller, tx))
    return FundingResult.of(await store.read(tx, adoption), today)


@router.put("")
async def put_budget(
    adoption: UUID, body: BudgetBody, if_match: IfMatch, caller: Own, tx: Tx, today: Today
) -> FundingResult:
    """Changes the budget. If-Match is the plan's."""
    known = await adoptions.read(tx, adoption, await viewer_of(caller, tx))
    if known.gemeente != caller.gemeente:
        raise UnknownEntity("overname", adoption)
    return FundingResult.of(await operations.set_budget(tx, adoption, body.budget_euro, today, if_match), today)


@router.put("/commitments/{commitment}")
async def put_commitment(
    adoption: UUID, commitment: UUID, body: CommitmentBody, if_match: IfMatch, caller: Taking, tx: Tx, today: Today
) -> FundingResult:
    """States or restates what the caller's organisation brings to this adoption. If-Match is the plan's."""
    stated = Commitment(commitment, await _spoken_for(tx, adoption, caller), **dict(body))
    return FundingResult.of(await operations.commit(tx, adoption, stated, today, if_match), today)


@router.post("/commitments/{commitment}/withdrawals", status_code=201)
async def withdraw_commitment(adoption: UUID, commitment: UUID, caller: Taking, tx: Tx, today: Today) -> FundingResult:
    """Takes back what the caller's organisation meant to bring; it stays to be seen."""
    organisation = await _spoken_for(tx, adoption, caller)
    return FundingResult.of(await operations.withdraw(tx, adoption, commitment, organisation, today), today)
