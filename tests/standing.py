"""A service standing on a schema of its own in the session's Postgres: asked over HTTP in-process, told by events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shared.access.declared import Declared
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.messaging.envelope import headers_of
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.messaging.outbox import Outbox
from shared.messaging.producer import Producer
from shared.publishing.publishing import Publishing
from shared.runtime import OnLoad, Service
from shared.runtime.operations import answered_by
from shared.storage import Database, connect
from shared.storage.migrations import apply
from shared.storage.roles import prepare
from shared.web import Role
from shared.web.app import build_app
from shared.web.discovery import IssuerAddress
from shared.web.tokens import Verifier
from tests.servers import PostgresServer

ISSUER, AUDIENCE, SOURCE = "https://issuer.test", "schuldhulpprojecten", "urn:nld:oin:00000099000000000001:systeem:test"
KEY = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PASSWORD = "only-in-tests"
NOWHERE = "127.0.0.1:1"
ACCESS = Path(__file__).parents[1] / "deploy" / "kafka" / "access.yaml"
MUTATIONS = {"POST", "PUT", "PATCH", "DELETE"}

SAID = "select topic, key, sequence, headers, convert_from(value, 'UTF8') as value from outbox order by seq"


@dataclass(frozen=True)
class Told:
    """A row of the outbox: what the service says to the world."""

    topic: str
    entity: UUID
    sequence: int
    type: str
    data: dict[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """An event as it lies in Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    partition: int = 0
    offset: int = 0


def record_of(data: EventData, sequence: int) -> Record:
    """This event as the `sequence`-th of its entity. The same call gives the same event: a redelivery."""
    stored = json.dumps({"ce_type": data.ce_type(), "ce_source": SOURCE, "content-type": "application/json"})
    event_id = uuid5(data.entity, str(sequence))
    headers = headers_of(stored, event_id, str(data.entity), sequence, START)
    return Record(data.STREAM.topic, str(data.entity).encode(), encoded(data), headers)


def if_match(revision: int) -> dict[str, str]:
    """The header that says which revision the caller saw."""
    return {"If-Match": f'"{revision}"'}


def fields(answer: httpx.Response) -> set[str]:
    """The fields that a problem names."""
    return {error["field"] for error in answer.json()["errors"]}


async def _add_key(request: httpx.Request) -> None:
    if request.method in MUTATIONS:
        request.headers.setdefault("Idempotency-Key", str(uuid4()))


@dataclass
class Standing:
    """One service that is up. `now` is its clock: set it to let time pass."""

    service: Service
    database: Database
    listener: Listener
    now: datetime = START
    app: FastAPI = field(init=False)
    sequences: dict[UUID, int] = field(default_factory=dict)

    def client_for(
        self,
        *roles: Role,
        gemeente: str | None = None,
        organisation: UUID | None = None,
        subject: str | None = None,
        client: str | None = None,
    ) -> httpx.AsyncClient:
        """A client of somebody with these roles; without any, of somebody without a token. Paths come after /v1.

        A mutation gets an Idempotency-Key of its own unless it has one.
        """
        headers = (
            {"Authorization": f"Bearer {self.token(roles, gemeente, organisation, subject, client)}"} if roles else {}
        )
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://service.test/v1",
            headers=headers,
            event_hooks={"request": [_add_key]},
        )

    def token(
        self,
        roles: Iterable[Role],
        gemeente: str | None,
        organisation: UUID | None,
        subject: str | None,
        client: str | None = None,
    ) -> str:
        """A bearer token that the test's own issuer signed."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"somebody-{uuid4()}",
            "exp": int((self.now + timedelta(days=3650)).timestamp()),
            "roles": [role.value for role in roles],
            "gemeente": gemeente,
            "azp": client,
            "organisation": None if organisation is None else str(organisation),
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": "test"}, given, KEY)

    async def hear(self, *events: EventData) -> None:
        """These events come in, in this order, each as the next of its entity."""
        records = []
        for data in events:
            self.sequences[data.entity] = self.sequences.get(data.entity, 0) + 1
            records.append(record_of(data, self.sequences[data.entity]))
        await self.hear_records(*records)

    async def hear_records(self, *records: Record) -> None:
        """These records come in, in one batch. Whatever had to be parked or buried makes the test fail."""
        await self.listener.hear(records, [])
        async with self.database.reading() as tx:
            lost = [row["reason"] for row in await tx.fetch("select reason from parked where kind = 'failed'")]
            lost += [row["reason"] for row in await tx.fetch("select reason from dead_letter")]
        assert lost == []

    async def said(self, entity: UUID | str | None = None) -> list[Told]:
        """What stands in the outbox, in the order in which it was said; of one entity, or all."""
        async with self.database.reading() as tx:
            rows = await tx.fetch(SAID)
        told = [
            Told(
                row["topic"],
                UUID(row["key"]),
                row["sequence"],
                row["headers"]["ce_type"],
                json.loads(row["value"]),
                row["headers"],
            )
            for row in rows
        ]
        return [each for each in told if entity is None or each.entity == UUID(str(entity))]


async def jwks(_request: Request) -> JSONResponse:
    return JSONResponse({"keys": [KEY.as_dict(private=False)]})


@asynccontextmanager
async def standing(service: Service, postgres: PostgresServer, access: Path = ACCESS) -> AsyncIterator[Standing]:
    """The service, migrated in a new database, with its reference data loaded and the clock at `START`.

    `access` says who may publish.
    """
    name = f"{service.name}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute(f'create database "{name}"')
    await admin.close()
    inside = await asyncpg.connect(postgres.dsn("postgres", postgres.password, name))
    await prepare(inside, name, service.name, PASSWORD, PASSWORD)
    await inside.close()
    owner = await asyncpg.connect(postgres.dsn(f"{service.name}_owner", PASSWORD, name))
    await apply(owner, service.migrations)
    await owner.close()
    outbox = Outbox(f"urn:nld:oin:00000099000000000001:systeem:{service.name}", service.says)
    pool = await connect(postgres.dsn(service.name, PASSWORD, name), most=5, name=service.name)
    try:
        database = Database(pool, outbox.append)
        for duty in service.does:
            if isinstance(duty, OnLoad):
                async with database.transaction() as tx:
                    await duty.operation(tx)
        stand = Standing(service, database, Listener(database, outbox, service.hears))
        issuer = httpx.ASGITransport(Starlette(routes=[Route("/jwks", jwks)]))
        async with httpx.AsyncClient(transport=issuer) as http:
            verifier = Verifier(IssuerAddress(ISSUER, f"{ISSUER}/jwks"), AUDIENCE, http, lambda: stand.now)
            stand.app = build_app(
                service.title, answered_by(service), database=database, verifier=verifier, clock=lambda: stand.now
            )
            stand.app.state.publishing = Publishing(service.takes, outbox, Declared(access))
            stand.app.state.desk = Desk(database, stand.listener, Producer(NOWHERE, "operator"))
            yield stand
    finally:
        await pool.close()
