"""Chapter 1: the partner registry. Gemeenten are in it from the start; partners are added once."""

from __future__ import annotations

from uuid import UUID

from deploy.demo.client import Client, Json
from deploy.demo.journey import GEMEENTEN, Journey, facts
from deploy.demo.stage import Step
from shared.contracts.events import OrganisationChanged

REGISTRY = "/organisations"


async def play(journey: Journey) -> None:
    """Everybody who takes part is in the registry, with a kind, regions, themes and means."""
    told = facts("organisations.json")
    journey.stage.chapter("1. Wie er meedoen", told["about"])
    await gemeenten(journey)
    manager = await journey.cast.programme_manager()
    async with journey.stage.step("De partners staan in het register") as step:
        for organisation in told["organisations"]:
            name = organisation["name"]
            known = await registered(manager, name)
            journey.organisations[name] = known or await register(journey, manager, step, organisation)
            if known:
                step.line(f"{name} ({organisation['kind']}) stond er al")


async def gemeenten(journey: Journey) -> None:
    """Three gemeenten of different size, each an organisation too."""
    async with journey.stage.step("Drie gemeenten van verschillende grootte kijken mee") as step:
        for code in GEMEENTEN:
            profile = await journey.cast.public.get("matching", f"/gemeenten/{code}")
            journey.gemeenten[code] = profile["name"]
            journey.organisations[f"Gemeente {profile['name']}"] = UUID(profile["organisation"])
            people = f"{profile['population']:,}".replace(",", ".")
            alike = ", ".join(alike["name"] for alike in profile["lookAlikes"][:3])
            step.line(f"{profile['name']}: {people} inwoners; lijkt het meest op {alike} (bron: CBS)")


async def registered(client: Client, name: str) -> UUID | None:
    """The organisation with this name, if there is one."""
    async for found in client.items("matching", REGISTRY, name=name):
        if found["name"] == name and found["active"]:
            return UUID(found["id"])
    return None


async def register(journey: Journey, manager: Client, step: Step, told: Json) -> UUID:
    """Adds one to the registry."""
    relations = [
        {"organisation": str(journey.organisations[r["organisation"]]), "kind": r["kind"]} for r in told["relations"]
    ]
    body = {"name": told["name"], "kind": told["kind"], **told["invented"], "relations": relations}
    made = await manager.post("matching", REGISTRY, body)
    await step.event(OrganisationChanged, made["id"], lambda organisation: f"{organisation.name} ({organisation.kind})")
    return UUID(made["id"])
