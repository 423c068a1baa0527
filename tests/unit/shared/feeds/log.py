"""A log in memory, and the tail of it: lines are numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.feeds.cursor import Place
from shared.feeds.streaming import frame
from shared.feeds.tail import Line, Tail


class Log:
    """Numbers from 1 on. `queries` counts how often somebody read it; while `error` is set, nobody can."""

    def __init__(self, lines: int = 0, keep: int = 2_000) -> None:
        self.lines = [self.line(position) for position in range(1, lines + 1)]
        self.queries = 0
        self.error: Exception | None = None
        self.stopping = asyncio.Event()
        self.tail = Tail(self._read_on, self._newest, self.stopping, keep)

    @staticmethod
    def line(position: int) -> Line[int]:
        """The line with this position."""
        place = Place.after(position, "line", position)
        said = str(position).encode()
        return Line(place, position, said, frame("number", said, place))

    def add(self, count: int = 1) -> None:
        """So many more."""
        self.lines += [self.line(len(self.lines) + nth) for nth in range(1, count + 1)]

    def place(self, position: int) -> Place:
        """After this line."""
        return self.lines[position - 1].place if position else Place()

    async def _read_on(self, after: int, limit: int) -> Sequence[Line[int]]:
        self._asked()
        return self.lines[after : after + limit]

    async def _newest(self) -> Place:
        self._asked()
        return self.place(len(self.lines))

    def _asked(self) -> None:
        self.queries += 1
        if self.error:
            raise self.error
