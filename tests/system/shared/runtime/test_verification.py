"""An operator has a service compared with those it hears, over HTTP; Prometheus is told what came of it, and how long ago."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import httpx
import pytest
from joserfc import jwt
from prometheus_client import Metric
from starlette.applications import Starlette
from starlette.routing import Route

from shared.clock import system_clock
from shared.contracts.event import Stream
from shared.runtime import comparing
from shared.runtime.running import Running
from shared.storage.roles import let_verify
from shared.web import Role
from tests.messaging import CLUSTER, PASSWORD, Schema, fresh_schema, opened
from tests.replicas import Toy
from tests.servers import PostgresServer
from tests.standing import AUDIENCE, ISSUER, KEY, jwks
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS.topic
FAR = 4_102_444_800  # the year 2100


@dataclass
class Stand:
    """A replica whose HTTP side is up; nothing of it hears or tells."""

    toy: Toy
    owner: Schema
    running: Running
    operator: httpx.AsyncClient = field(repr=False)

    async def verification(self) -> httpx.Response:
        return await self.operator.get("/operations/verification?wait=0")

    def metrics(self) -> dict[str, float | None]:
        """What Prometheus would be told; None where there is no value."""
        families: list[Metric] = list(self.running.last_verified.collect())
        return {family.name: family.samples[0].value if family.samples else None for family in families}


@pytest.fixture
async def stand(toy: Toy, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    """It hears the projects of an owner of which 3 versions of ONE were told, and has itself heard 2 of TWO."""
    admin = await asyncpg.connect(postgres.admin_dsn)
    await let_verify(admin, "postgres", PASSWORD)
    await admin.close()
    owner = await fresh_schema(postgres)
    monkeypatch.setitem(comparing.OWNERS, Stream.PROJECTS, owner.name)
    await owner.alter(f"insert into said values (1, '{ONE}', 3), (1, '{TWO}', 1)")
    await toy.schema.alter(f"insert into heard (stream, entity, sequence) values (1, '{TWO}', 2)")
    toy = toy.but(DATABASE_VERIFIER_PASSWORD_FILE=toy.variables["DATABASE_PASSWORD_FILE"], OIDC_ISSUER=ISSUER)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "operator", "exp": FAR, "roles": [Role.OPERATOR.value]}
    token = jwt.encode({"alg": "ES256", "kid": "test"}, claims, KEY)
    issuer = httpx.ASGITransport(Starlette(routes=[Route("/jwks", jwks)]))
    async with opened(toy.schema) as database, httpx.AsyncClient(transport=issuer) as http:
        running = Running(toy.service, toy.settings, database, CLUSTER, system_clock)
        transport = httpx.ASGITransport(running.server(http).config.app)  # type: ignore[arg-type] # uvicorn's own type
        async with httpx.AsyncClient(
            transport=transport, base_url="http://toy.test/v1", headers={"Authorization": f"Bearer {token}"}
        ) as operator:
            yield Stand(toy, owner, running, operator)


async def test_what_is_missing_or_ahead_is_named_with_its_owner_and_shown_to_prometheus(stand: Stand) -> None:
    assert stand.metrics()["verify_missing"] is None

    answer = await stand.verification()

    assert answer.status_code == 200, answer.text
    whose = {"owner": stand.owner.name, "stream": "projects"}
    assert answer.json() == {
        "missingEntities": 1,
        "aheadEntities": 1,
        "undecided": 0,
        "waiting": 0,
        "notToldYet": 0,
        "recordsBehind": 0,
        "versionsBehind": 3,
        "missing": [{**whose, "topic": PROJECTS, "entity": str(ONE), "first": 1, "last": 3}],
        "ahead": [{**whose, "entity": str(TWO), "said": 1, "heard": 2}],
    }
    shown = stand.metrics()
    assert shown["verify_missing"] == 2
    assert 0 <= (shown["verify_age_seconds"] or 0) < 60


async def test_once_it_is_healed_the_metric_says_so(stand: Stand) -> None:
    await stand.verification()
    await stand.toy.schema.alter(f"insert into heard (stream, entity, sequence) values (1, '{ONE}', 3)")
    await stand.owner.alter(f"update said set sequence = 2 where entity = '{TWO}'")

    assert (await stand.verification()).json()["missingEntities"] == 0
    assert stand.metrics()["verify_missing"] == 0


async def test_only_one_comparison_of_a_service_runs_at_once(stand: Stand) -> None:
    other = await asyncpg.connect(stand.toy.settings.verifier_dsn())
    await other.fetchval(comparing.ALONE, stand.toy.service.name)
    try:
        answer = await stand.verification()
    finally:
        await other.close()
    assert (answer.status_code, answer.json()["title"]) == (409, "Iemand anders is hiermee bezig")
    assert (await stand.verification()).status_code == 200


async def test_without_the_right_to_compare_it_says_what_is_missing(stand: Stand) -> None:
    stand.running.settings.database_verifier_password_file = None
    answer = await stand.verification()
    assert (answer.status_code, "rol verifier" in answer.json()["detail"]) == (409, True)


async def test_without_kafka_it_asks_to_try_again(stand: Stand) -> None:
    stand.running.settings.kafka_servers = "127.0.0.1:1"
    assert (await stand.verification()).status_code == 503


async def test_of_replicas_that_compare_by_themselves_only_the_one_that_did_tells_what_it_found(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.verification()
    monkeypatch.setattr(comparing, "EVERY_SECONDS", 0.05)
    running, last = stand.running, stand.running.last_verified
    other = await asyncpg.connect(stand.toy.settings.verifier_dsn())
    await other.fetchval(comparing.ALONE, stand.toy.service.name)
    task = asyncio.create_task(comparing.keep_comparing(running.service, running.settings, last, running.stopping))
    try:
        await eventually(lambda: last.verified is None, within=60, what="what it found before is forgotten")
        await other.close()
        await eventually(lambda: stand.metrics()["verify_missing"] == 2, within=60, what="it compares itself again")
    finally:
        running.stopping.set()
        await task
