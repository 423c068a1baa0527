"""Starts replicas, and starts again what ended: as compose does with `restart: unless-stopped`."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.errors import RunnerError
from deploy.local.programs import Program
from tests.chaos.replica import CLOCK_FILE, DEATH_FILE

LOOK_EVERY_S = 0.2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LIVED_LONG_S = 10.0
READY_WITHIN_S = 120.0


@dataclass(frozen=True)
class Ended:
    """A replica that ended and was not told to: when (seconds since 1970), and what it said last."""

    name: str
    at: float
    words: str


@dataclass
class Replica:
    """One process of a service. It is started again as long as it is `wanted`; `spared`: a fault ended it, not itself."""

    service: str
    nth: int
    program: Program
    wanted: bool = False
    spared: bool = False
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S

    @property
    def name(self) -> str:
        """Such as assessment-1."""
        return self.program.name

    @property
    def clock_file(self) -> Path:
        """Holds the seconds that its clock is ahead."""
        return Path(self.program.environment[CLOCK_FILE])

    @property
    def death_file(self) -> Path:
        """When it is there, the next confirmation by a broker is the process's last moment."""
        return Path(self.program.environment[DEATH_FILE])

    @property
    def process(self) -> psutil.Process | None:
        """The process while it runs."""
        return self.program.daemon.process()

    def begin(self) -> None:
        """Starts it, without waiting."""
        self.started_at = time.monotonic()
        with suppress(RunnerError):  # its port is still taken: the supervisor comes by again
            self.program.begin()

    def kill(self) -> None:
        """kill -9."""
        self.spared = True
        self.program.daemon.kill()

    def send(self, number: signal.Signals) -> bool:
        """Signals it, and tells whether it was there."""
        process = self.process
        if process is None:
            return False
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        return True

    def last_words(self) -> str:
        """What it said before it ended, if that was worth saying."""
        for line in reversed(self.program.daemon.last_lines(40).splitlines()):
            with suppress(ValueError):
                said = json.loads(line)
                if said["level"] == "CRITICAL":
                    return str(said["message"])
        return ""


@dataclass
class Supervisor:
    """All replicas. `run` keeps alive what is wanted."""

    replicas: Mapping[str, Replica]
    restarts: Counter[str] = field(default_factory=Counter)
    ended: list[Ended] = field(default_factory=list)

    def of(self, service: str) -> list[Replica]:
        """The replicas of a service that are wanted."""
        return [each for each in self.replicas.values() if each.service == service and each.wanted]

    @property
    def wanted(self) -> list[Replica]:
        """All that should run."""
        return [each for each in self.replicas.values() if each.wanted]

    async def start(self, replicas: Iterable[Replica]) -> None:
        """Starts these and returns when they are ready. Raises: RunnerError."""
        chosen = list(replicas)
        for each in chosen:
            each.wanted = True
            await asyncio.to_thread(each.begin)
        for each in chosen:
            await asyncio.to_thread(each.program.wait, READY_WITHIN_S)

    async def stop(self, replicas: Iterable[Replica]) -> None:
        """Stops these in an orderly way, together."""
        chosen = list(replicas)
        for each in chosen:
            each.wanted = False
        await asyncio.gather(*(asyncio.to_thread(each.program.stop) for each in chosen))

    @asynccontextmanager
    async def down(self, *services: str) -> AsyncIterator[None]:
        """These services are stopped for as long as the context lasts; when it ends they are started, not waited for."""
        stopped = [each for service in services for each in self.of(service)]
        await self.stop(stopped)
        try:
            yield
        finally:
            for each in stopped:
                each.wanted, each.spared = True, True

    async def run(self, stop: asyncio.Event) -> None:
        """Starts again what ended, until told to stop; what ends again and again waits longer."""
        while not stop.is_set():
            for each in self.wanted:
                if each.process is None:
                    await self._again(each)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()

    async def _again(self, replica: Replica) -> None:
        lived = time.monotonic() - replica.started_at
        if replica.spared or lived > LIVED_LONG_S:
            replica.pause_s = FIRST_PAUSE_S
        elif lived < replica.pause_s:
            return
        else:
            replica.pause_s = min(2 * replica.pause_s, LONGEST_PAUSE_S)
        if not replica.spared:
            self.ended.append(Ended(replica.name, time.time(), await asyncio.to_thread(replica.last_words)))
        replica.spared = False
        self.restarts[replica.name] += 1
        await asyncio.to_thread(replica.begin)

    async def ready(self, within: float) -> list[str]:
        """Waits until all that is wanted is ready; returns the names of what is not within these seconds."""
        deadline = time.monotonic() + within
        while True:
            wanted = self.wanted
            answers = await asyncio.gather(*(asyncio.to_thread(each.program.ready) for each in wanted))
            late = [each.name for each, is_ready in zip(wanted, answers, strict=True) if not is_ready]
            if not late or time.monotonic() > deadline:
                return late
            await asyncio.sleep(LOOK_EVERY_S)
