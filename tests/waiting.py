"""Waiting for what will be: a condition with a deadline, never a fixed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_SECONDS = 0.02


async def eventually(condition: Callable[[], T | Awaitable[T]], within: float = 15, what: str = "") -> T:
    """What `condition` returns as soon as that is true. Raises: AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        value: T = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or inspect.getsource(condition).strip()}; {value!r}")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
