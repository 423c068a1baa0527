"""Ends a replica that is stuck, so that its supervisor starts it again; never one that only waits for others.

A task looks at what must move. A thread looks at the event loop: work that blocks it blocks every task with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shared.runtime.stillness import Awake, Marks, Stillness

log = logging.getLogger(__name__)
TICK_SECONDS = 0.5
DEAD_SECONDS = 3.0
"""How long a producer may be without its sender: one that failed is replaced in less."""
END_WITHIN_SECONDS = 25.0
"""Less than the `stop_grace_period` of docker-compose.yml: who is killed after that says nothing any more."""
LOG_WITHIN_SECONDS = 2.0


class Stuck(Exception):
    """Something in this process stands still though all around it answers. The message says what."""


class Patience:
    """Looks at what must move. `answering` asks whether Postgres and Kafka do their part."""

    def __init__(
        self,
        seconds: float,
        marks: Callable[[], Marks],
        answering: Callable[[], Awaitable[bool]],
        sender_is_dead: Callable[[], bool],
    ) -> None:
        self._limit, self._marks = seconds, marks
        self._answering, self._sender_is_dead = answering, sender_is_dead
        self._dead_for = 0.0
        self.stillness = Stillness()

    async def look(self, passed: float) -> None:
        """From half of its time on it asks around: time in which somebody else is away does not count. Raises: Stuck."""
        self._dead_for = self._dead_for + passed if self._sender_is_dead() else 0.0
        self.stillness.look(self._marks(), passed)
        if self.stillness.longest() >= self._limit / 2 and not await self._answering():
            log.warning("this replica waits for Kafka or Postgres: one of them does not answer")
            self.stillness.forget()
        if problem := await self.problem():
            raise Stuck(problem)

    async def problem(self) -> str | None:
        """Why this replica should be started anew; None when it moves, or waits for others."""
        if self._dead_for >= DEAD_SECONDS:
            return "the task that sends to Kafka has ended: nothing would be told any more"
        stuck = sorted(name for name, still in self.stillness.seconds.items() if still >= self._limit)
        return (
            f"{', '.join(stuck)} stood still for {self._limit:g} s, though Kafka and Postgres answer" if stuck else None
        )


async def keep_guard(patience: Patience, stopping: asyncio.Event) -> None:
    """Looks twice a second, until stopped. Raises: Stuck."""
    awake = Awake(TICK_SECONDS)
    while not stopping.is_set():
        await patience.look(awake.passed())
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_SECONDS):
                await stopping.wait()


class Watchdog:
    """A thread that ends the process when the event loop blocks, or does not come to its end in time.

    Made and entered in the thread of the event loop that it watches.
    """

    def __init__(self, seconds: float, end_within: float = END_WITHIN_SECONDS) -> None:
        self._limit, self._end_within = seconds, end_within
        self._loop, self._watched = asyncio.get_running_loop(), threading.get_ident()
        self._beats = 0
        self._ending, self._over = False, threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        self._beats += 1

    def ending(self) -> None:
        """From now on all must be over in time."""
        self._ending = True

    def _watch(self) -> None:
        awake, still, ending, beats = Awake(TICK_SECONDS), 0.0, 0.0, 0
        while not self._over.wait(TICK_SECONDS):
            self._loop.call_soon_threadsafe(self._beat)
            passed = awake.passed()
            if self._ending:
                ending += passed
            if self._beats != beats:
                beats, still = self._beats, 0.0
            elif not self._ending:
                still += passed
            if still >= self._limit:
                _end(f"the event loop has not turned for {still:.0f} s; it stands at {standing_at(self._watched)}")
            if ending >= self._end_within:
                _end(f"it did not end within {self._end_within:g} s; it stands at {standing_at(self._watched)}")


def standing_at(thread: int) -> str:
    """The lines of code, innermost last, at which a thread stands: places only, no values."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented, though it looks private
    stack = traceback.extract_stack(frame)[-3:] if frame else []
    return " > ".join(f"{os.path.relpath(line.filename)}:{line.lineno} {line.name}" for line in stack) or "no line"


def _end(reason: str) -> None:
    """Logs it and ends the process at once. Not even a log that nobody reads can hold that up."""
    line = threading.Thread(target=log.critical, args=("stuck, and stops: %s", reason), daemon=True)
    line.start()
    line.join(LOG_WITHIN_SECONDS)
    os._exit(1)
