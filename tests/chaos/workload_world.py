"""What the walkers share: who is there, which projects and adoptions there are, and what was seen of them elsewhere."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from tests.chaos.ledger import Command, Json
from tests.chaos.workload_wire import MANAGER, Hand, Stopped, Who

FUNDERS, BOARD = 6, ("directeur", "vng", "partners")
QUORUM = 2
GEMEENTEN = (
    "GM0014", "GM0034", "GM0037", "GM0047", "GM0050", "GM0059", "GM0060", "GM0072",
    "GM0074", "GM0080", "GM0085", "GM0086", "GM0088", "GM0090", "GM0093", "GM0096",
    "GM0098", "GM0106", "GM0109", "GM0114", "GM0118", "GM0119", "GM0141", "GM0147",
    "GM0148", "GM0150", "GM0153", "GM0158", "GM0160", "GM0163", "GM0164", "GM0166",
)  # fmt: skip
"""A gemeente for each walker."""
LOOK_EVERY_S, LONGEST_LOOK_S = 0.05, 0.5
PAGE, LOOK_BACK = 100, 150
MOST_PROBES = 2
"""How many probes of a pair look at the same time."""


@dataclass
class Project:
    """A project in its life. `stage` is what is to be done next; `pieces` are its evidence: criterion, part, id."""

    id: str
    owner: Who
    stage: str = "write"
    version: int = 0
    revision: int = 1
    pieces: list[tuple[str, str, str]] = field(default_factory=list)
    assessment: str = ""
    reviews: int = 0
    refused: int = 0
    submitted: Command | None = None


@dataclass
class Adoption:
    """An adoption in its life. `commitments` by id: the funder and the place of its stage; `observations` by id: version."""

    id: str
    gemeente: Who
    organisation: str
    project: str
    revision: int
    milestones: list[Json]
    budget: int
    named: bool
    plan_revision: int = 1
    planned: bool = False
    is_heard: bool = False
    ended: bool = False
    waiting: dict[str, tuple[Who, bool]] = field(default_factory=dict)
    partners: list[Who] = field(default_factory=list)
    commitments: dict[str, tuple[Who, int]] = field(default_factory=dict)
    observations: dict[str, Json] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class World:
    """Everything that there is."""

    funders: list[Who] = field(default_factory=list)
    board: list[Who] = field(default_factory=list)
    organisations: dict[str, int] = field(default_factory=dict)
    projects: list[Project] = field(default_factory=list)
    offered: list[Project] = field(default_factory=list)
    adoptions: list[Adoption] = field(default_factory=list)
    dockets: dict[tuple[str, int], str] = field(default_factory=dict)
    awaited: dict[tuple[str, int], Command] = field(default_factory=dict)
    probes: set[asyncio.Task[None]] = field(default_factory=set)
    probing: Counter[str] = field(default_factory=Counter)

    def probe(self, hand: Hand, pair: str, entity: str, since: Command, look: Callable[[], Awaitable[object]]) -> None:
        """Looks until it is seen there, beside everything else, and writes down how long that took."""
        if self.probing[pair] >= MOST_PROBES or since.acknowledged_at is None:
            return
        self.probing[pair] += 1
        task = asyncio.create_task(self._probe(hand, pair, entity, since.acknowledged_at, look))
        self.probes.add(task)
        task.add_done_callback(self.probes.discard)

    async def _probe(
        self, hand: Hand, pair: str, entity: str, acknowledged_at: float, look: Callable[[], Awaitable[object]]
    ) -> None:
        pause = LOOK_EVERY_S
        try:
            while not await look():
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_LOOK_S)
            hand.wire.ledger.seen(pair, entity, acknowledged_at)
        except Stopped:
            return
        finally:
            self.probing[pair] -= 1


async def found(hand: Hand) -> World:
    """The registry and the board, as the programme office sets them up. Raises: Stopped."""
    world = World()
    for _ in range(FUNDERS):
        organisation = await registered(hand, world, "fonds")
        world.funders.append(Who(("partner",), organisation=organisation))
    neutral = await registered(hand, world, "kennis-en-advies")
    for seat in BOARD:
        who = Who(("board-member",), f"chaos-{seat}")
        body = {
            "subject": who.subject,
            "name": f"{seat} (voorbeeld)",
            "seat": seat,
            "affiliations": [{"organisation": neutral}],
            "since": "2026-01-01",
        }
        if (await hand.do(MANAGER, "assessment", "seat", "POST", "/board-members", body=body)).acknowledged:
            world.board.append(who)
    known = await hand.look(MANAGER, "assessment", "/board-settings") or {}
    given = {"body": {"reviews": QUORUM, "seats": QUORUM}, "seen": known.get("revision", 1)}
    await hand.do(MANAGER, "assessment", "set-quorum", "PUT", "/board-settings", **given)
    return world


async def registered(hand: Hand, world: World, kind: str) -> str:
    """A new organisation in the registry. Raises: Stopped."""
    command = await hand.do(MANAGER, "matching", "register", "POST", "/organisations", body=organisation_of(hand, kind))
    made = str((command.response or {})["id"])
    world.organisations[made] = 1
    return made


def organisation_of(hand: Hand, kind: str) -> Json:
    """What is said of an organisation: its name is new each time."""
    return {"name": f"Organisatie {hand.mark()}", "kind": kind, "regions": ["NL"], "means": ["geld", "expertise"]}


async def watch(hand: Hand, world: World) -> None:
    """Sees which assessments are opened, and when: the moment stands in their ids. Raises: Stopped."""
    ids: list[str] = []
    while True:
        after = ids[-LOOK_BACK] if len(ids) >= LOOK_BACK else None
        while True:
            query = {} if after is None else {"after": after}
            page = await hand.look(MANAGER, "assessment", "/assessments", limit=PAGE, **query) or {"items": []}
            for item in page["items"]:
                _take(hand, world, item)
            after = page.get("next")
            if after is None:
                break
        ids = sorted(world.dockets.values())
        await asyncio.sleep(LONGEST_LOOK_S)


def _take(hand: Hand, world: World, item: Json) -> None:
    version = (str(item["project"]), int(item["projectVersion"]))
    world.dockets.setdefault(version, str(item["id"]))
    since = world.awaited.pop(version, None)
    if since is not None and since.acknowledged_at is not None:
        opened_at = (UUID(item["id"]).int >> 80) / 1000
        hand.wire.ledger.seen("submission to assessment", version[0], since.acknowledged_at, opened_at)


def quarters(count: int = 8) -> list[tuple[str, str]]:
    """The whole quarters before 2026-07-01, the newest first: first and last day."""
    found_: list[tuple[str, str]] = []
    first = date(2026, 7, 1)
    for _ in range(count):
        last = first - timedelta(days=1)
        first = last.replace(month=last.month - 2, day=1)
        found_.append((str(first), str(last)))
    return found_
