"""The life of a project: written, submitted, weighed by the board, made known, offered, revised, withdrawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from shared.reference.criteria import PARTS
from tests.chaos.ledger import Command, Json
from tests.chaos.workload_wire import MANAGER, Hand, Who
from tests.chaos.workload_world import QUORUM, Project, World

EVIDENCE = (
    ("werkbaar", "echte-clienten"),
    ("herbruikbaar", "bruikbaar-voor-anderen"),
    ("beschikbaar", "nu-beschikbaar"),
)
PATIENCE = 3
"""After so many refusals a project is left alone: somebody else took it elsewhere."""

Step = Callable[[Hand, World, Project], Awaitable[None]]


async def begin(hand: Hand, world: World, owner: Who) -> None:
    """A new concept. Raises: Stopped, as all below."""
    command = await hand.do(owner, "submission", "begin", "POST", "/projects", body=description(hand))
    if command.acknowledged:
        world.projects.append(Project(str((command.response or {})["id"]), owner))


async def go_on(hand: Hand, world: World, project: Project) -> None:
    """What comes next in its life."""
    await STEPS[project.stage](hand, world, project)
    if project.refused >= PATIENCE:
        await refreshed(hand, project)


def description(hand: Hand) -> Json:
    """All that must be told but evidence; the title is new each time."""
    return {
        "title": f"Project {hand.mark()}",
        "summary": "Een project van de proef op de som.",
        "phases": ["plan-maken", "schuld-afbouwen"],
        "targetGroups": ["jongeren"],
        "availableFrom": "2026-01-01",
        "effortFte": 0.5,
        "costEuro": 40_000,
        "neededKinds": ["fonds"],
        "neededMeans": ["geld"],
        "involvements": [],
    }


async def _owners(hand: Hand, project: Project, kind: str, path: str, body: Json | None = None) -> Command:
    """A change by its owner at submission, by POST."""
    whole = f"/projects/{project.id}{path}"
    return _counted(
        project, await hand.do(project.owner, "submission", kind, "POST", whole, body=body, entity=project.id)
    )


def _counted(project: Project, command: Command) -> Command:
    project.refused = 0 if command.acknowledged else project.refused + 1
    revision = (command.response or {}).get("revision")
    if command.acknowledged and command.service == "submission" and revision is not None:
        project.revision = revision
    return command


async def write(hand: Hand, world: World, project: Project) -> None:
    """Evidence for each criterion; now and then the texts change; then it is submitted."""
    given = {criterion for criterion, _, _ in project.pieces}
    for criterion, part in EVIDENCE:
        if criterion not in given:
            body = {"criterion": criterion, "part": part, "link": "https://voorbeeld.nl", "quote": "Het werkt."}
            command = await _owners(hand, project, "add-evidence", "/evidence", body)
            if command.acknowledged:
                project.pieces.append((criterion, part, str((command.response or {})["id"])))
            return
    if hand.rng.random() < 0.3:
        path, seen = f"/projects/{project.id}", project.revision
        given_ = {"body": description(hand), "seen": seen, "entity": project.id}
        _counted(project, await hand.do(project.owner, "submission", "write", "PUT", path, **given_))
        return
    await submit(hand, world, project)


async def submit(hand: Hand, world: World, project: Project) -> None:
    """The concept becomes the next version."""
    command = await _owners(hand, project, "submit", "/submissions")
    if command.acknowledged:
        project.version = len((command.response or {})["versions"])
        project.stage, project.reviews, project.assessment = "await-docket", 0, ""
        project.submitted = command
        world.awaited[project.id, project.version] = command


async def await_docket(hand: Hand, world: World, project: Project) -> None:
    """Assessment has to hear of it first. Some owners change their mind meanwhile."""
    known = world.dockets.get((project.id, project.version))
    if known is not None:
        project.assessment, project.stage = known, "review"
    elif hand.rng.random() < 0.05:
        await withdraw(hand, world, project)


async def review(hand: Hand, world: World, project: Project) -> None:
    """Each member scores and hands in, until there is a quorum."""
    member = world.board[project.reviews % len(world.board)]
    path = f"/assessments/{project.assessment}"
    given = {"body": {"scores": scores(hand, project)}, "seen": 0, "entity": project.assessment}
    command = await hand.do(member, "assessment", "review", "PUT", f"{path}/reviews/mine", **given)
    if not _counted(project, command).acknowledged:
        return
    handed_in = await hand.do(
        member, "assessment", "hand-in", "POST", f"{path}/review-submissions", entity=project.assessment
    )
    if _counted(project, handed_in).acknowledged:
        project.reviews += 1
    if project.reviews >= QUORUM:
        project.stage = "decide"


def scores(hand: Hand, project: Project) -> list[Json]:
    """Convinced where there is evidence, no opinion where there is none."""
    on = {(criterion, part): piece for criterion, part, piece in project.pieces}
    given = []
    for part in PARTS:
        evidence = on.get((part.criterion.value, part.slug))
        score = hand.rng.choice((3, 4)) if evidence else None
        note = "" if evidence else "Geen bewijs."
        told = {"score": score, "evidence": [evidence] if evidence else [], "note": note}
        given.append({"criterion": part.criterion.value, "part": part.slug, **told})
    return given


async def decide(hand: Hand, world: World, project: Project) -> None:
    """Prepared, sometimes prepared anew, then made known."""
    path = f"/assessments/{project.assessment}"
    known = await hand.look(MANAGER, "assessment", path)
    adopts, on = hand.rng.random() < 0.85, {criterion: piece for criterion, _, piece in project.pieces}
    body = {
        "verdict": "overnemen" if adopts else "niet",
        "evidenceLevel": "goed-beschreven",
        "reasons": [{"criterion": c, "reason": hand.mark(), "evidence": [on[c]]} for c, _ in EVIDENCE if c in on],
        "overrideReason": None if adopts else "Het past niet.",
    }
    given = {"body": body, "seen": (known or {}).get("revision", 0), "entity": project.assessment}
    command = await hand.do(MANAGER, "assessment", "decide", "PUT", f"{path}/decision", **given)
    if _counted(project, command).acknowledged and hand.rng.random() < 0.8:
        project.stage = "release"


async def release(hand: Hand, world: World, project: Project) -> None:
    """Everybody hears of it."""
    body = {"assessments": [project.assessment]}
    command = await hand.do(MANAGER, "assessment", "release", "POST", "/releases", body=body, entity=project.assessment)
    if not _counted(project, command).acknowledged:
        return
    (item,) = (command.response or {})["items"]
    if not item["released"]:
        project.refused += 1
        project.stage = "decide"
        return
    project.stage = "await-offer" if item["decision"]["verdict"] == "overnemen" else "revise"
    path, owner, version = f"/projects/{project.id}", project.owner, project.version

    async def told() -> bool:
        known = await hand.look(owner, "submission", path)
        versions = known["versions"] if known else []  # a version that a restore took away is not told of any more
        return len(versions) >= version and bool(versions[version - 1]["outcome"])

    world.probe(hand, "assessment to submission", project.id, command, told)
    if project.stage == "await-offer":
        look = f"/catalogue/{project.id}"
        world.probe(hand, "assessment to matching", project.id, command, lambda: hand.look(None, "matching", look))


async def await_offer(hand: Hand, world: World, project: Project) -> None:
    """Matching has to hear of submission and verdict."""
    known = await hand.look(None, "matching", f"/catalogue/{project.id}")
    if known is not None and known["offeredVersion"] == project.version:
        project.stage = "offered"
        world.offered.append(project)


async def offered(hand: Hand, world: World, project: Project) -> None:
    """Gemeenten can take it over; its owner writes a next version one day, or withdraws it."""
    roll = hand.rng.random()
    if roll < 0.25:
        await revise(hand, world, project)
    elif roll < 0.4:
        await withdraw(hand, world, project)


async def revise(hand: Hand, world: World, project: Project) -> None:
    """A next version begins from the last one; it brings back what was withdrawn."""
    command = await _owners(hand, project, "revise", "/versions")
    if command.acknowledged:
        project.stage = "write"


async def withdraw(hand: Hand, world: World, project: Project) -> None:
    """It is offered no longer."""
    reason = f"Ingetrokken: {hand.mark()}"
    command = await _owners(hand, project, "withdraw", "/withdrawals", {"reason": reason})
    if command.acknowledged:
        project.stage = "revise"
        if project in world.offered:
            world.offered.remove(project)


async def refreshed(hand: Hand, project: Project) -> None:
    """As its owner sees it now: where somebody else took it, it goes on from there."""
    known = await hand.look(project.owner, "submission", f"/projects/{project.id}")
    project.refused = 0
    if known is None:
        project.stage = "left"
        return
    project.revision, project.version = known["revision"], len(known["versions"])
    if known["concept"] is not None:
        given = known["concept"]["evidence"]
        project.pieces = [(e["criterion"], e["part"], e["id"]) for e in given]
        project.stage = "write"
    else:
        project.stage = "revise"


async def leave(hand: Hand, world: World, project: Project) -> None:
    """Nothing more happens to it."""


STEPS: Mapping[str, Step] = {
    "write": write,
    "await-docket": await_docket,
    "review": review,
    "decide": decide,
    "release": release,
    "await-offer": await_offer,
    "offered": offered,
    "revise": revise,
    "left": leave,
}
