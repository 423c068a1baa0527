"""The life of an adoption at matching: milestones, naming, partners, money, and its end."""

from __future__ import annotations

from tests.chaos.ledger import Command, Json
from tests.chaos.workload_wire import Hand, Who
from tests.chaos.workload_world import Adoption, World

STAGES = ("intentie", "toezegging", "beschikking", "ontvangen")


async def start(hand: Hand, world: World, gemeente: Who) -> None:
    """A gemeente takes over something that is offered; sometimes it pays for all of it. Raises: Stopped, as all below."""
    project = hand.rng.choice(world.offered)
    budget = hand.rng.choice((20_000, 40_000, 60_000))
    own = hand.rng.choice((budget, budget // 2, 5_000))
    named = hand.rng.random() < 0.7
    body = {
        "project": project.id,
        "mayBeNamed": named,
        "budgetEuro": budget,
        "baseContribution": {"amountEuro": own, "stage": "toezegging"},
    }
    command = await hand.do(gemeente, "matching", "adopt", "POST", "/adoptions", body=body)
    if not command.acknowledged:
        return
    told = command.response or {}
    adoption = Adoption(
        told["id"],
        gemeente,
        told["gemeenteOrganisation"],
        told["project"],
        told["revision"],
        told["milestones"],
        budget,
        named,
    )
    world.adoptions.append(adoption)
    look = f"/adoptions/{adoption.id}"
    world.probe(hand, "matching to impact", adoption.id, command, lambda: hand.look(gemeente, "impact", look))


async def _do(hand: Hand, adoption: Adoption, who: Who, kind: str, path: str, **given: object) -> Command:
    """A change in it: by POST, or by PUT where it names the revision that it saw."""
    whole, method = f"/adoptions/{adoption.id}{path}", "PUT" if "seen" in given else "POST"
    command = await hand.do(who, "matching", kind, method, whole, entity=adoption.id, **given)
    if not command.acknowledged:
        await refresh(hand, adoption)
    return command


async def refresh(hand: Hand, adoption: Adoption) -> None:
    """As the gemeente sees it now: somebody else changed it."""
    known = await hand.look(adoption.gemeente, "matching", f"/adoptions/{adoption.id}")
    plan = await hand.look(adoption.gemeente, "matching", f"/adoptions/{adoption.id}/funding")
    if known is not None and plan is not None:
        adoption.revision, adoption.milestones = known["revision"], known["milestones"]
        adoption.named, adoption.ended = known["mayBeNamed"], known["endedOn"] is not None
        adoption.plan_revision, adoption.budget = plan["revision"], plan["budgetEuro"]


async def milestone(hand: Hand, world: World, adoption: Adoption) -> None:
    """One of the ten is further than it was."""
    step = hand.rng.choice(adoption.milestones)
    state = hand.rng.choice(("open", "bezig", "klaar"))
    blocker = None if state == "klaar" else f"Wacht op {hand.mark()}"
    body = {"owner": step["owner"], "dueOn": step["dueOn"], "state": state, "blocker": blocker}
    path, seen = f"/milestones/{step['kind']}", adoption.revision
    command = await _do(hand, adoption, adoption.gemeente, "milestone", path, body=body, seen=seen)
    if command.acknowledged:
        adoption.revision = (command.response or {})["revision"]


async def naming(hand: Hand, world: World, adoption: Adoption) -> None:
    """The gemeente changes its mind about being named."""
    body = {"mayBeNamed": not adoption.named}
    given = {"body": body, "seen": adoption.revision}
    command = await _do(hand, adoption, adoption.gemeente, "naming", "/naming", **given)
    if command.acknowledged:
        told = command.response or {}
        adoption.revision, adoption.named = told["revision"], told["mayBeNamed"]


async def join(hand: Hand, world: World, adoption: Adoption) -> None:
    """A funder is invited, or claims to take part."""
    funder = hand.rng.choice(world.funders)
    if funder in adoption.partners:
        return
    is_invited = hand.rng.random() < 0.7
    body: Json = {"role": "geld"}
    if is_invited:
        body["organisation"] = funder.organisation
    who = adoption.gemeente if is_invited else funder
    command = await _do(hand, adoption, who, "invite" if is_invited else "claim", "/partnerships", body=body)
    if command.acknowledged:
        adoption.revision += 1
        adoption.waiting[(command.response or {})["id"]] = (funder, is_invited)


async def answer(hand: Hand, world: World, adoption: Adoption) -> None:
    """Whoever was asked says yes, mostly."""
    partnership, (funder, is_invited) = hand.rng.choice(list(adoption.waiting.items()))
    who = funder if is_invited else adoption.gemeente
    path = f"/partnerships/{partnership}"
    if hand.rng.random() < 0.85:
        command = await _do(hand, adoption, who, "confirm", f"{path}/confirmations")
        if command.acknowledged:
            adoption.partners.append(funder)
    else:
        body = {"reason": f"Nee: {hand.mark()}"}
        command = await _do(hand, adoption, who, "refuse", f"{path}/refusals", body=body)
    adoption.waiting.pop(partnership, None)
    adoption.revision += command.acknowledged


async def commit(hand: Hand, world: World, adoption: Adoption) -> None:
    """A partner promises money."""
    amount = hand.rng.choice((5_000, 10_000, adoption.budget))
    funder = hand.rng.choice(adoption.partners)
    await _state(hand, adoption, hand.new_id(), (funder, hand.rng.choice((0, 1))), amount)


async def restate(hand: Hand, world: World, adoption: Adoption) -> None:
    """A promise becomes surer, or another amount."""
    commitment, (funder, stage) = hand.rng.choice(list(adoption.commitments.items()))
    further = min(stage + hand.rng.choice((0, 1)), len(STAGES) - 1)
    await _state(hand, adoption, commitment, (funder, further), hand.rng.choice((4_000, 12_000, adoption.budget)))


async def _state(hand: Hand, adoption: Adoption, commitment: str, by: tuple[Who, int], amount: int) -> None:
    funder, stage = by
    body = {"amountEuro": amount, "stage": STAGES[stage]}
    path, seen = f"/funding/commitments/{commitment}", adoption.plan_revision
    command = await _do(hand, adoption, funder, "commit", path, body=body, seen=seen)
    if command.acknowledged:
        adoption.plan_revision = (command.response or {})["revision"]
        adoption.commitments[commitment] = by


async def take_back(hand: Hand, world: World, adoption: Adoption) -> None:
    """Money that was promised is not coming."""
    commitment, (funder, _) = hand.rng.choice(list(adoption.commitments.items()))
    path = f"/funding/commitments/{commitment}/withdrawals"
    command = await _do(hand, adoption, funder, "take-back", path)
    adoption.commitments.pop(commitment, None)
    if command.acknowledged:
        adoption.plan_revision = (command.response or {})["revision"]


async def budget(hand: Hand, world: World, adoption: Adoption) -> None:
    """It costs more, or less."""
    body = {"budgetEuro": hand.rng.choice((10_000, 20_000, 40_000, 60_000))}
    given = {"body": body, "seen": adoption.plan_revision}
    command = await _do(hand, adoption, adoption.gemeente, "budget", "/funding", **given)
    if command.acknowledged:
        told = command.response or {}
        adoption.plan_revision, adoption.budget = told["revision"], told["budgetEuro"]


async def end(hand: Hand, world: World, adoption: Adoption) -> None:
    """The gemeente stops with the project."""
    body = {"reason": f"Klaar: {hand.mark()}"}
    command = await _do(hand, adoption, adoption.gemeente, "end", "/endings", body=body)
    adoption.ended = adoption.ended or command.acknowledged
