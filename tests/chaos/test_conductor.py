"""Faults overlap, but never where they need the same thing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.conductor import AT_ONCE, Conductor
from tests.chaos.faults.fault import EVERYTHING, Fault, Notes, NotRun
from tests.chaos.places import Places

LONG_S = 1.0
"""So long that another one begins before this one is mended, on a machine that is busy too."""


class Stage:
    """Sees what is broken at the same time."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.together: list[frozenset[str]] = []
        self.order: list[str] = []

    def fault(self, name: str, *needs: str, refused: str = "", seconds: float = 0.02) -> tuple[Fault, float]:
        @asynccontextmanager
        async def during(_: Cluster, notes: Notes) -> AsyncIterator[None]:
            if refused:
                raise NotRun(refused)
            self.order.append(name)
            self.broken.append(name)
            self.together.append(frozenset(self.broken))
            yield
            notes.add(f"{name} was there")
            self.broken.remove(name)

        return Fault(name, "somebody", seconds, frozenset(needs), during), 0.0


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def conducted(*faults: tuple[Fault, float], most: int = 100) -> Conductor:
    with tempfile.TemporaryDirectory() as folder:
        conductor = Conductor(Cluster.at(Places.free(Path(folder))), lambda _: None)
        await conductor.run(iter(faults), most, asyncio.Event())
    return conductor


async def test_two_that_need_the_same_never_meet(stage: Stage) -> None:
    await conducted(*(stage.fault(f"fault-{nth}", "a broker") for nth in range(5)))
    assert {len(together) for together in stage.together} == {1}
    assert stage.order == [f"fault-{nth}" for nth in range(5)]


async def test_others_overlap_up_to_a_limit(stage: Stage) -> None:
    await conducted(*(stage.fault(f"fault-{nth}", f"thing-{nth}", seconds=LONG_S) for nth in range(10)))
    assert max(len(together) for together in stage.together) == AT_ONCE


async def test_one_that_waits_lets_others_pass_but_none_that_it_needs(stage: Stage) -> None:
    first, second = stage.fault("first", "a broker", seconds=LONG_S), stage.fault("second", "a broker", "postgres")
    await conducted(first, second, stage.fault("third", "postgres"), stage.fault("fourth", "a network"))
    assert stage.order == ["first", "fourth", "second", "third"]


async def test_one_that_needs_everything_is_alone(stage: Stage) -> None:
    await conducted(
        stage.fault("before", "postgres"), stage.fault("alone", EVERYTHING), stage.fault("after", "postgres")
    )
    assert stage.order == ["before", "alone", "after"]
    assert frozenset({"alone"}) in stage.together


async def test_one_that_did_not_happen_is_named_and_not_counted(stage: Stage) -> None:
    conductor = await conducted(stage.fault("real"), stage.fault("flood", refused="there is no river here"))
    assert conductor.counted == {"real": 1}
    assert conductor.not_run == {"flood": "there is no river here"}


async def test_no_more_than_were_asked_for(stage: Stage) -> None:
    conductor = await conducted(*(stage.fault(f"fault-{nth}") for nth in range(10)), most=4)
    assert conductor.counted.total() == 4
