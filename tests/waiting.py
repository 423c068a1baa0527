"""Waiting for what will be: a condition with a deadline, never a fixed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

LOOK_EVERY_SECONDS = 0.02


async def eventually(condition: Callable[[], Any], within: float = 120, what: str = "") -> Any:  # noqa: ANN401
    """What `condition` returns as soon as that is true. Raises: AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or inspect.getsource(condition).strip()}; {value!r}")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
