"""What a fault is: something that breaks at a moment, stays broken for a while, and is mended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from random import Random

from tests.chaos.cluster import Cluster
from tests.chaos.findings import Forgiven

EVERYTHING = "everything"
"""Needed by a fault that must have the stage for itself."""


class NotRun(Exception):
    """The fault did not happen. The message says why; it is never counted."""


@dataclass
class Notes:
    """What a fault that runs finds out: who was hit in the end, what was done by hand, and what was lost by its nature."""

    lines: list[str] = field(default_factory=list)
    losses: list[Forgiven] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Something to show."""
        self.lines.append(line)


During = Callable[[Cluster, Notes], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """Broken for as long as the context that `during` gives lasts, and mended when that has been left.

    `needs`: what no other fault may touch meanwhile. `seconds`: how long it stays broken.
    """

    kind: str
    victim: str
    seconds: float
    needs: frozenset[str]
    during: During

    def collides(self, needed: frozenset[str]) -> bool:
        """Whether it has to wait for a fault that needs this."""
        if not needed:
            return False
        return EVERYTHING in self.needs | needed or bool(self.needs & needed)


Draw = Callable[[Random], Fault]
"""Makes a fault of one kind: who is hit and for how long comes from the dice alone."""
