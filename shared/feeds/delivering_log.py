"""The log as those who deliver read it: page by page, one read for all receivers who stand at the same place."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from shared.feeds.delivering_round import Claim, Message

PAGE = 200
MOST_PAGES = 64
MOST_SCANNED = 2_000
"""Lines that are looked at in one turn of one receiver, wanted or not."""
ReadOn = Callable[[int, int], Awaitable[Sequence[Message]]]
"""The lines after a position, at most so many, in order. Positions have no gaps and follow the order of commits."""


class SharedLog:
    """`last` is the newest position that is known to be committed; whoever claims work sets it."""

    def __init__(self, read_on: ReadOn) -> None:
        self.last = 0
        self._read_on = read_on
        self._pages: OrderedDict[int, Sequence[Message]] = OrderedDict()
        self._reading = asyncio.Lock()

    async def wanted(self, claim: Claim, most: int) -> tuple[list[Message], int]:
        """What it wants after its cursor, and the position up to which that is all. Raises: what the database raises."""
        found: list[Message] = []
        scanned, end = claim.cursor, min(self.last, claim.cursor + MOST_SCANNED)
        while scanned < end:
            for message in await self._after(scanned):
                if message.position > end:
                    break
                scanned = message.position
                if claim.wants(message):
                    found.append(message)
                    if len(found) == most:
                        return found, scanned
        return found, scanned

    async def these(self, positions: Collection[int]) -> Mapping[int, Message]:
        """The messages at these positions. Raises: what the database raises."""
        found: dict[int, Message] = {}
        for position in sorted(positions):
            if position not in found:
                found |= {message.position: message for message in await self._after(position - 1)}
        return {position: found[position] for position in positions}

    async def _after(self, position: int) -> Sequence[Message]:
        """The rest of the page behind this position; never empty for one below `last`."""
        number = position // PAGE
        needed = min(self.last - number * PAGE, PAGE)
        page = self._pages.get(number, ())
        if len(page) < needed:
            async with self._reading:
                page = self._pages.get(number, ())
                if len(page) < needed:
                    page = await self._read_on(number * PAGE, PAGE)
                    self._pages[number] = page
                    while len(self._pages) > MOST_PAGES:
                        self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        rest = page[position - number * PAGE :]
        if not rest:
            raise LookupError(f"the log has no line after {position}, though its last is {self.last}")
        return rest
