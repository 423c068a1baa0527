"""The sample service on a real Postgres, behind tokens of the development issuer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

import shared.web
from deploy.issuer.app import issuer_app
from deploy.issuer.tokens import Issuer, Wanted
from shared.storage import Database, connect, roles
from shared.storage.migrations import apply, found_in
from shared.web.app import build_app
from shared.web.discovery import IssuerAddress
from shared.web.tokens import Verifier
from tests.integration.shared.web.fronts import AUDIENCE, Front, Hand, Place
from tests.integration.shared.web.sample import TABLES, odd, router
from tests.ports import free_port
from tests.servers import PostgresServer

ISSUER = "http://issuer.test"
DATABASE = "web_sample"


@dataclass
class Client:
    """Somebody with a token, who gives each change a key of its own unless told otherwise."""

    http: httpx.AsyncClient
    token: str | None

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid4()), **options.pop("headers", {})}
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        present = {name: value for name, value in headers.items() if value is not None}
        return await self.http.request(method, path, headers=present, **options)

    async def start(self, **fields: Any) -> dict[str, Any]:
        answer = await self.ask("POST", "/v1/counters", json={"name": "teller", **fields})
        assert answer.status_code == 201, answer.text
        started: dict[str, Any] = answer.json()
        return started


@pytest.fixture(scope="session")
async def dsn(postgres: PostgresServer) -> str:
    """A database with the sample's schema; its address for the sample's own role."""
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute(f"create database {DATABASE}")
    await admin.close()
    admin = await asyncpg.connect(postgres.dsn("postgres", postgres.password, DATABASE))
    await roles.prepare(admin, DATABASE, "web_sample", "sample", "owner")
    await admin.close()
    owner = await asyncpg.connect(postgres.dsn("web_sample_owner", "owner", DATABASE))
    await apply(owner, found_in([Path(shared.web.__file__).parent / "migrations"]))
    await owner.execute(TABLES)
    await owner.close()
    return postgres.dsn("web_sample", "sample", DATABASE)


@pytest.fixture(scope="session")
async def database(dsn: str) -> AsyncIterator[Database]:
    pool = await connect(dsn, most=8)
    yield Database(pool)
    await pool.close()


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture(scope="session")
def signing_key() -> ECKey:
    return ECKey.generate_key("P-256")


@pytest.fixture
def issuer(signing_key: ECKey, clock: Hand) -> Issuer:
    return Issuer(ISSUER, AUDIENCE, signing_key, clock)


@pytest.fixture
async def verifier(issuer: Issuer, clock: Hand) -> AsyncIterator[Verifier]:
    transport = httpx.ASGITransport(issuer_app(issuer))
    async with httpx.AsyncClient(transport=transport) as http:
        yield Verifier(IssuerAddress(ISSUER, f"{ISSUER}/jwks"), AUDIENCE, http, clock)


@pytest.fixture
def app(database: Database, verifier: Verifier, clock: Hand) -> FastAPI:
    return build_app("Tellers", [router, odd], database=database, verifier=verifier, clock=clock)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
        yield client


Acting = Callable[..., Client]


@pytest.fixture
def acting(http: httpx.AsyncClient, issuer: Issuer) -> Acting:
    """`acting("gemeente", gemeente="GM0518")`: somebody with that token. A subject of their own unless one is named."""

    def as_whom(*roles: str, **claims: str) -> Client:
        named = {"subject": str(uuid4()), **claims}
        wanted = Wanted.of({"role": list(roles), **{name: [value] for name, value in named.items()}})
        return Client(http, issuer.token(wanted))

    return as_whom


@pytest.fixture
def den_haag(acting: Acting) -> Client:
    return acting("gemeente", gemeente="GM0518")


@pytest.fixture
def nobody(http: httpx.AsyncClient) -> Client:
    return Client(http, None)


@pytest.fixture
async def place(clock: Hand) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        front = Front(free_port())
        there = Place(front, http, clock, ECKey.generate_key("P-256"), stack)
        there.rotate()
        async with AsyncExitStack() as listening:
            there.stack = listening
            await listening.enter_async_context(front.listening())
            yield there
