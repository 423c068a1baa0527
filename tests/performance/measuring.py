"""Measuring under noise: contenders take turns, the order turns round, and medians count."""

from __future__ import annotations

import asyncio
import gc
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shared.runtime.running import tune_collector

LOOK_SECONDS = 0.003
Report = Callable[[str], None]
"""Takes a line as soon as it is known."""
Step = tuple[float, int]
"""When something was done, and how much there was of it by then."""
Contender = Callable[[int], Awaitable[float]]
"""Prepares its turn, with the round's number, and returns what it did a second."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What contenders did. `rates` are medians; `ratios` the medians of each round's own ratio to the first contender.

    What slows down a whole round, another program for one, takes nothing from a ratio.
    """

    rates: Mapping[str, float]
    ratios: Mapping[str, float]


async def in_turns(contenders: Mapping[str, Contender], rounds: int) -> Compared:
    """Every round all of them, each second round in reverse: no one is always the first on a warm or a cold machine."""
    runs: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            runs[name].append(await contenders[name](turn))
    return compared(runs)


def compared(runs: Mapping[str, Sequence[float]]) -> Compared:
    """The medians of these runs; the first is what the others are held against."""
    first = next(iter(runs.values()))
    ratios = {
        name: statistics.median(rate / other for rate, other in zip(rates, first, strict=True))
        for name, rates in runs.items()
    }
    return Compared({name: statistics.median(rates) for name, rates in runs.items()}, ratios)


class Meter:
    """A speed from the first batch to the last: starting and connecting belong to nobody's speed."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._last = (0, 0.0)

    def note(self, done: int) -> None:
        """So many in all, at this moment. The same number again changes nothing."""
        if done > self._last[0]:
            self._last = done, time.perf_counter()
            self._first = self._first or self._last

    @property
    def per_second(self) -> float:
        """Raises: ValueError when everything came in one batch."""
        if self._first is None or self._first == self._last:
            raise ValueError("too little was done to tell its speed")
        return (self._last[0] - self._first[0]) / (self._last[1] - self._first[1])


def together(several: Sequence[Sequence[Step]]) -> float:
    """What several did a second, from the first step of whoever began last to the last step of all.

    Raises: ValueError when one of them came too late to do anything that counts.
    """
    begun = max(steps[0][0] if steps else math.inf for steps in several)
    ended = max((steps[-1][0] for steps in several if steps), default=begun)
    if begun >= ended:
        raise ValueError("too little was done to tell how fast several are")
    before = sum(max(done for at, done in steps if at <= begun) for steps in several)
    return (sum(steps[-1][1] for steps in several) - before) / (ended - begun)


async def metered(part: asyncio.Task[None], done: Callable[[], int], count: int, *, after: int = 0) -> float:
    """What `part` does a second until it has done so many; the first `after` are not counted.

    Raises: RuntimeError when it ends before.
    """
    meter = Meter()
    while (now := done()) < count:
        if now >= after:
            meter.note(now)
        if part.done():
            raise RuntimeError(f"it ended after {now} of {count}") from part.exception()
        await asyncio.sleep(LOOK_SECONDS)
    meter.note(now)
    return meter.per_second


@contextmanager
def tuned_collector() -> Iterator[None]:
    """The same garbage collection for all that is compared: what the runtime sets."""
    before = gc.get_threshold()
    tune_collector()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
