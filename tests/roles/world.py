"""Two of everything, made through the public routes by those whose it is, each with marks of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from shared.clock import day_of, system_clock
from shared.contracts.vocabulary import Criterion
from tests.roles.asking import Asker
from tests.roles.cast import GEMEENTEN, Actor, subject_of
from tests.roles.marks import NUMBERS, word
from tests.waiting import eventually

Json = dict[str, Any]
SERVICES = ("submission", "assessment", "matching", "impact")
EVERYWHERE = {"regions": ["NL"], "phases": ["bewustwording"], "targetGroups": ["alle"]}
TYPE = "nl.schuldhulpprojecten.project-submitted.v1"


def today() -> date:
    """Today, in the Netherlands."""
    return day_of(system_clock())


def quarter() -> tuple[str, str]:
    """The first and last day of the quarter before this one."""
    last = today().replace(month=(today().month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    return last.replace(month=last.month - 2, day=1).isoformat(), last.isoformat()


@dataclass
class World:
    """What there is. `objects` are by number, and then by service and the name that they have in a path."""

    asker: Asker
    cast: dict[str, Actor]
    objects: dict[int, dict[tuple[str, str], str]] = field(default_factory=lambda: {1: {}, 2: {}})
    pending: dict[int, str] = field(default_factory=dict)
    drafts: dict[int, str] = field(default_factory=dict)
    dossiers: dict[str, Json] = field(default_factory=dict)

    def standing_for(self, number: int, service: str, parameter: str) -> str | None:
        """What stands for a parameter of a path, for the first or the second."""
        return self.objects[number].get((service, parameter))

    def keep(self, number: int, parameter: str, value: str, *services: str) -> None:
        """So that routes can be asked for it."""
        for service in services or SERVICES:
            self.objects[number][service, parameter] = value

    async def by(self, actor: str, method: str, service: str, path: str, body: object = None, **more: Any) -> Json:
        """Done by somebody."""
        return await self.asker.done(self.cast[actor], service, method, path, body, **more)

    async def seen(self, actor: str, service: str, path: str, **query: str) -> Json:
        """What somebody finds, once it is there."""
        return await self.asker.found(self.cast[actor], service, path, **query)


async def organisation(world: World, name: str, number: int, capacity: int = 10) -> str:
    """A new one in the registry."""
    body = {
        "name": f"{name} {number} {uuid4().hex[:6]}",
        "kind": "maatschappelijke-organisatie",
        **EVERYWHERE,
        "means": ["geld", "expertise"],
        "capacityAdoptions": capacity,
    }
    return str((await world.by("programme-manager", "POST", "matching", "/organisations", body))["id"])


async def project(world: World, n: int, title: str) -> str:
    """A project that is complete but for its submission."""
    owner = f"submitter-{n}"
    begun = await world.by(owner, "POST", "submission", "/projects", description(world, n, title))
    path = f"/projects/{begun['id']}"
    evidence = await world.by(owner, "POST", "submission", f"{path}/evidence", EVIDENCE)
    world.keep(n, "evidence", evidence["id"])
    return str(begun["id"])


EVIDENCE = {
    "criterion": "werkbaar",
    "part": "echte-clienten",
    "link": "https://voorbeeld.nl/onderzoek",
    "quote": "in drie gemeenten beproefd (verzonnen)",
}


def description(world: World, n: int, title: str) -> Json:
    """All that is told of a project; of which organisation it is, follows from who tells it."""
    owner = world.standing_for(n, "submission", "submitter")
    return {
        "title": title,
        "summary": "Een voorbeeld, verzonnen voor een test.",
        "phases": ["bewustwording"],
        "targetGroups": ["alle"],
        "availableFrom": today().replace(month=1, day=1).isoformat(),
        "involvements": [{"organisation": owner, "relation": "eigenaar"}],
        "effortFte": 0.2,
        "costEuro": 20_000,
        "neededKinds": ["vrijwilligers"],
        "neededMeans": ["geld"],
    }


async def assessment_of(world: World, project_id: str) -> Json:
    """The assessment of a project, once it is open."""

    async def look() -> Json | None:
        found = await world.by("programme-manager", "GET", "assessment", "/assessments", query={"limit": "100"})
        return next((item for item in found["items"] if item["project"] == project_id), None)

    listed = await eventually(look, what="an assessment")
    return await world.by("programme-manager", "GET", "assessment", f"/assessments/{listed['id']}")


async def weigh(world: World, n: int, project_id: str, why: str) -> str:
    """Reviewed by the one member that sits, and decided; nothing is made known yet."""
    assessment = await assessment_of(world, project_id)
    path = f"/assessments/{assessment['id']}"
    await world.by("board-1", "PUT", "assessment", f"{path}/reviews/mine", await review(world, n, assessment), seen=0)
    await world.by("board-1", "POST", "assessment", f"{path}/review-submissions")
    known = await world.by("programme-manager", "GET", "assessment", path)
    body = decision(assessment["dossier"]["evidence"], why)
    await world.by("programme-manager", "PUT", "assessment", f"{path}/decision", body, seen=known["revision"])
    return str(assessment["id"])


async def review(world: World, n: int, assessment: Json) -> Json:
    """What the member finds of each part."""
    frameworks = await world.by("board-1", "GET", "assessment", "/frameworks")
    given = []
    for part in frameworks["items"][-1]["parts"]:
        key = part["criterion"], part["part"]
        evidence = [e["id"] for e in assessment["dossier"]["evidence"] if (e["criterion"], e["part"]) == key]
        score, note = (2, f"Nog niet overtuigd. {word('review', n)}") if evidence else (None, word("review", n))
        given.append({"criterion": key[0], "part": key[1], "score": score, "evidence": evidence, "note": note})
    return {"scores": given}


def decision(evidence: list[Json], why: str) -> Json:
    """What the board decides: it may be taken over."""
    reasons = [
        {
            "criterion": criterion,
            "reason": f"Een voorbeeld. {why}",
            "evidence": [e["id"] for e in evidence if e["criterion"] == criterion],
        }
        for criterion in Criterion
    ]
    return {
        "verdict": "overnemen",
        "evidenceLevel": "goed-beschreven",
        "reasons": reasons,
        "overrideReason": "Test.",
    }


async def adoption(world: World, n: int) -> None:
    """A gemeente takes a project over, with its partner."""
    gemeente, partner, code = f"gemeente-{n}", f"partner-{n}", GEMEENTEN[n]
    project_id = world.objects[n]["matching", "project"]
    body = {"project": project_id, "mayBeNamed": True, "budgetEuro": 1_000_000}
    begun = await world.by(gemeente, "POST", "matching", "/adoptions", body)
    path = f"/adoptions/{begun['id']}"
    world.keep(n, "adoption", begun["id"])
    wanted = {"organisation": world.objects[n]["matching", "organisation"], "role": "geld"}
    invited = await world.by(gemeente, "POST", "matching", f"{path}/partnerships", wanted)
    world.keep(n, "partnership", invited["id"])
    await world.by(partner, "POST", "matching", f"{path}/partnerships/{invited['id']}/confirmations")
    known = await world.by(gemeente, "GET", "matching", path)
    stated = milestone(world, n)
    await world.by(gemeente, "PUT", "matching", f"{path}/milestones/werkplan", stated, seen=known["revision"])
    plan = await world.by(partner, "GET", "matching", f"{path}/funding")
    commitment_id = str(uuid4())
    world.keep(n, "commitment", commitment_id)
    committed = f"{path}/funding/commitments/{commitment_id}"
    await world.by(partner, "PUT", "matching", committed, commitment(n), seen=plan["revision"])
    own = f"/gemeenten/{code}/situation"
    said = await world.by(gemeente, "GET", "matching", own)
    await world.by(gemeente, "PUT", "matching", own, situation(n), seen=said["revision"])
    await world.by(gemeente, "POST", "matching", f"/gemeenten/{code}/feedback", feedback(project_id, n))
    await measured(world, n)


def milestone(world: World, n: int) -> Json:
    """One that is held up."""
    owner = world.objects[n]["matching", "organisation"]
    return {"owner": owner, "dueOn": today().isoformat(), "state": "bezig", "blocker": word("blocker", n)}


def commitment(n: int) -> Json:
    """What the partner brings."""
    return {"amountEuro": NUMBERS["commitment"][n], "stage": "intentie", "openConditions": [word("condition", n)]}


def situation(n: int) -> Json:
    """What the gemeente says of itself."""
    return {"availableFte": 1.0, "availableEuro": NUMBERS["own-euro"][n], "wishes": word("wishes", n)}


def feedback(project_id: str, n: int) -> Json:
    """What the gemeente thinks of a project."""
    return {"project": project_id, "kind": "interessant", "note": word("feedback", n)}


def figure(n: int) -> Json:
    """A figure with where it comes from."""
    provenance = {"source": "verzonnen", "method": word("method", n)}
    return {"value": NUMBERS["figure"][n], "provenance": provenance}


async def measured(world: World, n: int) -> None:
    """A plan and a figure, once impact has heard of the adoption."""
    gemeente, path = f"gemeente-{n}", f"/adoptions/{world.objects[n]['impact', 'adoption']}"
    await world.seen(gemeente, "impact", path)
    await world.by(gemeente, "PUT", "impact", f"{path}/plan", {"plans": [plan()]}, seen=0)
    first, last = quarter()
    body = {"indicator": "aanmeldingen", "periodStart": first, "periodEnd": last, **figure(n)}
    recorded = await world.by(gemeente, "POST", "impact", f"{path}/observations", body)
    world.keep(n, "observation", recorded["id"])


def plan() -> Json:
    """What is aimed at."""
    first, last = quarter()
    terms = {"grain": "kwartaal", "startsOn": first, "endsOn": last}
    return {"indicator": "aanmeldingen", "baseline": 100, "target": 400, **terms}


async def publication(world: World, n: int, service: str) -> None:
    """Something that the publisher sent and that was refused, with a reason that only it may read."""
    event = {"specversion": "1.0", "id": word("publication", n), "source": "urn:test", "type": TYPE, "data": {}}
    answer = await world.asker.ask(
        world.cast[f"publisher-{n}"], service, "POST", "/events", event, media_type="application/cloudevents+json"
    )
    assert 400 <= answer.status < 500, answer
    listed = await world.by(f"publisher-{n}", "GET", service, "/publications")
    if listed["items"]:
        world.keep(n, "publication", listed["items"][0]["id"], service)


async def webhook(world: World, n: int) -> None:
    """Figures are sent to an address of the subscriber's own."""
    subscriber, body = f"subscriber-{n}", {"address": f"https://example.org/{word('hook', n)}"}
    made = await world.by(subscriber, "POST", "impact", "/webhooks", body)
    world.keep(n, "webhook", made["id"])


