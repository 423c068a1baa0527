"""Chapter 7: who pays. A plan is secured when firm commitments cover it, and the gemeente's own is among them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

from deploy.demo.adoptions import invite
from deploy.demo.client import Json
from deploy.demo.journey import Adoption, Journey, today
from deploy.demo.screen import euro
from deploy.demo.stage import Step
from shared.contracts.events import FundingReopened, FundingSecured
from shared.contracts.events.funding import FundingTold

HOLDS_FOR = timedelta(days=365)


async def play(journey: Journey) -> None:
    """Commitments grow firmer until plans are secured; one lapses, and is replaced."""
    journey.stage.chapter("7. De financiering", "Alle bedragen zijn verzonnen.")
    for adoption in journey.adoptions:
        await secure(journey, adoption)
    for adoption in journey.adoptions:
        if "lapses" in adoption.facts:
            await lapse(journey, adoption)
            await replace(journey, adoption)


async def secure(journey: Journey, adoption: Adoption) -> None:
    """Each partner goes through the stages; with the last firm euro the plan is secured."""
    told = adoption.facts
    async with journey.stage.step(f"De financiering van {adoption.title}") as step:
        step.line(f"nodig: {euro(told['budgetEuro'])}; de gemeente zegt zelf {euro(told['baseEuro'])} toe")
        for commitment in told["commitments"]:
            plan = await commit(journey, step, adoption, commitment)
        if told["commitments"]:
            await secured(step, adoption)
        else:
            plan = await adoption.client.get("matching", f"{adoption.path}/funding")
            step.line(f"er is nog geen partner die betaalt: {euro(plan['gapEuro'])} te gaan")


async def commit(journey: Journey, step: Step, adoption: Adoption, told: Json) -> Json:
    """A partner states what it brings, surer at each stage. A promise with an open condition does not count yet."""
    plan: Json = {}
    for stage in told["stages"]:
        is_conditional = stage == "toezegging" and "condition" in told
        terms = {"openConditions": [told["condition"]] if is_conditional else []}
        plan = await state(journey, adoption, told, {**terms, "stage": stage})
        condition = ", onder een voorwaarde" if is_conditional else ""
        amount = euro(told["amountEuro"])
        step.line(f"{told['organisation']}: {stage} van {amount}{condition}; nog open: {euro(plan['gapEuro'])}")
    return plan


async def state(journey: Journey, adoption: Adoption, told: Json, terms: Json) -> Json:
    """What the partner says of its commitment now; it holds for a year, unless `terms` say otherwise."""
    organisation = journey.organisations[told["organisation"]]
    partner = await journey.cast.partner(organisation)
    path = f"{adoption.path}/funding"
    seen = await partner.get("matching", path)
    body = {"amountEuro": told["amountEuro"], "expiresOn": (today() + HOLDS_FOR).isoformat(), **terms}
    return await partner.put(
        "matching", f"{path}/commitments/{commitment_of(adoption, organisation)}", body, seen["revision"]
    )


def commitment_of(adoption: Adoption, organisation: UUID) -> UUID:
    """One commitment an organisation, in one adoption."""
    return uuid5(adoption.id, str(organisation))


async def secured(step: Step, adoption: Adoption) -> None:
    """The implementation can start, and impact knows."""
    await step.event(FundingSecured, adoption.id, standing)
    await known_as_funded(step, adoption, funded=True)


async def known_as_funded(step: Step, adoption: Adoption, *, funded: bool) -> None:
    """Waits until impact has heard of the turn."""

    async def turned() -> bool:
        known = await adoption.client.get("impact", adoption.path)
        return bool(known["funded"]) is funded

    await step.heard("impact", "de financiering is rond" if funded else "de financiering is weer open", turned)


async def lapse(journey: Journey, adoption: Adoption) -> None:
    """The term of a commitment turns out to have ended yesterday: it counts no more."""
    name = adoption.facts["lapses"]
    async with journey.stage.step(f"De toezegging van {name} aan {adoption.title} blijkt gisteren verlopen") as step:
        told = next(c for c in adoption.facts["commitments"] if c["organisation"] == name)
        yesterday = (today() - timedelta(days=1)).isoformat()
        await state(journey, adoption, told, {"stage": told["stages"][-1], "expiresOn": yesterday})
        await step.event(FundingReopened, adoption.id, lambda told: f"{told.because}; {standing(told)}")
        await known_as_funded(step, adoption, funded=False)


async def replace(journey: Journey, adoption: Adoption) -> None:
    """Another partner fills the gap."""
    told = adoption.facts["replacement"]
    async with journey.stage.step(f"{told['organisation']} springt in bij {adoption.title}") as step:
        await invite(journey, step, adoption, {"organisation": told["organisation"], "role": "geld"})
        await commit(journey, step, adoption, told)
        await secured(step, adoption)


def standing(told: FundingTold) -> str:
    """How the plan stands."""
    return f"{euro(told.firm_euro)} van {euro(told.budget_euro)} zeker, nog open: {euro(told.gap_euro)}"
