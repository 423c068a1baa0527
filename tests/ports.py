"""Ports for servers of a test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable

from deploy.local.errors import RunnerError
from deploy.local.ports import require_free

LOWEST, HIGHEST = 10_000, 32_767
"""Above it Linux takes the ports of outgoing connections. One of those may be taken at any time: even by a client that looks
for a server that was killed, so that it can never come back."""


def free_base(offsets: Iterable[int]) -> int:
    """A port that nobody listens on at this moment, nor on any of those at these distances above it."""
    distances = list(offsets)
    lowest, count = _own_range()
    while True:
        base = lowest + secrets.randbelow(count - max(distances))
        try:
            for distance in distances:
                require_free(base + distance, "a test")
        except RunnerError:
            continue
        return base


def _own_range() -> tuple[int, int]:
    """Its lowest port and how many. Each worker of a run has its own, for a server listens seconds after its port was chosen."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    nth = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = (HIGHEST + 1 - LOWEST) // workers
    return LOWEST + nth * count, count


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    return free_base([0])
