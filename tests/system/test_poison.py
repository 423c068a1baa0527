"""A bad record of every kind comes in on every topic that is listened to, while the demo plays.

The demo ends right; every bad record is listed with its reason by each service that hears it; an operator repairs, replays or
discards them all over HTTP, and the commands show that nothing is left and who did what.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from deploy.demo.cast import Cast
from deploy.demo.check import check
from deploy.demo.client import Client
from deploy.demo.run import play, wired
from deploy.demo.screen import Screen
from deploy.local.settings import ROOT, SERVICES
from deploy.local.variables import for_operator
from deploy.setup import declared
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData, Stream
from shared.contracts.events import (
    AdoptionStarted,
    ImpactPublished,
    ImpactRecorded,
    OrganisationChanged,
    ProjectAssessed,
    ProjectSubmitted,
)
from shared.contracts.example import example_of
from shared.messaging.looking import MOST
from tests.messaging import Record, record
from tests.platform import Platform, platform_up
from tests.poison import DEAD, KINDS, PARKED, PASSED, Poison, named, restored
from tests.topics import PARTITIONS, write, write_unreadable
from tests.waiting import eventually

HEARD = (ProjectSubmitted, ProjectAssessed, OrganisationChanged, AdoptionStarted, ImpactRecorded, ImpactPublished)
"""Of each topic the event that everybody who listens to it reacts to."""
EACH_STEP = 4
HANDS = 4  # at once, at each service: an operator's programme may well do so
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ASK = """
import sys
from deploy.setup import declared
from shared.runtime.commands import commands
for asked in sys.argv[2:]:
    commands(declared(sys.argv[1]))(asked.split(), standalone_mode=False)
