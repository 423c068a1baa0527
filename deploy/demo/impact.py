"""Chapter 8: what the gemeenten planned and measured, and what of it everybody may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

from deploy.demo.client import Json
from deploy.demo.journey import Adoption, Journey, today
from deploy.demo.overview import HIDDEN, figure
from deploy.demo.stage import Step
from shared.contracts.events import ImpactPublished, ImpactRecorded

PERIODS = 4
SOURCE = {"source": "voorbeeld, verzonnen", "method": "verzonnen voor de demo"}
Quarter = tuple[date, date]


async def play(journey: Journey) -> None:
    """Plans, figures over four quarters, and one correction."""
    journey.stage.chapter(
        "8. Impact meten",
        "Alle cijfers zijn verzonnen. Te kleine aantallen blijven verborgen; dat is iets anders dan 0.",
    )
    measuring = [adoption for adoption in journey.adoptions if adoption.facts["measures"]]
    for adoption in measuring:
        await plan(journey, adoption)
    for adoption in measuring:
        await measure(journey, adoption)
    for adoption in measuring:
        await correct(journey, adoption)
    for adoption in measuring:
        await progress(journey, adoption)
    await show(journey, journey.adoptions[0])


def quarters() -> list[Quarter]:
    """The four whole quarters before today, the oldest first: first and last day."""
    found: list[Quarter] = []
    first = today().replace(month=(today().month - 1) // 3 * 3 + 1, day=1)
    for _ in range(PERIODS):
        last = first - timedelta(days=1)
        first = last.replace(month=last.month - 2, day=1)
        found.insert(0, (first, last))
    return found


async def plan(journey: Journey, adoption: Adoption) -> None:
    """Where each indicator starts, and where it should be."""
    async with journey.stage.step(f"{adoption.gemeente} plant wat '{adoption.project.title}' moet opleveren") as step:
        terms = {"grain": "kwartaal", "startsOn": str(quarters()[0][0]), "endsOn": str(quarters()[-1][1])}
        plans = [
            {"indicator": m["indicator"], "baseline": m["baseline"], "target": m["target"], **terms}
            for m in adoption.facts["measures"]
        ]
        await adoption.client.put("impact", f"{adoption.path}/plan", {"plans": plans}, 0)
        for told in adoption.facts["measures"]:
            step.line(f"{told['indicator']}: van {told['baseline']} naar {told['target']} per kwartaal (verzonnen)")


async def measure(journey: Journey, adoption: Adoption) -> None:
    """A figure for each quarter; what may be shown is published at once."""
    for told in adoption.facts["measures"]:
        async with journey.stage.step(f"{adoption.gemeente} legt vier kwartalen vast: {told['indicator']}") as step:
            for nth, (quarter, measured) in enumerate(zip(quarters(), told["figures"], strict=True)):
                body = {
                    "indicator": told["indicator"],
                    "periodStart": str(quarter[0]),
                    "periodEnd": str(quarter[1]),
                    **numbers(measured),
                    "provenance": SOURCE,
                }
                recorded = await adoption.client.post("impact", f"{adoption.path}/observations", body)
                adoption.observations[told["indicator"], nth] = recorded["id"]
                await told_and_shown(journey, step, adoption, recorded, measured["shown"])


def numbers(measured: Json) -> Json:
    """The figure itself."""
    return {name: measured[name] for name in ("value", "numerator", "denominator") if name in measured}


async def told_and_shown(journey: Journey, step: Step, adoption: Adoption, recorded: Json, shown: str | None) -> None:
    """What must follow from a figure: it is told inside, and published where it may be."""
    version = recorded["revision"]
    await step.event(
        ImpactRecorded,
        recorded["id"],
        lambda told: f"{told.indicator} vanaf {told.period_start}: {exact(told)}, versie {version}",
        lambda told: (told.correction_reason is not None) == (version > 1),
    )
    quarter = recorded["periodStart"]
    if shown is None:
        found = [f async for f in published(journey, adoption, recorded["indicator"]) if f["periodStart"] == quarter]
        step.must(not found, f"Wat verborgen moet zijn, is openbaar: {found}", "impact")
        step.line(f"openbaar: {HIDDEN}")
        return
    told = await step.event(
        ImpactPublished,
        None,
        lambda told: f"openbaar: {public(told)}",
        lambda told: (
            (told.project, told.scope) == (adoption.project.id, adoption.code)
            and (told.indicator, str(told.period_start)) == (recorded["indicator"], quarter)
        ),
    )
    step.must(public(told) == shown, f"Openbaar is {public(told)}, en dat moest {shown} zijn.", "impact")


def published(journey: Journey, adoption: Adoption, indicator: str) -> AsyncIterator[Json]:
    """What everybody sees of this gemeente and project."""
    query = {"project": adoption.project.id, "gemeente": adoption.code, "indicator": indicator}
    return journey.cast.public.items("impact", "/published-figures", **query)


def exact(told: ImpactRecorded) -> str:
    """The exact figure, for the gemeente itself."""
    return figure(told.value, told.numerator, told.denominator) or HIDDEN


def public(told: ImpactPublished) -> str:
    """The figure that everybody sees."""
    return figure(told.shown, told.shown_numerator, told.shown_denominator) or HIDDEN


async def correct(journey: Journey, adoption: Adoption) -> None:
    """A correction is the next version of a figure, with the reason."""
    for told in adoption.facts["measures"]:
        for nth, measured in enumerate(told["figures"]):
            if "corrected" not in measured:
                continue
            better, indicator = measured["corrected"], told["indicator"]
            title = f"{adoption.gemeente} corrigeert {indicator}: {measured['value']} wordt {better['value']}"
            async with journey.stage.step(title) as step:
                body = {**numbers(better), "provenance": SOURCE, "reason": better["reason"]}
                path = f"/observations/{adoption.observations[indicator, nth]}"
                corrected = await adoption.client.put("impact", path, body, 1)
                step.line(f"reden: {better['reason']}")
                await told_and_shown(journey, step, adoption, corrected, better["shown"])


async def progress(journey: Journey, adoption: Adoption) -> None:
    """Whether the last figure keeps to the path, with the chance of small numbers taken in."""
    async with journey.stage.step(f"Hoe het gaat in {adoption.title}") as step:
        told = await adoption.client.get("impact", f"{adoption.path}/progress")
        for series in told["indicators"]:
            last = series["periods"][-1]
            public = last["publication"]["visibility"]
            step.line(f"{series['name']}: {series['status']}; het laatste kwartaal is voor iedereen {public}")

        async def measured() -> bool:
            return bool((await adoption.client.get("matching", adoption.path))["measured"])

        await step.heard("matching", "er is gemeten", measured)


async def show(journey: Journey, adoption: Adoption) -> None:
    """Whoever looks at a project sees what was published of it, and no more."""
    project = adoption.project
    async with journey.stage.step(f"Wat iedereen nu ziet van '{project.title}'") as step:
        indicator, (start, end) = adoption.facts["measures"][0]["indicator"], quarters()[-1]

        async def listed() -> list[Json]:
            path = f"/catalogue/{project.id}/impact"
            return [f async for f in journey.cast.public.items("matching", path) if f["periodEnd"] == str(end)]

        await step.heard("matching", "de cijfers staan bij het project in de catalogus", listed)
        query = {"project": project.id, "indicator": indicator, "periodStart": start, "periodEnd": end}
        totals = await journey.cast.public.get("impact", "/published-figures/totals", **query)
        for total in totals["items"]:
            words = f"{total['wording']} {total['shown']}".strip()
            step.line(f"{indicator} in {total['regionName']}: {words}")
        manager = await journey.cast.programme_manager()

        async def counted() -> bool:
            entries = (await manager.get("assessment", "/portfolio"))["adoptable"]
            return any(e["project"] == str(project.id) and e["figures"] for e in entries)

        await step.heard("assessment", "het board ziet dat er is gemeten", counted)
