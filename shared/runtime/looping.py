"""The event loop of a service: uvloop (docs/decisions/0018)."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from shared.messaging.lost_connections import heed_lost_connections

R = TypeVar("R")
THREADS = "16"
"""In which uvloop looks up names, and whatever address it connects to; it would have four."""


def run_on_uvloop(work: Coroutine[Any, Any, R]) -> R:
    """Runs it to its end, and returns or raises what it does. What waits for Kafka is told of a connection that is gone."""
    os.environ.setdefault("UV_THREADPOOL_SIZE", THREADS)
    heed_lost_connections()
    return uvloop.run(work)
