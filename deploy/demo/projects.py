"""Chapter 2: five projects are told of, piece by piece, and offered to the portfolioboard."""

from __future__ import annotations

import re
from functools import partial
from uuid import UUID

from deploy.demo.client import Client, Json
from deploy.demo.journey import DEN_HAAG, Journey, Project, facts, today
from deploy.demo.stage import Step
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn

TITLE = re.compile(r"\(demo (\d+)\)$")


async def play(journey: Journey) -> None:
    """Each project is begun, completed and submitted by its own organisation."""
    told = facts("projects.json")
    journey.stage.chapter("2. Vijf bewezen projecten aanmelden", told["about"])
    await make_way(journey)
    for project in told["projects"]:
        await draft(journey, project)
    for project in journey.projects.values():
        await complete(journey, project)
    for project in journey.projects.values():
        await submit(journey, project)


async def make_way(journey: Journey) -> None:
    """This run gets the first number that no title has; the projects of earlier runs are withdrawn, so none stands twice."""
    manager = await journey.cast.programme_manager()
    earlier = {p["id"]: p async for p in manager.items("submission", "/projects") if TITLE.search(p["title"] or "")}
    numbers = [int(found[1]) for p in earlier.values() if (found := TITLE.search(p["title"]))]
    journey.number = max(numbers, default=0) + 1
    offered = [project for project in earlier.values() if project["withdrawnOn"] is None]
    if not offered:
        return
    async with journey.stage.step(
        "De projecten van een vorige demo maken plaats; wat daarmee loopt, gaat door"
    ) as step:
        for project in offered:
            owner = await journey.cast.submitter(UUID(project["organisation"]))
            reason = "Een volgende demo begint, met eigen projecten."
            await owner.post("submission", f"/projects/{project['id']}/withdrawals", {"reason": reason})
            await step.event(ProjectWithdrawn, project["id"], partial(withdrawn, project["title"]))

        async def gone() -> bool:
            found = {item["project"] async for item in journey.cast.public.items("matching", "/catalogue")}
            return found.isdisjoint(earlier)

        await step.heard("matching", "zij staan niet meer in de catalogus", gone)


def withdrawn(title: str, told: ProjectWithdrawn) -> str:
    """What a withdrawal tells."""
    return f"{title}, versie {told.project_version}"


async def owner_of(journey: Journey, told: Json) -> Client:
    """Whoever submits the project: a gemeente, or an organisation of its own."""
    organisation = journey.organisations[told["owner"]]
    if told["owner"] == f"Gemeente {journey.gemeenten[DEN_HAAG]}":
        return await journey.cast.gemeente(DEN_HAAG, organisation)
    return await journey.cast.submitter(organisation)


async def draft(journey: Journey, told: Json) -> None:
    """A concept may miss everything; what is missing can be seen at any time."""
    async with journey.stage.step(f"{told['owner']} begint met '{told['title']}' en bewaart wat er al is") as step:
        owner = await owner_of(journey, told)
        begun = await owner.post("submission", "/projects", {"title": journey.named(told["title"])})
        project = Project(UUID(begun["id"]), begun["concept"]["title"], owner, told)
        journey.projects[told["slug"]] = project
        missing = (await owner.get("submission", f"{project.path}/completeness"))["missing"]
        step.line(f"er ontbreekt nog: {', '.join(fault['field'] for fault in missing)}")
        if len(journey.projects) == 1:
            problem = await owner.refused("submission", "POST", f"{project.path}/submissions")
            step.line(f"nu indienen mag niet: {problem['detail']} ({len(problem['errors'])} punten)")


async def complete(journey: Journey, project: Project) -> None:
    """What was missing is filled in, and each piece of evidence is bound to a part of a criterion."""
    async with journey.stage.step(f"'{project.title}' wordt aangevuld, met bewijs uit openbare bronnen") as step:
        known = await project.owner.get("submission", project.path)
        body = description(journey, project)
        await project.owner.put("submission", project.path, body, known["revision"])
        for evidence in project.facts["evidence"]:
            await project.owner.post("submission", f"{project.path}/evidence", evidence)
        first = project.facts["evidence"][0]
        step.line(f"{len(project.facts['evidence'])} keer bewijs, zoals voor {first['criterion']}: '{first['quote']}'")
        check = await project.owner.get("submission", f"{project.path}/completeness")
        step.must(check["complete"], f"Het project is nog niet compleet: {check['missing']}", "submission")


def description(journey: Journey, project: Project) -> Json:
    """The whole description; what projects.json calls invented says so in the summary."""
    told = project.facts
    involved = [
        {"organisation": str(journey.organisations[i["organisation"]]), "relation": i["relation"]}
        for i in told["involvements"]
    ]
    owner = {"organisation": str(journey.organisations[told["owner"]]), "relation": "eigenaar"}
    return {
        "title": project.title,
        "summary": told["summary"],
        "phases": told["phases"],
        "targetGroups": told["targetGroups"],
        "availableFrom": today().replace(month=1, day=1).isoformat(),
        "involvements": [owner, *involved],
        **told["invented"],
    }


async def submit(journey: Journey, project: Project) -> None:
    """It is offered to the board: assessment opens an assessment of this version."""
    async with journey.stage.step(f"'{project.title}' wordt ingediend") as step:
        await project.owner.post("submission", f"{project.path}/submissions")
        await submitted(journey, step, project)


async def submitted(journey: Journey, step: Step, project: Project) -> None:
    """What must follow from a submission."""
    project.versions += 1
    version = project.versions
    await step.event(
        ProjectSubmitted,
        project.id,
        lambda told: f"versie {told.project_version}, met {len(told.evidence)} keer bewijs",
        lambda told: told.project_version == version,
    )
    manager = await journey.cast.programme_manager()

    async def opened() -> str | None:
        async for assessment in manager.items("assessment", "/assessments", state="open"):
            if (assessment["project"], assessment["projectVersion"]) == (str(project.id), version):
                return str(assessment["id"])
        return None

    project.assessments[version] = await step.heard("assessment", "de beoordeling is geopend", opened)
