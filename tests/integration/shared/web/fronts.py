"""An issuer behind a real HTTP address, which counts who asks, changes, and misbehaves as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import JSONResponse, Response

from deploy.issuer.app import issuer_app
from deploy.issuer.tokens import Issuer
from shared.web.discovery import IssuerAddress
from shared.web.logins import Login, Unauthenticated
from shared.web.tokens import Verifier
from tests.waiting import eventually

AUDIENCE = "schuldhulpprojecten"


@dataclass
class Hand:
    """A clock that a test moves by hand."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 23, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        self.now += by


class Front:
    """What stands at the address. `instead` is answered instead of what the issuer would say, by path; `hold` keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.issuer: Issuer | None = None
        self.asked: list[str] = []
        self.instead: dict[str, Response] = {}
        self.hold: asyncio.Event | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        self.asked.append(scope["path"])
        if self.hold is not None:
            await self.hold.wait()
        assert self.issuer is not None
        await self.instead.get(scope["path"], issuer_app(self.issuer))(scope, receive, send)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """It answers for as long as the context lasts."""
        config = uvicorn.Config(self, host="127.0.0.1", port=self.port, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started)
        try:
            yield
        finally:
            if self.hold is not None:
                self.hold.set()
            server.should_exit = True
            await serving


class Place:
    """An issuer at a real address, and a service that checks its tokens."""

    def __init__(self, front: Front, http: httpx.AsyncClient, clock: Hand, key: ECKey, stack: AsyncExitStack) -> None:
        self.front, self.http, self.clock, self.key, self.stack = front, http, clock, key, stack
        self.verifier = self.verifier_at(IssuerAddress(front.address))

    def verifier_at(self, address: IssuerAddress) -> Verifier:
        return Verifier(address, AUDIENCE, self.http, self.clock)

    def claims(self, **other: object) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        usual = {"iss": self.front.address, "aud": AUDIENCE, "sub": "iemand", "roles": ["operator"], "exp": now + 600}
        return {name: value for name, value in {**usual, **other}.items() if value is not None}

    def signed(self, key: ECKey | RSAKey | None = None, header: dict[str, Any] | None = None, **claims: object) -> str:
        by = key or self.key
        algorithm = "RS256" if isinstance(by, RSAKey) else "ES256"
        wanted = {"alg": algorithm, "kid": by.kid or by.thumbprint(), **(header or {})}
        return jwt.encode(wanted, self.claims(**claims), by)

    def rotate(self) -> ECKey:
        self.key = ECKey.generate_key("P-256")
        self.front.issuer = Issuer(self.front.address, AUDIENCE, self.key, self.clock)
        return self.key

    def publish(self, *keys: dict[str, Any]) -> None:
        self.front.instead["/jwks"] = JSONResponse({"keys": list(keys)})

    async def holds(self, token: str) -> Login | None:
        try:
            return await self.verifier.login_of(token)
        except Unauthenticated:
            return None
