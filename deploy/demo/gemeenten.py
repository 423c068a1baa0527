"""Chapter 4: three gemeenten see what fits them and why, say what they think of it, and see the list change."""

from __future__ import annotations

from deploy.demo.client import Json
from deploy.demo.journey import Journey, facts
from deploy.demo.screen import euro
from deploy.demo.stage import Step

REASONS_SHOWN = 2
"""So many of the reasons are printed for each project; the answer has all seven."""


async def play(journey: Journey) -> None:
    """Suggestions, an answer, and the suggestions after it."""
    told = facts("gemeenten.json")
    journey.stage.chapter("4. Wat past bij mijn gemeente?", told["about"])
    for gemeente in told["gemeenten"]:
        await tell(journey, gemeente)
        before = await suggest(journey, gemeente)
        await answer(journey, gemeente, before)


async def tell(journey: Journey, told: Json) -> None:
    """What CBS does not know: which phases are covered, and which people and money there are."""
    async with journey.stage.step(f"{journey.gemeenten[told['code']]} vertelt over zichzelf") as step:
        client = await journey.cast.gemeente(told["code"])
        path = f"/gemeenten/{told['code']}/situation"
        known = await client.get("matching", path)
        said = await client.put("matching", path, {**told["situation"], "conflicts": []}, known["revision"])
        covered = ", ".join(said["coveredPhases"]) or "nog geen"
        step.line(
            f"bezette fasen: {covered}; {number(said['availableFte'])} fte en {euro(said['availableEuro'])} te verdelen"
        )


async def suggest(journey: Journey, told: Json) -> list[Json]:
    """The list with its reasons, which add up."""
    async with journey.stage.step(f"Wat past bij {journey.gemeenten[told['code']]}?") as step:
        listed = await suggestions(journey, told["code"])
        step.must(listed, "Er is geen enkel voorstel.", "matching")
        for suggestion in listed:
            explain(step, suggestion)
        step.line(f"wat nummer 1 zou veranderen: {change(listed[0])}")
        for title, because in await left_out(journey, told["code"]):
            step.line(f"niet voorgesteld: {title}, want {because}")
        return listed


async def suggestions(journey: Journey, code: str) -> list[Json]:
    """The list of today."""
    client = await journey.cast.gemeente(code)
    items: list[Json] = (await client.get("matching", f"/gemeenten/{code}/suggestions"))["items"]
    return items


async def left_out(journey: Journey, code: str) -> list[tuple[str, str]]:
    """The projects of this run that are not for this gemeente, and why."""
    client = await journey.cast.gemeente(code)
    own = {str(project.id) for project in journey.projects.values()}
    excluded = client.items("matching", f"/gemeenten/{code}/suggestions/excluded")
    return [(item["title"], item["because"]) async for item in excluded if item["project"] in own]


def explain(step: Step, suggestion: Json) -> None:
    """Place, points, and the reasons that weigh most."""
    reasons = suggestion["reasons"]
    total = sum(reason["tenths"] for reason in reasons)
    step.must(total == suggestion["scoreTenths"], "De redenen tellen niet op tot de score.", "matching")
    step.line(f"{suggestion['place']}. {suggestion['title']}: {points(total)} punten")
    shown = sorted((r for r in reasons if r["shown"]), key=lambda r: -abs(r["tenths"]))
    for reason in shown[:REASONS_SHOWN]:
        step.line(f"   {points(reason['tenths'])} voor {reason['term']} (bron: {reason['source']})")


def change(suggestion: Json) -> str:
    """The one thing that would change this suggestion most."""
    if not suggestion["changes"]:
        return "niets"
    most = max(suggestion["changes"], key=lambda found: abs(found["tenths"]))
    phase = f" {most['phase']}" if most["phase"] else ""
    return f"{most['field']}{phase}, {points(most['tenths'], signed=True)} punten"


async def answer(journey: Journey, told: Json, before: list[Json]) -> None:
    """What the gemeente thinks of one project changes its next list."""
    said = told["answer"]
    project = journey.projects[said["project"]]
    gemeente = journey.gemeenten[told["code"]]
    async with journey.stage.step(f"{gemeente} zegt van '{project.title}': {said['kind']}") as step:
        client = await journey.cast.gemeente(told["code"])
        body = {"project": str(project.id), "kind": said["kind"], "note": said["note"]}
        effect = await client.post("matching", f"/gemeenten/{told['code']}/feedback", body)
        after = await suggestions(journey, told["code"])
        step.line(f"het project gaat van {place(effect['placeBefore'])} naar {place(effect['placeAfter'])}")
        if effect["followUp"]:
            step.line(f"het platform vraagt door: {effect['followUp']}")
        was = {suggestion["project"]: suggestion["scoreTenths"] for suggestion in before}
        for now in after:
            earlier = was.get(now["project"])
            moved = "nieuw in de lijst" if earlier is None else f"was {points(earlier)}"
            step.line(f"{now['place']}. {now['title']}: {points(now['scoreTenths'])} punten ({moved})")
        is_same = [(s["project"], s["scoreTenths"]) for s in after] == list(was.items())
        is_listed = body["project"] in was  # after many runs there are more projects than the list shows
        step.must(not (is_same and is_listed), "Het antwoord veranderde niets aan de lijst.", "matching")


def place(number: int | None) -> str:
    """A place in the list."""
    return "buiten de lijst" if number is None else f"plaats {number}"


def points(tenths: int, *, signed: bool = False) -> str:
    """Tenths as people in the Netherlands read them: 67,8."""
    return f"{tenths / 10:{'+' if signed else ''}.1f}".replace(".", ",")


def number(value: float) -> str:
    """As people in the Netherlands read it: 0,5."""
    return f"{value:g}".replace(".", ",")
