"""What an adoption costs, who pays, and when it is secured.

Source: seed page, "De benodigde financiering regelen, met behulp van partners"; domain.md, Funding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.contracts.events import ReopenedBecause
from shared.contracts.events.funding import CommitmentTold
from shared.contracts.vocabulary import CommitmentStage
from shared.refusals import Conflict, Fault, Forbidden, Invalid, Refusal, UnknownEntity

MOST_EURO = 10_000_000_000  # above this it is a typing error
MOST_COMMITMENTS = 100  # what one event carries

_ORDER = list(CommitmentStage)
_FIRM = "Op deze bijdrage valt nog niet te rekenen: zij is een intentie, of zij is verlopen."
_NOT_FIRM = (
    "Deze bijdrage telt mee. Staan er voorwaarden open? Leg haar dan vast in het financieringsplan van de overname."
)


class InvalidAmount(Invalid):
    """An amount of money that cannot be meant."""

    def __init__(self, field: str, least: int) -> None:
        detail = f"Geef een bedrag van {least} tot en met {MOST_EURO} euro, in hele euro's."
        super().__init__(detail, [Fault(field, detail)])


class AmountNotPositive(InvalidAmount):
    """A commitment must bring at least one euro."""


class StageGoesBack(Conflict):
    """A commitment only becomes surer; what becomes less sure is withdrawn."""


class CommitmentWithdrawn(Conflict):
    """What was withdrawn is over; who comes back makes a new commitment."""


class CommitmentOfAnother(Forbidden):
    """A commitment stays with the organisation that made it."""


class NotYetPartner(Conflict):
    """Who was invited brings money once it takes part: what it promised before would outlive its refusal."""


class InvalidCommitments(Invalid):
    """Something is wrong with commitments that were told together; every fault names its place."""


class FundingGap(Conflict):
    """Firm commitments do not cover the budget, or the gemeente's own is not among them: the plan is not secured."""


class TooManyCommitments(Conflict):
    """The plan cannot hold one more."""


@dataclass(frozen=True, slots=True)
class Secured:
    """The plan is covered now, and was not when it was last settled."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The plan is covered no longer, and why."""

    because: ReopenedBecause


@dataclass(frozen=True, slots=True)
class BaseContribution:
    """What a gemeente brings itself, as it states it when an adoption starts."""

    amount_euro: int
    stage: CommitmentStage = CommitmentStage.TOEZEGGING
    open_conditions: tuple[str, ...] = ()
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """Money that one organisation means to bring, in whole euros."""

    id: UUID
    organisation: UUID
    amount_euro: int
    stage: CommitmentStage
    open_conditions: tuple[str, ...] = ()
    expires_on: date | None = None  # the last day on which it still holds
    withdrawn: bool = False
    counted: bool = False  # whether it was firm when the plan was last settled: so it is known what was lost since

    def __post_init__(self) -> None:
        if self.amount_euro < 1:
            raise AmountNotPositive("amountEuro", 1)
        if self.amount_euro > MOST_EURO:
            raise InvalidAmount("amountEuro", 1)

    def is_firm(self, today: date) -> bool:
        """Whether it can be counted on: received, granted, or promised without open conditions."""
        if self.withdrawn or self.has_lapsed(today):
            return False
        promised = self.stage is CommitmentStage.TOEZEGGING and not self.open_conditions
        return promised or self.stage in (CommitmentStage.BESCHIKKING, CommitmentStage.ONTVANGEN)

    def has_lapsed(self, today: date) -> bool:
        """Money received no longer lapses."""
        received = self.stage is CommitmentStage.ONTVANGEN
        return not received and self.expires_on is not None and self.expires_on < today

    def restated(self, stated: Commitment) -> Commitment:
        """This commitment as its organisation states it now.

        Raises: CommitmentWithdrawn, CommitmentOfAnother, StageGoesBack.
        """
        if self.withdrawn:
            raise CommitmentWithdrawn("Deze bijdrage is ingetrokken. Doe een nieuwe toezegging.")
        if stated.organisation != self.organisation:
            raise CommitmentOfAnother("Deze bijdrage is van een andere organisatie.")
        if _ORDER.index(stated.stage) < _ORDER.index(self.stage):
            raise StageGoesBack(
                f"Deze bijdrage is al '{self.stage}' en kan niet terug naar '{stated.stage}'. Trek haar in als zij vervalt."
            )
        return replace(stated, counted=self.counted)


