"""Whether a replica can do its work (ready), and whether it still moves (live)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

RELAY_MAY_TAKE_SECONDS = 60.0


class Health(BaseModel):
    """What was looked at, and in words what is not in order."""

    status: Literal["ok", "not-ok"]
    problems: list[str] = []


Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else one sentence."""


def health_routes(ready: dict[str, Check], live: dict[str, Check]) -> APIRouter:
    """`/health/ready` and `/health/live`: 200 when every check passes, else 503 with the reasons."""
    router = APIRouter(prefix="/health", include_in_schema=False)

    async def answer(checks: dict[str, Check], response: Response) -> Health:
        problems = [f"{name}: {problem}" for name, check in checks.items() if (problem := await check())]
        response.status_code = 503 if problems else 200
        return Health(status="not-ok" if problems else "ok", problems=problems)

    @router.get("/ready")
    async def is_ready(response: Response) -> Health:
        return await answer(ready, response)

    @router.get("/live")
    async def is_live(response: Response) -> Health:
        return await answer(live, response)

    return router


def moving(last: Callable[[], float], what: str) -> Check:
    """Whether something that turns all the time turned lately. `last` is a monotonic instant in seconds."""

    async def check() -> str | None:
        still = time.monotonic() - last()
        return f"{what} has not moved for {still:.0f} s" if still > RELAY_MAY_TAKE_SECONDS else None

    return check
