"""A whole run: a cluster, a workload, faults, rest, and the checker's verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos import plan, readback
from tests.chaos.check import check
from tests.chaos.cluster import Cluster, cluster_up
from tests.chaos.conductor import Conductor
from tests.chaos.faults.fault import Draw
from tests.chaos.ledger import Ledger
from tests.chaos.places import Places
from tests.chaos.quiet import quiet
from tests.chaos.result import Ended, result_of
from tests.chaos.view import ClusterView
from tests.chaos.workload import Workload
from tests.waiting import eventually

WARM_COMMANDS, WARM_WITHIN_S = 30, 180.0
CALM_S = 5.0
"""How long the workload goes on after the last fault is mended: what broke must work again, not only stand."""
QUIET_WITHIN_S = 240.0
PROGRESS_EVERY_S = 30.0


@dataclass(frozen=True)
class Wanted:
    """What a run is to be. `most`: how many faults at most. `kinds`: only these, in their shares; empty for all."""

    seed: int
    minutes: float = 15.0
    most: int = 10_000
    kinds: Sequence[str] = ()
    replicas: int = 2
    per_second: float = 20.0

    @property
    def shares(self) -> Mapping[Draw, float]:
        """Which faults, and how often each. Raises: ValueError, naming a kind that there is not."""
        return plan.chosen(self.kinds) if self.kinds else plan.SHARES


class Screen:
    """Prints lines with the time since the beginning and how many commands were acknowledged by then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._began = ledger, time.monotonic()

    def __call__(self, line: str) -> None:
        """One line, at once."""
        passed = int(time.monotonic() - self._began)
        print(f"{passed // 60:3d}:{passed % 60:02d} {self._ledger.acknowledged:6d} acknowledged  {line}", flush=True)


async def run(wanted: Wanted, folder: Path) -> dict[str, Any]:
    """Runs it with everything in `folder`; returns what stands in build/chaos.json. Raises: RunnerError."""
    began, shares = datetime.now(UTC), wanted.shares
    with Ledger.at(folder / "ledger.jsonl") as ledger:
        say = Screen(ledger)
        say(f"seed {wanted.seed}: three brokers and {wanted.replicas} replicas of each service start in {folder}")
        async with cluster_up(Places.free(folder), wanted.replicas) as cluster:
            conductor = Conductor(cluster, say)
            async with _worked(wanted, cluster, ledger):
                await eventually(lambda: ledger.acknowledged >= WARM_COMMANDS, WARM_WITHIN_S, "commands are answered")
                say("faults begin")
                async with _told_of_progress(say):
                    await conductor.run(plan.faults(wanted.seed, shares), wanted.most, _after(wanted.minutes * 60))
                say("all is mended; the workload goes on for a moment")
                await asyncio.sleep(CALM_S)
            say("the workload has ended; waiting until all is told and heard")
            unrest = await quiet(cluster, QUIET_WITHIN_S)
            for line in unrest:
                say(f"  still: {line}")
            history = await readback.history(ClusterView(cluster), ledger)
            history.save(folder / "history.json.xz")
            verdict = check(history, conductor.losses)
    return result_of(Ended(wanted.seed, wanted.replicas, began, conductor, ledger, verdict, unrest))


@asynccontextmanager
async def _worked(wanted: Wanted, cluster: Cluster, ledger: Ledger) -> AsyncIterator[None]:
    """Commands are asked for as long as the context lasts; leaving it waits for their answers."""
    stop = asyncio.Event()
    workload = Workload(wanted.seed, ClusterView(cluster), ledger, per_second=wanted.per_second)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(workload.run(stop))
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def _told_of_progress(say: Callable[[str], None]) -> AsyncIterator[None]:
    async def go_on() -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            say("...")

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()


def _after(seconds: float) -> asyncio.Event:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event
