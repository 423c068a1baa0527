"""Who is declared, as the file says it now: whoever is added or removed need not wait for a restart."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from shared.access.model import Access, BadAccess
from shared.access.reading import read_access

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 2.0
NOBODY = Access({}, {})


class Declared:
    """The declarations of access.yaml. A file that cannot be used changes nothing, and is named in the log once."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that never go back."""
        self._file, self._clock = file, clock
        self._access, self._looked_at = NOBODY, clock() - LOOK_EVERY_SECONDS
        self._seen: tuple[int, ...] | None = None

    def now(self) -> Access:
        """All who are declared; before a file that can be used was ever there, nobody."""
        if self._clock() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = self._clock()
            self._look()
        return self._access

    def _look(self) -> None:
        try:
            found = self._file.stat()
            seen: tuple[int, ...] = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            seen = ()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._access = read_access(self._file)
        except BadAccess as error:
            log.error("who may publish and subscribe stays as it was: %s", error)
