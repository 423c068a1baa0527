"""What whoever watches a replica is answered."""

from __future__ import annotations

import time

import httpx
import pytest
from fastapi import FastAPI

from shared.runtime.health import RELAY_MAY_TAKE_SECONDS, Check, health_routes, moving


def saying(problem: str | None) -> Check:
    async def check() -> str | None:
        return problem

    return check


async def asked(path: str, ready: dict[str, Check], live: dict[str, Check]) -> tuple[int, dict[str, object]]:
    app = FastAPI()
    app.include_router(health_routes(ready, live))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://health.test") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("path", ["/health/ready", "/health/live"])
async def test_when_all_is_well_it_says_so(path: str) -> None:
    fine = {"database": saying(None)}
    assert await asked(path, fine, fine) == (200, {"status": "ok", "problems": []})


async def test_every_problem_is_told_with_what_has_it() -> None:
    ready = {"database": saying("Postgres does not answer"), "http": saying(None), "consumer": saying("no partitions")}
    assert await asked("/health/ready", ready, {}) == (
        503,
        {"status": "not-ok", "problems": ["database: Postgres does not answer", "consumer: no partitions"]},
    )


async def test_a_replica_that_is_not_ready_may_well_be_alive() -> None:
    assert (await asked("/health/live", {"database": saying("away")}, {"relay": saying(None)}))[0] == 200


async def test_what_turns_is_alive_and_what_stood_still_for_too_long_is_not() -> None:
    now = time.monotonic()
    assert await moving(lambda: now, "the relay")() is None
    still = await moving(lambda: now - RELAY_MAY_TAKE_SECONDS - 5, "the relay")()
    assert still == "the relay has not moved for 65 s"
