"""The newest lines of a log, read once a replica for all who follow it.

Whoever follows shares one reader and one bounded list of lines: a new line costs one query and one rendering, however many
wait for it. Nobody is notified from within a business transaction: the reader looks, and only while somebody follows.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.feeds.cursor import Place
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY_SECONDS = 0.05
AFTER_TROUBLE_SECONDS = 1.0
READ_AT_ONCE = 500
KEEP_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Line(Generic[T]):
    """A line of a log: the place after it, what it says, that as JSON, and as an event of a stream.

    Both are written once, however many are told of it.
    """

    place: Place
    said: T
    json: bytes
    frame: bytes


ReadOn = Callable[[int, int], Awaitable[Sequence[Line[T]]]]
"""The lines after a position, at most so many, in their order. Positions follow the order of commits."""
Newest = Callable[[], Awaitable[Place]]


class Tail(Generic[T]):
    """The end of one log."""

    def __init__(self, read_on: ReadOn[T], newest: Newest, stopping: asyncio.Event, keep: int = KEEP_LINES) -> None:
        self.read_on = read_on
        self._newest, self._stopping, self._keep = newest, stopping, keep
        self._lines: list[Line[T]] = []
        self._start = 0
        self._end = Place()
        self._followers = 0
        self._turn = asyncio.Lock()
        self._grown = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the service stops: nothing new comes any more."""
        return self._stopping.is_set()

    @property
    def end(self) -> Place:
        """After the newest line that was seen."""
        return self._end

    def holds(self, place: Place) -> bool:
        """Whether it has seen this place, so that all that came after it is here."""
        if place == self._end:
            return True
        nth = bisect_right(self._lines, place.position, key=lambda line: line.place.position)
        return nth > 0 and self._lines[nth - 1].place == place

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """For as long as somebody follows. Raises: what the database raises when it does not answer at first."""
        async with self._turn:
            if self._looking is None:
                self._end = await self._newest()
                self._start, self._lines = self._end.position, []
                self._looking = asyncio.create_task(self._look())
            self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1
            if self._followers == 0 and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def since(self, position: int) -> Sequence[Line[T]] | None:
        """The lines after this position; None when they are not all here, and have to be read from the log itself."""
        if position < self._start:
            return None
        return self._lines[bisect_right(self._lines, position, key=lambda line: line.place.position) :]

    async def grows(self, position: int, within: float) -> bool:
        """Whether there is a line after this position, for which it waits so many seconds; no longer when the service stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._end.position <= position and not self.is_closed:
                    await self._grown.wait()
        return self._end.position > position

    async def _look(self) -> None:
        while not self._stopping.is_set():
            pause = LOOK_EVERY_SECONDS
            try:
                found = await self.read_on(self._end.position, READ_AT_ONCE)
                if found:
                    self._take(found)
                    pause = 0 if len(found) == READ_AT_ONCE else pause
            except Exception as error:
                pause = AFTER_TROUBLE_SECONDS
                if not is_transient(error):
                    log.exception("the log cannot be followed, and is tried again")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
        self._wake()

    def _take(self, found: Sequence[Line[T]]) -> None:
        self._lines += found
        if (surplus := len(self._lines) - self._keep) > 0:
            self._start = self._lines[surplus - 1].place.position
            del self._lines[:surplus]
        self._end = found[-1].place
        self._wake()

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
