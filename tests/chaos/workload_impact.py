"""What a gemeente plans and measures in an adoption: recorded, corrected, withdrawn and brought back."""

from __future__ import annotations

from tests.chaos.ledger import Command, Json
from tests.chaos.workload_wire import Hand
from tests.chaos.workload_world import Adoption, World, quarters

COUNTED, SHARED, UNPUBLISHED = "aanmeldingen", "hulpaanbod_geaccepteerd_pct", "wachttijd_dagen"
SOURCE = {"source": "Registratie", "method": "Geteld"}


async def is_heard(hand: Hand, adoption: Adoption) -> bool:
    """Whether impact has heard of it. Raises: Stopped, as all below."""
    if not adoption.is_heard:
        known = await hand.look(adoption.gemeente, "impact", f"/adoptions/{adoption.id}")
        adoption.is_heard = known is not None
    return adoption.is_heard


async def plan(hand: Hand, world: World, adoption: Adoption) -> None:
    """What is aimed at, by quarter."""
    terms = {"grain": "kwartaal", "startsOn": quarters()[-1][0], "endsOn": quarters()[0][1]}
    plans = [
        {"indicator": COUNTED, "baseline": 10, "target": hand.rng.randint(20, 90), **terms},
        {"indicator": SHARED, "baseline": 10, "target": 40, **terms},
    ]
    path = f"/adoptions/{adoption.id}/plan"
    given = {"body": {"plans": plans}, "seen": 0, "entity": adoption.id}
    await hand.do(adoption.gemeente, "impact", "plan", "PUT", path, **given)
    adoption.planned = True


def _free(hand: Hand, adoption: Adoption) -> Json | None:
    """A figure over days that have none yet, in this adoption."""
    places = [
        (indicator, start, end)
        for indicator in (COUNTED, SHARED, UNPUBLISHED)
        for start, end in quarters()
        if (indicator, start) not in adoption.taken
    ]
    if not places:
        return None
    indicator, start, end = hand.rng.choice(places)
    adoption.taken.add((indicator, start))
    return {"indicator": indicator, "periodStart": start, "periodEnd": end, **_figure(hand, indicator)}


def _figure(hand: Hand, indicator: str) -> Json:
    """Small ones too: these stay hidden. Where it comes from is new each time, so that no correction changes nothing."""
    source = {"provenance": {**SOURCE, "method": f"Geteld, {hand.mark()}"}}
    if indicator != SHARED:
        return {"value": hand.rng.randint(0, 90), **source}
    total = hand.rng.randint(30, 200)
    return {"numerator": hand.rng.randint(0, total), "denominator": total, **source}


async def observe(hand: Hand, world: World, adoption: Adoption) -> None:
    """A figure is recorded."""
    body = _free(hand, adoption)
    if body is None:
        return
    path = f"/adoptions/{adoption.id}/observations"
    given = {"body": body, "entity": adoption.id}
    command = await hand.do(adoption.gemeente, "impact", "observe", "POST", path, **given)
    if command.acknowledged:
        _keep(adoption, command.response or {})
        look = f"/adoptions/{adoption.id}"

        async def measured() -> bool:
            known = await hand.look(adoption.gemeente, "matching", look)
            return bool(known and known["measured"])

        if len(adoption.observations) == 1:
            world.probe(hand, "impact to matching", adoption.id, command, measured)


async def observe_some(hand: Hand, world: World, adoption: Adoption) -> None:
    """Several at once, each by itself."""
    bodies = [body for _ in range(3) if (body := _free(hand, adoption))]
    if not bodies:
        return
    path = f"/adoptions/{adoption.id}/observation-batches"
    given = {"body": {"observations": bodies}, "entity": adoption.id}
    command = await hand.do(adoption.gemeente, "impact", "observe-some", "POST", path, **given)
    if command.acknowledged:
        for item in (command.response or {})["items"]:
            if item["recorded"]:
                indicator = bodies[item["index"]]["indicator"]
                _keep(adoption, {"id": item["observation"], "indicator": indicator, "version": 1, "withdrawn": False})


async def correct(hand: Hand, world: World, adoption: Adoption) -> None:
    """A figure was wrong; what was withdrawn comes back."""
    known = hand.rng.choice(list(adoption.observations.values()))
    body = {**_figure(hand, known["indicator"]), "reason": "Er was verkeerd geteld."}
    given = {"body": body, "seen": known["version"], "entity": known["id"]}
    path = f"/observations/{known['id']}"
    _kept(adoption, known, await hand.do(adoption.gemeente, "impact", "correct", "PUT", path, **given))


async def withdraw(hand: Hand, world: World, adoption: Adoption) -> None:
    """A figure counts nowhere any more."""
    known = hand.rng.choice(list(adoption.observations.values()))
    body = {"reason": "Dit cijfer klopt niet."}
    path = f"/observations/{known['id']}/withdrawals"
    given = {"body": body, "entity": known["id"]}
    _kept(adoption, known, await hand.do(adoption.gemeente, "impact", "withdraw-figure", "POST", path, **given))


def _keep(adoption: Adoption, told: Json) -> None:
    adoption.observations[told["id"]] = {name: told[name] for name in ("id", "indicator", "version", "withdrawn")}


def _kept(adoption: Adoption, known: Json, command: Command) -> None:
    if command.acknowledged:
        _keep(adoption, command.response or {})
    elif command.status == 412:  # somebody else corrected it
        known["version"] += 1
