"""Ports for servers of a test."""

from __future__ import annotations

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
    while True:
        base = LOWEST + secrets.randbelow(HIGHEST + 1 - max(distances) - LOWEST)
        try:
            for distance in distances:
                require_free(base + distance, "a test")
        except RunnerError:
            continue
        return base


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    return free_base([0])
