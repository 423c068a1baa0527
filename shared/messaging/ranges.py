"""Versions as people write them: 1-2, 5."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Versions:
    """Which versions, as ranges."""

    count: int = 0
    ranges: list[list[int]] = field(default_factory=list)

    def add(self, version: int) -> None:
        """The next one, in their order; one that is there already counts once."""
        if self.ranges and version == self.ranges[-1][1]:
            return
        self.count += 1
        if self.ranges and version == self.ranges[-1][1] + 1:
            self.ranges[-1][1] = version
        else:
            self.ranges.append([version, version])

    @property
    def which(self) -> str:
        """As in "1-2, 5"."""
        return ", ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in self.ranges)

    def __str__(self) -> str:
        """As in "3 version(s): 1-2, 5"."""
        return f"{self.count} version(s){': ' if self.ranges else ''}{self.which}"
