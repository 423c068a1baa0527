"""The logs of what runs, read for a person."""

import time
from collections.abc import Iterator, Sequence

from deploy.local.processes import Daemon


def tail(daemons: Sequence[Daemon], lines: int = 20) -> str:
    """Return the last `lines` of each log under its name."""
    return "\n\n".join(f"== {daemon.name}: {daemon.log_file}\n{daemon.last_lines(lines)}" for daemon in daemons)


def ends(daemons: Sequence[Daemon]) -> dict[str, int]:
    """Return how long each log is at this moment."""
    return {daemon.name: _size(daemon) for daemon in daemons}


def follow(daemons: Sequence[Daemon], since: dict[str, int], poll_seconds: float = 0.3) -> Iterator[str]:
    """Yield every line that was added after `since` (see `ends`), with the name before it; without end."""
    positions = dict(since)
    while True:
        for daemon in daemons:
            if _size(daemon) < positions[daemon.name]:
                positions[daemon.name] = 0  # it was set aside, and begun anew
            if _size(daemon) == positions[daemon.name]:
                continue
            with daemon.log_file.open("rb") as log:
                log.seek(positions[daemon.name])
                added = log.read()
            whole = added[: added.rfind(b"\n") + 1]
            positions[daemon.name] += len(whole)
            yield from (f"{daemon.name}: {line}" for line in whole.decode(errors="replace").splitlines())
        time.sleep(poll_seconds)


def _size(daemon: Daemon) -> int:
    return daemon.log_file.stat().st_size if daemon.log_file.exists() else 0
