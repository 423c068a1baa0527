"""A seeded random workload: walkers who take projects and adoptions through their lives, over HTTP, as anybody could."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import httpx

from tests.chaos import workload_adoptions as matching
from tests.chaos import workload_impact as impact
from tests.chaos import workload_projects as projects
from tests.chaos.ledger import Ledger
from tests.chaos.workload_wire import ANSWER_WITHIN_S, MANAGER, Hand, Pace, Stopped, View, Who, Wire
from tests.chaos.workload_world import (
    GEMEENTEN,
    Adoption,
    Project,
    World,
    found,
    organisation_of,
    registered,
    watch,
)

WALKERS, PER_SECOND = 16, 20.0
MOST_PROJECTS, MOST_ADOPTIONS = 3, 4
"""How many of its own a walker has under way at the same time."""
IDLE_S = 0.1
WAITING = frozenset({"await-docket", "await-offer", "offered", "left"})

Chance = tuple[float, Callable[[], Awaitable[None]]]


@dataclass
class Walker:
    """Somebody with an organisation that submits projects, and a gemeente that takes them over."""

    hand: Hand
    world: World
    gemeente: Who
    owner: Who = MANAGER
    projects: list[Project] = field(default_factory=list)
    adoptions: list[Adoption] = field(default_factory=list)

    async def run(self) -> None:
        """Walks until the run is over. Raises: Stopped."""
        self.owner = Who(
            ("submitter",), organisation=await registered(self.hand, self.world, "maatschappelijke-organisatie")
        )
        while True:
            chances = await self._chances()
            if chances:
                weights = [weight for weight, _ in chances]
                await self.hand.rng.choices([step for _, step in chances], weights)[0]()
            await asyncio.sleep(0 if chances else IDLE_S)

    async def _chances(self) -> list[Chance]:
        """What it could do now, each with how likely that is."""
        hand, world = self.hand, self.world
        self.projects = [p for p in world.projects if p.owner == self.owner and p.stage != "left"]
        self.adoptions = [a for a in world.adoptions if a.gemeente == self.gemeente and not a.ended]
        busy = [project for project in self.projects if project.stage not in WAITING]
        chances: list[Chance] = [(1, self._rename)]
        if len(self.projects) < MOST_PROJECTS:
            chances.append((4, partial(projects.begin, hand, world, self.owner)))
        chances += [(10, partial(projects.go_on, hand, world, p)) for p in busy]
        waiting = [project for project in self.projects if project.stage in WAITING]
        chances += [(2, partial(projects.go_on, hand, world, p)) for p in waiting]
        if others := [p for p in world.projects if p.owner != self.owner and p.stage != "left"]:
            chances.append((0.5, partial(projects.go_on, hand, world, hand.rng.choice(others))))
        if world.offered and len(self.adoptions) < MOST_ADOPTIONS:
            chances.append((4, partial(matching.start, hand, world, self.gemeente)))
        for adoption in self.adoptions:
            chances += await self._in(adoption)
        if running := [a for a in world.adoptions if a.gemeente != self.gemeente and not a.ended]:
            chances += [(weight / 10, step) for weight, step in await self._in(hand.rng.choice(running))]
        return chances

    async def _in(self, adoption: Adoption) -> Sequence[Chance]:
        """What could happen in an adoption."""
        hand, world = self.hand, self.world
        steps: list[tuple[float, Callable[[Hand, World, Adoption], Awaitable[None]], object]] = [
            (1, matching.milestone, True),
            (0.7, matching.naming, True),
            (2, matching.join, True),
            (4, matching.answer, adoption.waiting),
            (3, matching.commit, adoption.partners),
            (2, matching.restate, adoption.commitments),
            (1.5, matching.take_back, adoption.commitments),
            (1.5, matching.budget, True),
            (0.25, matching.end, True),
        ]
        if await impact.is_heard(hand, adoption):
            steps += [
                (2, impact.plan, not adoption.planned),
                (2, impact.observe, True),
                (1, impact.observe_some, True),
                (1.5, impact.correct, adoption.observations),
                (0.5, impact.withdraw, adoption.observations),
            ]
        return [(weight, partial(step, hand, world, adoption)) for weight, step, can in steps if can]

    async def _rename(self) -> None:
        """The programme office changes an organisation in the registry."""
        organisation, seen = self.hand.rng.choice(list(self.world.organisations.items()))
        body = organisation_of(self.hand, "fonds")
        path, given = f"/organisations/{organisation}", {"body": body, "seen": seen, "entity": organisation}
        command = await self.hand.do(MANAGER, "matching", "rename", "PUT", path, **given)
        if command.acknowledged:
            self.world.organisations[organisation] = (command.response or {})["revision"]
        elif known := await self.hand.look(None, "matching", path):
            self.world.organisations[organisation] = known["revision"]


@dataclass
class Workload:
    """Walkers, each seeded from (seed, walker). The same seed draws the same dice; what is acknowledged when may differ.

    `patience_s` is how long commands without a definite answer are asked again after the end: heal everything by then.
    """

    seed: int
    view: View
    ledger: Ledger
    walkers: int = WALKERS
    per_second: float = PER_SECOND
    patience_s: float = 120.0

    async def run(self, stop: asyncio.Event) -> None:
        """Asks until `stop` is set, and returns when each command has its answer, or patience has ended."""
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as http:
            wire = Wire(http, self.view, self.ledger, Pace(self.per_second), stop, self.patience_s)
            founder = Hand(wire, self.seed, 0)
            try:
                world = await found(founder)
            except Stopped:
                return
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_until_stopped(watch(founder, world)))
                for number in range(1, self.walkers + 1):
                    gemeente = Who(("gemeente",), gemeente=GEMEENTEN[number - 1])
                    tasks.create_task(_until_stopped(Walker(Hand(wire, self.seed, number), world, gemeente).run()))
            await asyncio.gather(*world.probes)


async def _until_stopped(work: Awaitable[None]) -> None:
    with suppress(Stopped):
        await work
