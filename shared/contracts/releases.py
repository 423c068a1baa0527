"""What was released, and whether today's events still fit it.

`released/<number>/` holds the schemas of one release as they were on its day, and is never changed again. Each event is
compared with every one of them (FULL_TRANSITIVE). What differs from a release before 1.0.0 is only reported; from 1.0.0
on it fails, since others may have built on it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.contracts.compatibility import Break, breaks
from shared.contracts.event import EventData
from shared.contracts.generated import SCHEMAS
from shared.contracts.schemas import file_name, schema_of

RELEASED = Path("shared/contracts/released")
NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class NotReleasable(Exception):
    """The schemas cannot be released under this number; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What keeps an event from being understood by, or from understanding, one release."""

    release: str
    schema: str
    broken: Break

    @property
    def binds(self) -> bool:
        """Whether somebody may have built on that release."""
        return not self.release.startswith("0.")

    def __str__(self) -> str:
        return f"{self.schema}, against release {self.release}: {self.broken}"


def findings(root: Path, events: Iterable[type[EventData]]) -> list[Finding]:
    """Every break with every release, oldest release first."""
    today = {file_name(event): schema_of(event) for event in events}
    return [
        Finding(folder.name, schema.name, broken)
        for folder in releases(root)
        for schema in sorted(folder.glob("*.json"))
        for broken in _compared(schema, today)
    ]


def releases(root: Path) -> list[Path]:
    """The folders of what was released, oldest first."""
    folders = [folder for folder in (root / RELEASED).glob("*") if NUMBER.fullmatch(folder.name)]
    return sorted(folders, key=lambda folder: _ordered(folder.name))


def release(root: Path, number: str) -> Path:
    """Keeps the schemas of today as this release. Raises: NotReleasable."""
    if not NUMBER.fullmatch(number):
        raise NotReleasable(f"{number} is no release number: write it as 1.0.0.")
    earlier = [folder.name for folder in releases(root)]
    if earlier and _ordered(number) <= _ordered(earlier[-1]):
        raise NotReleasable(f"{number} does not come after {earlier[-1]}, which was released already.")
    folder = root / RELEASED / number
    shutil.copytree(root / SCHEMAS, folder)
    return folder


def _compared(released: Path, today: dict[str, dict[str, object]]) -> Iterator[Break]:
    if released.name not in today:
        yield Break(
            "", "it was released and is not in the registry any more, while its records are in the log for ever"
        )
        return
    yield from breaks(json.loads(released.read_text(encoding="utf-8")), today[released.name])


def _ordered(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
