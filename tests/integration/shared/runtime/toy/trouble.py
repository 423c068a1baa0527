"""Words on which the toy gets stuck, each in a way of its own."""

from __future__ import annotations

import asyncio
import time


async def strike(word: str) -> None:
    """ "hangt" waits for what never comes, "blokkeert" lets nothing else run, "zender" ends the task that sends to Kafka."""
    if word == "hangt":
        await asyncio.Event().wait()
    elif word == "blokkeert":
        time.sleep(3600)  # noqa: ASYNC251 - which is the trouble
    elif word == "zender":
        (sender,) = (task for task in asyncio.all_tasks() if "_sender_routine" in repr(task.get_coro()))
        sender.cancel()
