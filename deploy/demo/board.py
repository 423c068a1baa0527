"""Chapter 3: the portfolioboard weighs the projects, and makes its decisions known together."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.client import Client, Json
from deploy.demo.journey import Journey, Project, today
from deploy.demo.projects import submitted
from deploy.demo.stage import Step
from shared.contracts.events import ProjectAssessed
from shared.contracts.vocabulary import Criterion

SEATS = {
    "directeur": "SchuldenlabNL",
    "vng": "VNG",
    "partners": "ING",
    "inhoudsdeskundige": "Divosa",
    "programmamanager": "SchuldenlabNL",
}
"""One member for each seat, and for whom the member works (an example: nobody real)."""
ALREADY_SEATED = "already-seated"
INTERESTED, OF_INTEREST = "partners", "jongeren-perspectief-fonds"
"""ING is bound to the fund that pays for this project: its member may not review it."""
REVISED = "jongeren-perspectief-fonds"
FULLY_CONVINCED = 3
DAYS_FOR_A_CONDITION = 180


async def play(journey: Journey) -> None:
    """Five seats, reviews on evidence, one interest refused, decisions prepared and released together."""
    journey.stage.chapter(
        "3. Het portfolioboard weegt", "Wie er in het board zit, wat het vindt en wat het besluit, is een voorbeeld."
    )
    await seat(journey)
    await refuse_interest(journey, journey.projects[OF_INTEREST])
    for project in journey.projects.values():
        await review(journey, project)
    for project in journey.projects.values():
        await decide(journey, project)
    await release(journey)
    await revise(journey, journey.projects[REVISED])


async def seat(journey: Journey) -> None:
    """Whoever sat on the board before, under whatever name, still does: a login is what holds a seat."""
    async with journey.stage.step("Vijf mensen hebben een zetel in het portfolioboard") as step:
        manager = await journey.cast.programme_manager()
        for place, organisation in SEATS.items():
            body = {
                "subject": await journey.cast.login_of(place),
                "name": f"{place} (voorbeeld)",
                "seat": place,
                "affiliations": [{"organisation": str(journey.organisations[organisation])}],
                "since": today().replace(month=1, day=1).isoformat(),
            }
            seated = await manager.post_unless("assessment", "/board-members", body, ALREADY_SEATED)
            step.line(f"zetel {place}: {f'iemand van {organisation}' if seated else 'was al bezet'}")
        quorum = await manager.get("assessment", "/board-settings")
        step.line(f"een besluit vraagt {quorum['reviews']} beoordelingen van {quorum['seats']} verschillende zetels")


async def refuse_interest(journey: Journey, project: Project) -> None:
    """A conflict of interest is looked for through the relations between organisations, and shown."""
    async with journey.stage.step(f"Wie een belang heeft, mag '{project.title}' niet beoordelen") as step:
        member = await journey.cast.board_member(INTERESTED)
        path = f"/assessments/{project.assessments[project.versions]}"

        async def bound() -> bool:
            assessment = await member.get("assessment", path)
            return any(place["seat"] == INTERESTED and place["conflict"] for place in assessment["places"])

        await step.heard("assessment", "de banden tussen de organisaties zijn bekend", bound)
        problem = await member.refused("assessment", "PUT", f"{path}/reviews/mine", {"scores": []})
        step.line(f"geweigerd: {problem['detail']}")


async def review(journey: Journey, project: Project) -> None:
    """Each member scores each part, on the evidence that the score rests on, and hands it in."""
    async with journey.stage.step(f"Het board beoordeelt '{project.title}'") as step:
        path = f"/assessments/{project.assessments[project.versions]}"
        for place, name in enumerate(SEATS):
            if (name, project.facts["slug"]) == (INTERESTED, OF_INTEREST):
                continue
            member = await journey.cast.board_member(name)
            assessment = await member.get("assessment", path)
            seen = (assessment["mine"] or {}).get("revision", 0)
            body = {"scores": await scores(journey, assessment["dossier"], project.facts["board"]["score"], place)}
            await member.put("assessment", f"{path}/reviews/mine", body, seen)
            await member.post("assessment", f"{path}/review-submissions")
        manager = await journey.cast.programme_manager()
        assessment = await manager.get("assessment", path)
        quorum = assessment["quorum"]
        step.must(quorum["lacking"] is None, f"Het quorum is er niet: {quorum['lacking']}", "assessment")
        means = ", ".join(f"{criterion} {mean(value)}" for criterion, value in assessment["means"].items())
        step.line(f"{quorum['reviewsCounted']} beoordelingen: {means}; de cijfers wijzen op '{assessment['advice']}'")


async def scores(journey: Journey, dossier: Json, level: int, place: int) -> list[Json]:
    """An example: around `level` where there is evidence, no opinion where there is none. Members differ a little."""
    framework = (await journey.cast.public.get("assessment", "/frameworks"))["items"][-1]
    given = []
    for nth, part in enumerate(framework["parts"]):
        evidence = [
            e["id"] for e in dossier["evidence"] if (e["criterion"], e["part"]) == (part["criterion"], part["part"])
        ]
        score = min(4, level + (nth + place) % 2) if evidence else None
        convinced = score is not None and score >= FULLY_CONVINCED
        note = "" if convinced else "Nog te weinig bewijs (voorbeeld)."
        given.append(
            {"criterion": part["criterion"], "part": part["part"], "score": score, "evidence": evidence, "note": note}
        )
    return given


async def decide(journey: Journey, project: Project) -> None:
    """Prepared, and nobody hears of it yet."""
    told = project.facts["board"]
    async with journey.stage.step(f"Het besluit over '{project.title}' wordt voorbereid") as step:
        manager = await journey.cast.programme_manager()
        path = f"/assessments/{project.assessments[project.versions]}"
        assessment = await manager.get("assessment", path)
        evidence = assessment["dossier"]["evidence"]
        due = (today() + timedelta(days=DAYS_FOR_A_CONDITION)).isoformat()
        body = {
            "verdict": told["verdict"],
            "evidenceLevel": told["evidenceLevel"],
            "reasons": [reason(criterion, evidence) for criterion in Criterion],
            "conditions": [{"text": text, "dueOn": due} for text in told.get("conditions", ())],
        }
        await manager.put("assessment", f"{path}/decision", body, assessment["revision"])
        step.line(f"{told['verdict']}; het bewijs is '{told['evidenceLevel']}'")


def reason(criterion: Criterion, evidence: list[Json]) -> Json:
    """Why, for one criterion, on the evidence that was given for it."""
    given = [e["id"] for e in evidence if e["criterion"] == criterion]
    why = f"{len(given)} keer bewijs, zie daar" if given else "hiervoor is geen bewijs aangemeld"
    return {"criterion": criterion, "reason": f"Voorbeeld van een reden: {why}.", "evidence": given}


async def release(journey: Journey) -> None:
    """Everybody hears of all decisions at the same moment."""
    async with journey.stage.step("De vijf besluiten worden samen bekendgemaakt") as step:
        manager = await journey.cast.programme_manager()
        assessments = [project.assessments[project.versions] for project in journey.projects.values()]
        answer = await manager.post("assessment", "/releases", {"assessments": assessments})
        refused = [item["refused"] for item in answer["items"] if not item["released"]]
        step.must(not refused, f"Niet elk besluit is bekendgemaakt: {refused}", "assessment")
        titles = {project.id: project.title for project in journey.projects.values()}
        for assessment in assessments:
            await step.event(ProjectAssessed, assessment, lambda told: f"{titles[told.project]}: {told.verdict}")
        for project in journey.projects.values():
            await heard_verdict(step, project)
        await offered(journey, step)


async def heard_verdict(step: Step, project: Project) -> None:
    """Whoever submitted it sees the verdict with the version it is about."""

    async def verdict() -> str | None:
        versions = (await project.owner.get("submission", project.path))["versions"]
        outcome = versions[-1]["outcome"]
        return None if outcome is None else str(outcome["verdict"])

    await step.heard("submission", f"het oordeel staat bij '{project.title}'", verdict)


async def offered(journey: Journey, step: Step) -> None:
    """Gemeenten can take over what the board lets them."""
    wanted = {p.title for p in journey.projects.values() if p.facts["board"]["verdict"].startswith("overnemen")}

    async def listed() -> bool:
        found = {item["title"] async for item in journey.cast.public.items("matching", "/catalogue")}
        return wanted <= found

    await step.heard(
        "matching", f"{len(wanted)} van de {len(journey.projects)} projecten staan in de catalogus", listed
    )


async def revise(journey: Journey, project: Project) -> None:
    """While version 2 is weighed, version 1 can still be taken over."""
    async with journey.stage.step(f"'{project.title}' krijgt een tweede versie") as step:
        await project.owner.post("submission", f"{project.path}/versions")
        await expand(project.owner, project)
        await project.owner.post("submission", f"{project.path}/submissions")
        await submitted(journey, step, project)

        async def seen() -> Json | None:
            entry = await journey.cast.public.get("matching", f"/catalogue/{project.id}")
            return entry if len(entry["versions"]) == project.versions else None

        entry = await step.heard("matching", "er is een tweede versie", seen)
        standing = ", ".join(f"versie {version['number']} is {version['standing']}" for version in entry["versions"])
        step.line(f"{standing}; over te nemen is versie {entry['offeredVersion']}")
        step.must(entry["offered"] and entry["offeredVersion"] == 1, "Versie 1 is niet meer over te nemen.", "matching")


async def expand(owner: Client, project: Project) -> None:
    """What is new in the second version."""
    known = await owner.get("submission", project.path)
    concept = {name: value for name, value in known["concept"].items() if name != "evidence"}
    more = f"{concept['summary']} Nieuw in versie 2 (verzonnen): ook na de looptijd belt iemand de jongere nog een jaar op."
    await owner.put("submission", project.path, {**concept, "summary": more}, known["revision"])


def mean(value: float | None) -> str:
    """A mean score as people in the Netherlands read it."""
    return "geen oordeel" if value is None else f"{value:.1f}".replace(".", ",")