def member() -> Json:
    """Somebody's seat."""
    return {
        "name": word("name", 1),
        "seat": "vng",
        "since": today().replace(month=1, day=1).isoformat(),
        "affiliations": [{"organisation": str(uuid4())}],
    }


async def seed(world: World) -> None:
    """All of it."""
    pm = "programme-manager"
    seated = await world.by(pm, "POST", "assessment", "/board-members", {**member(), "subject": subject_of("board-1")})
    quorum = await world.by(pm, "GET", "assessment", "/board-settings")
    few = {"reviews": 1, "seats": 1}
    await world.by(pm, "PUT", "assessment", "/board-settings", few, seen=quorum["revision"])
    for n in (1, 2):
        world.keep(n, "member", seated["id"])
        world.keep(n, "code", GEMEENTEN[n], "matching")
        world.keep(n, "code", "aanmeldingen", "impact")
        for parameter, value in {"kind": "werkplan", "number": "1", "version": "1", "file": "releases.csv"}.items():
            world.keep(n, parameter, value)
        world.keep(n, "project", await project(world, n, f"Project {n}"))
        world.pending[n] = await project(world, n, word("pending", n))
        world.drafts[n] = await project(world, n, word("draft", n))
    await asyncio.gather(*(_submitted(world, n) for n in (1, 2)))
    await asyncio.gather(*(adoption(world, n) for n in (1, 2)))
    await asyncio.gather(*(webhook(world, n) for n in (1, 2)))
    await asyncio.gather(*(publication(world, n, service) for n in (1, 2) for service in SERVICES))


async def _submitted(world: World, n: int) -> None:
    owner, known = f"submitter-{n}", world.objects[n]["submission", "project"]
    for each in (known, world.pending[n]):
        await world.by(owner, "POST", "submission", f"/projects/{each}/submissions")
    offered = await weigh(world, n, known, "Verzonnen.")
    await world.by("programme-manager", "POST", "assessment", "/releases", {"assessments": [offered]})
    world.keep(n, "assessment", await weigh(world, n, world.pending[n], word("decision", n)))

    async def on_offer() -> bool:
        entry = await world.seen("visitor", "matching", f"/catalogue/{known}")
        return bool(entry["offered"])

    await eventually(on_offer, what="a project on offer")
