"""Stopping a Kafka client whose broker is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


async def stopped_within(
    seconds: float, stopping: Coroutine[Any, Any, None], abandon: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Lets a client stop for at most so long: without a broker it hangs, or raises CancelledError from within.

    Then `abandon` closes what it may have left open (of that CancelledError nothing need be seen here), for as long again.
    Nothing that either raises is passed on; a cancellation of whoever waits here is.
    """
    task = asyncio.create_task(stopping)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        if task.done() and not task.cancelled():
            task.exception()  # seen, and of no interest
        task.cancel()
    if abandon is not None:
        await stopped_within(seconds, abandon())
