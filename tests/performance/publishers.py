"""Outside systems that publish projects, in a process of their own: python -m tests.performance.publishers '{...}'.

Prints how many events a second were accepted, and how long a request took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any
from uuid import uuid4

import httpx


def event(data: dict[str, Any], ce_type: str) -> dict[str, Any]:
    """A project that nobody sent before."""
    attributes = {"specversion": "1.0", "id": str(uuid4()), "source": "https://bench.test", "type": ce_type}
    evidence = [{**piece, "id": str(uuid4())} for piece in data["evidence"]]
    return {**attributes, "data": {**data, "project": str(uuid4()), "projectVersion": 1, "evidence": evidence}}


def bodies(given: dict[str, Any]) -> list[bytes]:
    """All requests, made before the clock runs."""
    made = [event(given["data"], given["type"]) for _ in range(given["events"])]
    if given["batch"] == 1:
        return [json.dumps(each).encode() for each in made]
    return [json.dumps(made[at : at + given["batch"]]).encode() for at in range(0, len(made), given["batch"])]


async def publish(client: httpx.AsyncClient, waiting: list[bytes], kind: str, took: list[float]) -> int:
    """One after the other until none is left; how many events were accepted."""
    accepted = 0
    while waiting:
        body, begun = waiting.pop(), time.monotonic()
        answer = (await client.post("/v1/events", content=body, headers={"Content-Type": kind})).raise_for_status()
        took.append(time.monotonic() - begun)
        accepted += sum(item["status"] == "accepted" for item in answer.json()["items"])
    return accepted


async def main(given: dict[str, Any]) -> None:
    """All publishers at once, each with one connection."""
    kind = "application/cloudevents+json" if given["batch"] == 1 else "application/cloudevents-batch+json"
    waiting, took = bodies(given), list[float]()
    limits = httpx.Limits(max_connections=given["publishers"])
    headers = {"Authorization": f"Bearer {given['token']}"}
    async with httpx.AsyncClient(
        base_url=given["address"], headers=headers, limits=limits, timeout=60, trust_env=False
    ) as client:
        begun = time.monotonic()
        accepted = sum(
            await asyncio.gather(*(publish(client, waiting, kind, took) for _ in range(given["publishers"])))
        )
        seconds = time.monotonic() - begun
    took.sort()
    print(
        json.dumps(
            {
                "accepted": accepted,
                "per_s": accepted / seconds,
                "p50_ms": took[len(took) // 2] * 1000,
                "p99_ms": took[int(len(took) * 0.99)] * 1000,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
