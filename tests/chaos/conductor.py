"""Lets faults happen, one after another and several at a time, and keeps what became of each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from tests.chaos.cluster import Cluster
from tests.chaos.faults.fault import Fault, Notes, NotRun
from tests.chaos.findings import Forgiven

AT_ONCE = 6
"""More would only hide one another: when everything is down, nothing else can break."""
LOOK_AHEAD = 5


@dataclass
class Happened:
    """One fault of a run. `until` is when it was mended (seconds since 1970), `trouble` what went wrong in that.

    `begun`: it did break what it was to break.
    """

    kind: str
    victim: str
    at: float
    until: float = 0.0
    begun: bool = False
    notes: list[str] = field(default_factory=list)
    not_run: str = ""
    trouble: str = ""


@dataclass
class Conductor:
    """`say` hears of each fault as it begins."""

    cluster: Cluster
    say: Callable[[str], None]
    happened: list[Happened] = field(default_factory=list)
    losses: list[Forgiven] = field(default_factory=list)
    _running: dict[asyncio.Task[None], Fault] = field(default_factory=dict)

    async def run(self, plan: Iterator[tuple[Fault, float]], most: int, stop: asyncio.Event) -> None:
        """Takes faults in the order of the plan until `stop`, or until so many were taken; returns when all are mended.

        A fault that needs what another one holds waits for it. A few behind it may go first, if they need nothing of either.
        """
        coming = islice(plan, most)
        waiting = list(islice(coming, LOOK_AHEAD))
        while waiting and not stop.is_set():
            nth = self._next(waiting)
            if nth is None:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                continue
            fault, pause = waiting.pop(nth)
            waiting += islice(coming, 1)
            self._begin(fault)
            await _set_within(stop, pause)
        while self._running:
            await asyncio.wait(self._running)

    def _next(self, waiting: Sequence[tuple[Fault, float]]) -> int | None:
        """Which of those that wait can begin now; None when none can, because others run."""
        taken = [fault.needs for fault in self._running.values()]
        if len(taken) >= AT_ONCE:
            return None
        for nth, (fault, _) in enumerate(waiting):
            if not any(fault.collides(needs) for needs in taken):
                return nth
            taken.append(fault.needs)
        return None

    def _begin(self, fault: Fault) -> None:
        task = asyncio.create_task(self._let(fault))
        self._running[task] = fault
        task.add_done_callback(self._running.pop)

    async def _let(self, fault: Fault) -> None:
        happened, notes = Happened(fault.kind, fault.victim, time.time()), Notes()
        self.happened.append(happened)
        self.say(f"{fault.kind:<27}{fault.victim} ({fault.seconds:.1f} s)")
        try:
            async with fault.during(self.cluster, notes):
                happened.begun = True
                await asyncio.sleep(fault.seconds)
        except NotRun as reason:
            happened.not_run = str(reason)
            self.say(f"  {fault.kind} did not happen: {reason}")
        except Exception as error:  # the run goes on, and in the end says so
            happened.trouble = f"{type(error).__name__}: {error}"
            self.say(f"  {fault.kind} went wrong: {happened.trouble}")
        happened.until, happened.notes = time.time(), notes.lines
        self.losses += notes.losses

    @property
    def counted(self) -> Counter[str]:
        """How many of each kind happened."""
        return Counter(each.kind for each in self.happened if each.begun and not each.not_run)

    @property
    def not_run(self) -> dict[str, str]:
        """Kinds of which none happened, and why."""
        reasons = {each.kind: each.not_run or each.trouble for each in self.happened if each.not_run or not each.begun}
        return {kind: reason for kind, reason in reasons.items() if not self.counted[kind]}


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
