"""How many events of outside systems are accepted a second over HTTP, one by one and in batches of a hundred.

The submission service as it is, on a schema of its own; publishers are in a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from starlette.applications import Starlette
from starlette.routing import Route

from services.submission.service import service
from shared.access.declared import Declared
from shared.clock import system_clock
from shared.contracts.encoding import encoded
from shared.contracts.events import ProjectSubmitted
from shared.contracts.example import example_of
from shared.messaging.outbox import Outbox
from shared.publishing.publishing import Publishing
from shared.runtime.operations import answered_by
from shared.web.app import build_app
from shared.web.discovery import IssuerAddress
from shared.web.tokens import Verifier
from tests.performance.listening import HOST, listening
from tests.performance.measuring import Report, tuned_collector
from tests.performance.records import SOURCE
from tests.performance.stage import Room, Stage
from tests.standing import AUDIENCE, ISSUER, KEY, jwks

PUBLISHERS = 8
EVENTS: Mapping[str, tuple[int, int]] = {"single": (1, 1_500), "batch": (100, 6_000)}
"""How many events a request has, and how many are published in all."""
ACCESS = """
publishers:
- name: bench
  oin: "00000099000000010009"
  publishes: [{event: project-submitted, gemeenten: all, projects: all, organisations: all}]
"""


@asynccontextmanager
async def served(room: Room, access: Path) -> AsyncIterator[str]:
    """The service on a socket; its address."""
    issuer = httpx.ASGITransport(Starlette(routes=[Route("/jwks", jwks)]))
    async with httpx.AsyncClient(transport=issuer) as http:
        verifier = Verifier(IssuerAddress(ISSUER, f"{ISSUER}/jwks"), AUDIENCE, http, system_clock)
        app = build_app(
            service.title, answered_by(service), database=room.database, verifier=verifier, clock=system_clock
        )
        outbox = Outbox(SOURCE, service.says)
        app.state.publishing = Publishing(service.takes, outbox, Declared(access), most_waiting=1_000_000)
        async with listening(app, PUBLISHERS) as port:
            yield f"http://{HOST}:{port}"


def token() -> str:
    """That of the publisher."""
    now = int(system_clock().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "bench",
        "azp": "bench",
        "roles": ["publisher"],
        "exp": now + 7_200,
    }
    return jwt.encode({"alg": "ES256", "kid": "test"}, claims, KEY)


async def run(room: Room, address: str, how: str) -> dict[str, float]:
    """What all publishers together come to."""
    await room.empty()
    batch, events = EVENTS[how]
    asked: dict[str, Any] = {
        "address": address, "token": token(), "publishers": PUBLISHERS, "batch": batch, "events": events,
        "type": ProjectSubmitted.ce_type(), "data": json.loads(encoded(example_of(ProjectSubmitted).data)),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.performance.publishers", json.dumps(asked), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    found: dict[str, float] = json.loads(output) if process.returncode == 0 else {}
    if found.get("accepted") != events:
        raise SystemExit(f"{found.get('accepted')} of {events} events were accepted: nothing can be said of that")
    return found


async def measure(stage: Stage, report: Report, *, rounds: int) -> Mapping[str, float]:
    """One by one and in batches, in turns: medians of the rounds."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        access = Path(folder) / "access.yaml"
        access.write_text(ACCESS, encoding="utf-8")
        async with (
            stage.another("submission", service.migrations, service.says) as room,
            served(room, access) as address,
        ):
            with tuned_collector():
                for turn in range(rounds):
                    for how in list(EVENTS)[:: 1 if turn % 2 == 0 else -1]:
                        for name, value in (await run(room, address, how)).items():
                            found.setdefault(f"publish_{how}_{name}", []).append(value)
    results = {name: round(statistics.median(values), 2) for name, values in found.items()}
    for how in EVENTS:
        p50, p99, per_s = (results[f"publish_{how}_{name}"] for name in ("p50_ms", "p99_ms", "per_s"))
        report(f"publish {how:6} {per_s:7,.0f} events/s accepted  a request p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")
    return results
