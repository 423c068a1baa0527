"""What failed is left alone for a while: twice as long after each failure, so that it holds up nothing else."""

from __future__ import annotations

from collections.abc import Iterator

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0


def pauses(first: float = 0.05, longest: float = 5.0) -> Iterator[float]:
    """Seconds to wait before each next attempt at something that will pass."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


class Setbacks:
    """Names that failed, in the memory of one relay."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, float]] = {}

    def failed(self, name: str, now: float) -> None:
        """Lets it rest from now on. `now`: seconds on a clock that never goes back."""
        _, last = self._until.get(name, (0.0, 0.0))
        pause = min(2 * last, LONGEST_SECONDS) or FIRST_SECONDS
        self._until[name] = now + pause, pause

    def succeeded(self, name: str) -> None:
        """It failed no more."""
        self._until.pop(name, None)

    def resting(self, now: float) -> list[str]:
        """What is not to be tried yet. What nobody tried for long after its rest is forgotten."""
        if not self._until:
            return []
        self._until = {name: at for name, at in self._until.items() if now < at[0] + LONGEST_SECONDS}
        return [name for name, (until, _) in self._until.items() if now < until]
