"""Chapters 5 and 6: gemeenten take projects over, and partnerships are formed."""

from __future__ import annotations

from uuid import UUID

from deploy.demo.client import Client, Json
from deploy.demo.journey import Adoption, Journey, facts
from deploy.demo.screen import euro
from deploy.demo.stage import Step
from shared.contracts.events import AdoptionStarted, PartnershipFormed

STRANGER = "De VoorzieningenWijzer"
"""Claims to take part where nobody asked it."""
SUGGESTIONS_SHOWN = 3


async def take_over(journey: Journey) -> None:
    """Each adoption begins with ten milestones and a funding plan."""
    told = facts("adoptions.json")
    journey.stage.chapter("5. Gemeenten nemen projecten over", told["about"])
    for adoption in told["adoptions"]:
        await start(journey, adoption)
    for adoption in journey.adoptions:
        await work(journey, adoption)


async def form(journey: Journey) -> None:
    """A partner is invited or claims to take part; only what both sides say is told."""
    journey.stage.chapter("6. Samenwerkingen", "Een aanmelding blijft een concept tot de gemeente haar bevestigt.")
    for adoption in journey.adoptions:
        await suggest(journey, adoption)
        await join(journey, adoption)
    await refuse(journey, journey.adoptions[0])


async def start(journey: Journey, told: Json) -> None:
    """The gemeente says whether it may be named, and what it brings itself."""
    gemeente, project = journey.gemeenten[told["gemeente"]], journey.projects[told["project"]]
    async with journey.stage.step(f"{gemeente} neemt '{project.title}' over") as step:
        client = await journey.cast.gemeente(told["gemeente"])
        body = {
            "project": str(project.id),
            "mayBeNamed": True,
            "budgetEuro": told["budgetEuro"],
            "baseContribution": {"amountEuro": told["baseEuro"], "stage": "toezegging"},
        }
        begun = await client.post("matching", "/adoptions", body)
        adoption = Adoption(UUID(begun["id"]), told["gemeente"], gemeente, client, project, told)
        journey.adoptions.append(adoption)
        await step.event(
            AdoptionStarted,
            adoption.id,
            lambda e: f"versie {e.project_version}, voor {euro(e.budget_euro)} (verzonnen)",
        )
        await step.heard("impact", "van wie de cijfers straks zijn", lambda: client.find("impact", adoption.path))


async def work(journey: Journey, adoption: Adoption) -> None:
    """Some of the ten milestones are done."""
    done: int = adoption.facts["milestonesDone"]
    if not done:
        return
    async with journey.stage.step(f"{adoption.gemeente} rondt {done} van de tien mijlpalen af") as step:
        known = await adoption.client.get("matching", adoption.path)
        for milestone in known["milestones"][:done]:
            body = {"owner": milestone["owner"], "dueOn": milestone["dueOn"], "state": "klaar"}
            path = f"{adoption.path}/milestones/{milestone['kind']}"
            known = await adoption.client.put("matching", path, body, known["revision"])
            step.line(f"klaar: {milestone['label']}")


async def suggest(journey: Journey, adoption: Adoption) -> None:
    """Which partners fit, and why."""
    async with journey.stage.step(f"Welke partners passen bij {adoption.title}?") as step:
        found = await adoption.client.get("matching", f"{adoption.path}/partner-suggestions")
        for partner in found["items"][:SUGGESTIONS_SHOWN]:
            grounds = ", ".join(f"{reason['ground']} {reason['points']}" for reason in partner["reasons"])
            step.line(f"{partner['name']} ({partner['kind']}): {partner['fit']} van 100 = {grounds}")
        step.must(found["items"], "Er is geen enkele partner die past.", "matching")


async def join(journey: Journey, adoption: Adoption) -> None:
    """Whom the gemeente invites says yes; the gemeente confirms whoever claims."""
    told = adoption.facts
    async with journey.stage.step(f"Partners sluiten zich aan bij {adoption.title}") as step:
        for invited in told["invites"]:
            await invite(journey, step, adoption, invited)
        for claim in told["claims"]:
            partner = await journey.cast.partner(journey.organisations[claim["organisation"]])
            claimed = await partner.post("matching", f"{adoption.path}/partnerships", {"role": claim["role"]})
            step.line(f"{claim['organisation']} meldt zich met {claim['role']}: {claimed['state']}")
            await confirm(journey, step, adoption, adoption.client, claimed)


async def invite(journey: Journey, step: Step, adoption: Adoption, told: Json) -> None:
    """The gemeente asks an organisation, and it accepts."""
    organisation = journey.organisations[told["organisation"]]
    body = {"organisation": str(organisation), "role": told["role"]}
    invited = await adoption.client.post("matching", f"{adoption.path}/partnerships", body)
    await confirm(journey, step, adoption, await journey.cast.partner(organisation), invited)


async def confirm(journey: Journey, step: Step, adoption: Adoption, by: Client, partnership: Json) -> None:
    """From here on others hear of it."""
    await by.post("matching", f"{adoption.path}/partnerships/{partnership['id']}/confirmations")
    formed = UUID(partnership["id"])
    await step.event(
        PartnershipFormed,
        adoption.id,
        lambda told: f"{journey.name_of(told.organisation)} doet mee, met {told.role}",
        lambda told: told.partnership == formed,
    )


async def refuse(journey: Journey, adoption: Adoption) -> None:
    """A claim that the gemeente does not know of goes no further."""
    async with journey.stage.step(
        f"{STRANGER} zegt mee te doen in {adoption.gemeente}; de gemeente weet van niets"
    ) as step:
        partner = await journey.cast.partner(journey.organisations[STRANGER])
        claimed = await partner.post("matching", f"{adoption.path}/partnerships", {"role": "expertise"})
        path = f"{adoption.path}/partnerships/{claimed['id']}"
        refused = await adoption.client.post(
            "matching", f"{path}/refusals", {"reason": "Hierover is niets afgesproken."}
        )
        step.line(f"{refused['state']}: niemand anders hoort ervan")