@dataclass(frozen=True, slots=True)
class FundingPlan:
    """The budget of one adoption and everything promised towards it."""

    adoption: UUID
    budget_euro: int
    gemeente_organisation: UUID  # its base contribution must be among the firm ones
    commitments: tuple[Commitment, ...] = ()
    secured: bool = False
    revision: int = 0  # rises with every save; what If-Match compares

    def firm(self, today: date) -> tuple[Commitment, ...]:
        """The commitments that can be counted on."""
        return tuple(c for c in self.commitments if c.is_firm(today))

    def firm_euro(self, today: date) -> int:
        """What can be counted on, in whole euros."""
        return sum(c.amount_euro for c in self.firm(today))

    def gap_euro(self, today: date) -> int:
        """What firm commitments leave open, never below zero."""
        return max(0, self.budget_euro - self.firm_euro(today))

    def pending_euro(self, today: date) -> int:
        """What may still come: neither firm, nor withdrawn, nor lapsed."""
        hoped = (c for c in self.commitments if not (c.withdrawn or c.has_lapsed(today) or c.is_firm(today)))
        return sum(c.amount_euro for c in hoped)

    def is_covered(self, today: date) -> bool:
        """Firm commitments cover the budget, and the gemeente's own is among them."""
        return self.gap_euro(today) == 0 and any(c.organisation == self.gemeente_organisation for c in self.firm(today))

    def commitment(self, commitment: UUID) -> Commitment:
        """Raises: UnknownEntity."""
        for found in self.commitments:
            if found.id == commitment:
                return found
        raise UnknownEntity("bijdrage", commitment)

    def with_commitment(self, stated: Commitment) -> FundingPlan:
        """The plan with this commitment added, or restated where it was there already.

        Raises: TooManyCommitments; what `Commitment.restated` raises.
        """
        others = tuple(c for c in self.commitments if c.id != stated.id)
        if len(others) == len(self.commitments) == MOST_COMMITMENTS:
            raise TooManyCommitments(f"Een plan heeft hooguit {MOST_COMMITMENTS} bijdragen.")
        if len(others) < len(self.commitments):
            stated = self.commitment(stated.id).restated(stated)
        return replace(self, commitments=(*others, stated))

    def with_told(self, told: Sequence[CommitmentTold], today: date) -> FundingPlan:
        """The plan with these commitments added or restated; those that are not among them stay as they are.

        What somebody tells is `firm` must be so by the rule: an open condition that is known here stays open unless it is.

        Raises: InvalidCommitments, naming everything that is wrong at once.
        """
        plan, faults = self, []
        for place, each in enumerate(told):
            at = f"commitments.{place}"
            try:
                stated = plan._stated(each)
                plan = plan.with_commitment(stated)
            except InvalidAmount as wrong:
                faults.append(Fault(f"{at}.amountEuro", wrong.detail))
            except Refusal as refused:
                faults.append(Fault(at, refused.detail))
            else:
                if stated.is_firm(today) != each.firm:
                    faults.append(Fault(f"{at}.firm", _FIRM if each.firm else _NOT_FIRM))
        if faults:
            raise InvalidCommitments("De bijdragen kloppen niet.", faults)
        return plan

    def _stated(self, told: CommitmentTold) -> Commitment:
        known = next((c for c in self.commitments if c.id == told.commitment), None)
        still_open = () if known is None or told.firm else known.open_conditions
        return Commitment(told.commitment, told.organisation, told.amount_euro, told.stage, still_open, told.expires_on)

    def check_covered(self, today: date) -> None:
        """Raises: FundingGap, which names what is missing."""
        if gap := self.gap_euro(today):
            fault = Fault("commitments", f"Er is nog {gap} euro nodig aan bijdragen waarop te rekenen valt.")
            raise FundingGap(
                f"Het plan is nog niet rond: van de {self.budget_euro} euro ontbreekt {gap} euro.", [fault]
            )
        if not self.is_covered(today):
            fault = Fault("commitments", "Laat de gemeente zelf ook een bijdrage doen waarop te rekenen valt.")
            raise FundingGap("Het plan is nog niet rond: de eigen bijdrage van de gemeente ontbreekt.", [fault])

    def told(self, today: date) -> tuple[CommitmentTold, ...]:
        """Every commitment that is not withdrawn, as the others hear of it."""
        return tuple(
            CommitmentTold(
                commitment=c.id,
                organisation=c.organisation,
                amount_euro=c.amount_euro,
                stage=c.stage,
                expires_on=c.expires_on,
                firm=c.is_firm(today),
            )
            for c in self.commitments
            if not c.withdrawn
        )

    def without(self, commitment: UUID) -> FundingPlan:
        """The plan with this commitment withdrawn; it stays to be seen. Raises: UnknownEntity, CommitmentWithdrawn."""
        return self.with_commitment(replace(self.commitment(commitment), withdrawn=True))

    def with_budget(self, budget_euro: int) -> FundingPlan:
        """The plan for another budget. Raises: InvalidAmount."""
        if not 0 <= budget_euro <= MOST_EURO:
            raise InvalidAmount("budgetEuro", 0)
        return replace(self, budget_euro=budget_euro)

    def settle(self, today: date) -> tuple[FundingPlan, Secured | Reopened | None]:
        """Compares what the plan says of itself with what is true today: the settled plan, and the turn it took, if any."""
        covered = self.is_covered(today)
        counted = tuple(replace(c, counted=c.is_firm(today)) for c in self.commitments)
        settled = replace(self, secured=covered, commitments=counted)
        if covered == self.secured:
            return settled, None
        return settled, Secured() if covered else Reopened(self._lost_because(today))

    def _lost_because(self, today: date) -> ReopenedBecause:
        """What undid it. Where more came together, what somebody did goes before what the calendar did."""
        lost = [c for c in self.commitments if c.counted and not c.is_firm(today)]
        if any(c.withdrawn for c in lost):
            return ReopenedBecause.WITHDRAWN
        return ReopenedBecause.LAPSED if any(c.has_lapsed(today) for c in lost) else ReopenedBecause.CHANGED
