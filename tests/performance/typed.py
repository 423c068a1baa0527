"""Hearing for real: the matching service's own reaction table, on its own schema, over all events that it hears."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from uuid import UUID

from services.matching.service import service
from shared.contracts.event import EventData
from shared.contracts.events import (
    ImpactPublished,
    ImpactRecorded,
    ProjectAssessed,
    ProjectSubmitted,
    ProjectWithdrawn,
    ReleaseKind,
)
from shared.contracts.example import example_of
from tests.performance import apart, consume
from tests.performance.measuring import Report, in_turns, together, tuned_collector
from tests.performance.records import Written, fill, written
from tests.performance.stage import Room, Stage

GEMEENTEN = ("GM0363", "GM0518", "GM0599", "GM0344", "GM0193")
INDICATORS = ("contact_bereikt_pct", "schuldenvrij_uitgestroomd")
QUARTERS = ("2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01")
CORRECTED, WITHDRAWN = 0.1, 0.1
REPLICAS = 2
HEARD = "select coalesce(sum(sequence), 0)::int from heard"
# What must stand there in the end, whatever the order between streams: nothing of it may wait or have failed.
FAULTS = "select (select count(*) from parked) + (select count(*) from dead_letter)"


def lives(projects: int, seed: int = 1) -> Iterator[list[EventData]]:
    """The life of each project as matching hears it.

    Two versions, each assessed; taken over by five gemeenten that record two indicators in four quarters, one in ten of
    them corrected later; each figure published; one project in ten withdrawn in the end. About 92 events a project.
    """
    chance = random.Random(seed)
    for _ in range(projects):
        yield list(_life(chance))


def _life(chance: random.Random) -> Iterator[EventData]:
    project = _id(chance)
    for version in (1, 2):
        yield _like(ProjectSubmitted, project=project, project_version=version)
        yield _like(ProjectAssessed, assessment=_id(chance), project=project, project_version=version)
    for gemeente in GEMEENTEN:
        adoption = _id(chance)
        for indicator in INDICATORS:
            for quarter in QUARTERS:
                about = {"project": project, "indicator": indicator, "period_start": quarter}
                yield from _figure(chance, adoption, gemeente, about)
    if chance.random() < WITHDRAWN:
        yield _like(ProjectWithdrawn, project=project, project_version=2)


def _figure(chance: random.Random, adoption: UUID, gemeente: str, about: Mapping[str, object]) -> Iterator[EventData]:
    observation, block = _id(chance), _id(chance)
    for release in (1, 2) if chance.random() < CORRECTED else (1,):
        yield _like(ImpactRecorded, observation=observation, adoption=adoption, gemeente=gemeente, **about)
        yield _like(
            ImpactPublished,
            block=block,
            release=release,
            replaces=release - 1 or None,
            kind=ReleaseKind.PUBLISHED if release == 1 else ReleaseKind.CORRECTED,
            scope=gemeente,
            **about,
        )


def even(count: int, seed: int = 2) -> Iterator[list[EventData]]:
    """As many of each of the five types, over ten versions of each project: the heaviest mix there can be."""
    chance = random.Random(seed)
    for _ in range(count // 50):
        project, block, observation = _id(chance), _id(chance), _id(chance)
        life: list[EventData] = []
        for version in range(1, 11):
            life += [
                _like(ProjectSubmitted, project=project, project_version=version),
                _like(ProjectAssessed, assessment=_id(chance), project=project, project_version=version),
                _like(ImpactRecorded, observation=observation, adoption=project, project=project),
                _like(ImpactPublished, block=block, release=version, replaces=version - 1 or None, project=project),
                _like(ProjectWithdrawn, project=project, project_version=version),
            ]
        yield life


_examples = {kind: example_of(kind).data.model_dump() for kind in service.heard_events}


def _like(kind: type[EventData], /, **changed: object) -> EventData:
    """The example of this event, of somebody else."""
    return kind.model_validate({**_examples[kind], **changed})


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def in_time(lives_of: list[list[EventData]], abreast: int = 200) -> Iterator[Written]:
    """Lives as the log has them: many projects abreast, each a step in turn, so that no poll is about one alone."""
    versions: dict[tuple[int, UUID], int] = {}
    number = 0
    for start in range(0, len(lives_of), abreast):
        some = lives_of[start : start + abreast]
        for step in range(max(map(len, some))):
            for life in some:
                if step < len(life):
                    data = life[step]
                    key = (int(data.STREAM), data.entity)
                    versions[key] = versions.get(key, 0) + 1
                    yield written(data, number, versions[key])
                    number += 1


async def measure(stage: Stage, report: Report, *, count: int, rounds: int) -> Mapping[str, float]:
    """Two mixes: in the service's own batches of 500, in batches of 2,000, and by two replicas; the effects are counted."""
    results: dict[str, float] = {}
    async with stage.another("matching", service.migrations, service.says) as room:
        for mix, lives_of in (("life", lives(count // 92)), ("even", even(count))):
            records = list(in_time(list(lives_of)))
            await fill(stage.servers, records)

            async def turn(batch: int, expected: int = len(records)) -> float:
                return await _heard(stage, room, batch, expected)

            async def side_by_side(_: int, expected: int = len(records)) -> float:
                return await _heard_by_replicas(stage, room, expected)

            found = await in_turns(
                {"500": lambda _: turn(500), "2000": lambda _: turn(2_000), "replicas": side_by_side}, rounds
            )
            report(
                f"typed  {mix}, {len(records):,} events: batch 500 {found.rates['500']:8,.0f}/s  "
                f"batch 2000 {found.rates['2000']:8,.0f}/s  {REPLICAS} replicas {found.rates['replicas']:8,.0f}/s"
            )
            results |= {f"typed_{mix}_{batch}_per_s": round(rate) for batch, rate in found.rates.items()}
    return {"typed_reactions_per_s": results["typed_life_500_per_s"], **results}


async def _heard(stage: Stage, room: Room, batch: int, expected: int) -> float:
    await room.empty()
    with tuned_collector():
        hearing = await consume.consumer(
            room.database,
            stage.servers,
            batch,
            stage.group(),
            topics=service.topics,
            reactions=service.hears,
            says=service.says,
        )
        speed = await consume.heard(hearing, expected)
    await _require_all(room, expected)
    return speed


async def _heard_by_replicas(stage: Stage, room: Room, expected: int) -> float:
    await room.empty()
    work = {"dsn": room.dsn, "servers": stage.servers, "batch": 500, "group": stage.group(), "expected": expected}
    steps = await asyncio.gather(*(apart.run("reacted", **work) for _ in range(REPLICAS)))
    await _require_all(room, expected)
    try:
        return together(steps)
    except ValueError as error:
        raise SystemExit(f"{error}: take more EVENTS") from error


async def _require_all(room: Room, expected: int) -> None:
    async with room.database.reading() as tx:
        heard, faults = await tx.fetchval(HEARD), await tx.fetchval(FAULTS)
    if heard != expected or faults:
        raise SystemExit(f"{heard} of {expected} typed events had their effect, and {faults} are set aside")
