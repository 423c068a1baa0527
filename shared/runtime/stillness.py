"""How long things have not moved, in time that we lived through ourselves.

A process that was stopped, or a machine that slept, wakes up with old clocks everywhere: nothing is stuck because of that.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping

Marks = Mapping[str, Hashable]
"""What is to move, by name, each with something that changes when it does. What has nothing to do is not in it."""


class Awake:
    """Seconds that passed since the last look, at most twice as many as should have passed."""

    def __init__(self, every_seconds: float) -> None:
        self._most = 2 * every_seconds
        self._last = time.monotonic()

    def passed(self) -> float:
        """Since it was asked last."""
        before, self._last = self._last, time.monotonic()
        return min(self._last - before, self._most)


class Stillness:
    """Seconds that each of a changing set of things has stood still."""

    def __init__(self) -> None:
        self._marks: Marks = {}
        self.seconds: Mapping[str, float] = {}

    def look(self, marks: Marks, passed: float) -> None:
        """`passed`: seconds since the last look. What is new, moved, or has nothing to do any more stands still for 0 s."""
        self.seconds = {
            name: self.seconds.get(name, 0.0) + passed if name in self._marks and self._marks[name] == mark else 0.0
            for name, mark in marks.items()
        }
        self._marks = dict(marks)

    def longest(self) -> float:
        """Of what stands still longest."""
        return max(self.seconds.values(), default=0.0)

    def forget(self) -> None:
        """All of it counts from now: there was a reason outside."""
        self.seconds = dict.fromkeys(self.seconds, 0.0)