"""
REASON = "proef met kapotte berichten"


@dataclass(frozen=True)
class Sent:
    """A bad record, and the good one that it was made of."""

    poison: Poison
    good: Record

    @property
    def entity(self) -> str:
        """Whose it is, or would have been."""
        return (self.good.key or b"").decode()

    @property
    def bad(self) -> Record:
        """As it lies in Kafka."""
        return self.poison.spoilt(self.good)


def example(kind: type[EventData], name: str) -> EventData:
    """The example of this event, in which everything that has an id is another thing than in any other."""
    own = uuid5(NAMESPACE_URL, f"{kind.ce_type()} {name}")
    text = UUIDS.sub(lambda found: str(uuid5(own, found[0])), encoded(example_of(kind).data).decode())
    return kind.model_validate_json(text)


def everything() -> list[Sent]:
    """One of each kind on each topic."""
    return [
        Sent(poison, Record(**{**vars(record(example(kind, poison.name), 1)), "partition": nth % PARTITIONS}))
        for kind in HEARD
        for nth, poison in enumerate(KINDS)
    ]


@dataclass
class Poisoner:
    """Writes some of them before each step of the demo."""

    servers: str
    sent: list[Sent]
    unreadable: list[Stream] = field(default_factory=lambda: list(Stream))

    def __post_init__(self) -> None:
        self._left = list(self.sent)
        self.keys = {one.good.key for one in self.sent}

    async def before(self, _title: str) -> None:
        """The next ones."""
        now, self._left = self._left[:EACH_STEP], self._left[EACH_STEP:]
        await write(self.servers, [one.bad for one in now])
        if self.unreadable:
            await write_unreadable(self.servers, self.unreadable.pop().topic, 0)

    async def the_rest(self) -> None:
        """Whatever the demo left no time for."""
        await write(self.servers, [one.bad for one in self._left])
        for stream in self.unreadable:
            await write_unreadable(self.servers, stream.topic, 0)

    def is_strange(self, seen: Any) -> bool:  # noqa: ANN401 - a record of the client library
        """Whether it is one of ours."""
        return seen.key in self.keys

    def heard_by(self, service: str, lands: str) -> list[Sent]:
        """What ends there, at this service."""
        topics = declared(service).topics
        return [one for one in self.sent if one.poison.lands == lands and one.good.topic in topics]


@pytest.fixture(scope="module")
def poisoned() -> Iterator[Platform]:
    """A platform of its own: what is written to its topics stays there."""
    with platform_up() as running:
        yield running


@pytest.fixture
async def operator(poisoned: Platform) -> AsyncIterator[Client]:
    async with wired(poisoned.places, Screen()) as wire:
        yield await Cast(wire).operator()


async def listed(operator: Client, service: str, path: str, **query: object) -> list[dict[str, Any]]:
    """All pages of a list."""
    return [item async for item in operator.items(service, f"/operations/{path}", **query)]


@pytest.mark.timeout(900)  # some hundreds of repairs after a whole demo
async def test_a_bad_record_of_every_kind_on_every_topic_while_the_demo_plays(
    poisoned: Platform, operator: Client
) -> None:
    screen, poisoner = Screen(sys.stdout), Poisoner(poisoned.places.kafka, everything())
    await play(poisoned.places, screen, before=poisoner.before, strange=poisoner.is_strange)
    await poisoner.the_rest()
    for service in SERVICES:
        await eventually(partial(all_landed, operator, poisoner, service), within=120, what=f"{service} has all")
    async with wired(poisoned.places, screen) as wire:
        assert await check(wire, screen, poisoner.is_strange) == []

    screen.chapter("Kapotte berichten: wat er staat, en wat de beheerder doet")
    done = Counter[str]()
    async with asyncio.TaskGroup() as group:
        mending = {service: group.create_task(mended(poisoned, operator, poisoner, service)) for service in SERVICES}
    for service, task in mending.items():
        deeds = ", ".join(f"{count} x {what}" for what, count in sorted(task.result().items()))
        screen.line(f"{service}: {deeds}")
        done += task.result()
    screen.close(f"{len(poisoner.sent) + len(Stream)} kapotte berichten, {done.total()} handelingen, niets over.")


async def all_landed(operator: Client, poisoner: Poisoner, service: str) -> bool:
    """Whether as many are listed as there must be."""
    failed = await listed(operator, service, "parked", kind="failed")
    letters = await listed(operator, service, "dead-letters")
    expected = len(poisoner.heard_by(service, PARKED)), len(poisoner.heard_by(service, DEAD))
    return (len(failed), len(letters)) == (expected[0], expected[1] + len(declared(service).topics))


async def wrongly_listed(operator: Client, poisoner: Poisoner, service: str) -> list[str]:
    """What is not listed as it should be."""
    reasons = {row["entity"]: row["reason"] for row in await listed(operator, service, "parked", kind="failed")}
    faults = [
        f"{one.poison.name} on {one.good.topic}: {reasons.get(one.entity)}"
        for one in poisoner.heard_by(service, PARKED)
        if one.poison.reason not in reasons.get(one.entity, "")
    ]
    passed = {one.entity for one in poisoner.heard_by(service, PASSED)}
    faults += [f"listed, though its type is only unknown: {entity}" for entity in passed & reasons.keys()]
    unread = [row for row in await listed(operator, service, "dead-letters") if "not UTF-8" in row["reason"]]
    if {row["topic"] for row in unread} != set(declared(service).topics):
        faults.append(f"unreadable: {unread}")
    return faults


async def mended(poisoned: Platform, operator: Client, poisoner: Poisoner, service: str) -> Counter[str]:
    """The operator finds each as it must be, and brings it to its end; how often they did what."""
    assert await wrongly_listed(operator, poisoner, service) == []
    printed = await commands(poisoned, service, "parked list", "dead-letters list")
    assert [one.entity for one in poisoner.heard_by(service, PARKED) if one.entity not in printed] == []
    assert printed.count("not UTF-8") == len(declared(service).topics), printed
    of_entity = {one.entity: one for one in poisoner.sent}
    failed = await listed(operator, service, "parked", kind="failed")
    letters = await listed(operator, service, "dead-letters")
    hands = asyncio.Semaphore(HANDS)

    async def one_by_one(work: Awaitable[Counter[str]]) -> Counter[str]:
        async with hands:
            return await work

    counted = await asyncio.gather(
        *(one_by_one(mend(operator, service, row, of_entity[row["entity"]])) for row in failed),
        *(one_by_one(answer(operator, service, row["id"], of_entity)) for row in letters),
    )
    done = sum(counted, Counter[str]())
    await nothing_left(poisoned, operator, service, done)
    return done


async def answer(operator: Client, service: str, letter: str, of_entity: Mapping[str, Sent]) -> Counter[str]:
    """One dead letter: heard after all, or given up."""
    at = f"/operations/dead-letters/{letter}"
    key = (await operator.get(service, at))["key"]
    one = of_entity.get(key["text"] if key else "")
    if one is None or one.poison.is_hopeless:
        await operator.post(service, f"{at}/discards", {"reason": REASON})
        return Counter({"dead-letters discard": 1})
    given: dict[str, Any] = named(one.poison, one.good)
    if "sequence" in given:
        given["sequence"] = int(given["sequence"])
    replayed = await operator.post(service, f"{at}/replays", {"reason": REASON, **given})
    assert "1 version(s)" in replayed["outcome"], replayed
    return Counter({"dead-letters replay": 1})


async def mend(operator: Client, service: str, row: dict[str, Any], one: Sent) -> Counter[str]:
    """One that is parked: repaired and released, or given up."""
    at = f"/operations/parked/{row['stream']}/{row['entity']}"
    if one.poison.is_hopeless:
        await operator.post(service, f"{at}/{row['version']}/discards", {"reason": REASON})
        return Counter({"parked discard": 1})
    repair = {"data": json.loads(one.good.value or b""), "headers": restored(one.poison, one.good)}
    await operator.post(service, f"{at}/{row['version']}/fixes", {"reason": REASON, **repair})
    released = await operator.post(service, f"{at}/releases", {"reason": REASON})
    assert released["outcome"] == f"1 version(s) of {row['entity']} applied; nothing of it failed", (
        one.poison.name,
        row,
    )
    return Counter({"parked fix": 1, "parked release": 1})


async def nothing_left(poisoned: Platform, operator: Client, service: str, done: Counter[str]) -> None:
    """As the commands tell it, and the audit: who did what, and why."""
    printed = await commands(poisoned, service, "parked list", "dead-letters list", "audit list")
    assert printed.startswith("Parked: none\nDead letters: none\n")
    deeds = await listed(operator, service, "audit")
    assert Counter(deed["action"] for deed in deeds) == done
    assert {deed["reason"] for deed in deeds} == {REASON}
    assert all(UUID(deed["actor"]) for deed in deeds)
    assert all(deed["target"] in printed for deed in deeds[:MOST])


async def commands(poisoned: Platform, service: str, *asked: str) -> str:
    """What an operator's commands print. One process for all: to start Python takes longer than to ask."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASK, service, *asked),
        cwd=ROOT,
        env=for_operator(poisoned.settings, service, None),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()
