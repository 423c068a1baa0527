"""/v1/adoptions/{adoption}/plan: what a gemeente means to reach, for itself and the programme managers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.impact.adoptions.http import Looker, Owner, gemeente_of, reader
from services.impact.plans import operations
from services.impact.plans.model import Grain, Plan, Plans
from shared.contracts.events.impact_recorded import Figure
from shared.reference import indicators
from shared.web import Body, IfMatch, Result, Today, Tx, service_router

router = service_router("/adoptions/{adoption}/plan", tag="Plans")


class PlanBody(Body):
    """Where one indicator starts, where it should be and by when; by which periods it is measured.

    `baseline` and `target` are in the unit of the indicator: a percentage from 0 to 100, a count for each period.
    """

    indicator: str
    grain: Grain
    baseline: Decimal
    target: Decimal
    starts_on: date
    ends_on: date

    def plan(self) -> Plan:
        """As the domain has it."""
        return Plan(**dict(self))


class PlansBody(Body):
    """All that is planned: one plan for each indicator."""

    plans: Annotated[tuple[PlanBody, ...], Field(max_length=len(indicators()))]


class PlanResult(Result):
    """The path of one indicator: `baseline` on `startsOn`, `target` on `endsOn`."""

    indicator: str
    grain: Grain
    baseline: Figure
    target: Figure
    starts_on: date
    ends_on: date


class PlansResult(Result):
    """All that is planned. Revision 0: nothing was planned yet."""

    adoption: UUID
    plans: list[PlanResult]

    @classmethod
    def of(cls, known: Plans) -> PlansResult:
        """As it stands."""
        plans = [PlanResult.model_validate(plan, from_attributes=True) for plan in known.items]
        return cls(revision=known.revision, adoption=known.adoption, plans=plans)


@router.get("")
async def get_plan(adoption: UUID, caller: Looker, tx: Tx, today: Today) -> PlansResult:
    """What is planned for each indicator."""
    return PlansResult.of(await operations.read(tx, adoption, reader(caller, today)))


@router.put("")
async def put_plan(
    adoption: UUID, body: PlansBody, if_match: IfMatch, caller: Owner, tx: Tx, today: Today
) -> PlansResult:
    """States anew what is planned. The first time, If-Match is "0"."""
    stated = [plan.plan() for plan in body.plans]
    return PlansResult.of(await operations.state(tx, adoption, gemeente_of(caller), stated, seen=if_match, today=today))
