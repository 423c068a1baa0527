"""Who gives the demo its tokens: the development issuer, to whoever asks."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from deploy.demo.client import Wire
from deploy.demo.failing import DemoFailed
from shared.web.logins import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody who plays. `name` is what the demo calls them, if that matters."""

    roles: Sequence[Role]
    name: str = ""
    gemeente: str = ""
    organisation: UUID | None = None


class Tokens(Protocol):
    """Gives a token to each who plays."""

    async def token(self, wanted: Wanted) -> str:
        """An access token. Raises: DemoFailed."""
        ...


@dataclass(frozen=True, slots=True)
class DevelopmentIssuer:
    """As `make token` gives one."""

    wire: Wire

    async def token(self, wanted: Wanted) -> str:
        """An access token of eight hours. Raises: DemoFailed."""
        issuer = self.wire.places.issuer
        form = {
            "role": list(wanted.roles),
            "subject": wanted.name,
            "gemeente": wanted.gemeente,
            "organisation": str(wanted.organisation or ""),
        }
        response = await self.wire.send("issuer", self.wire.http.build_request("POST", f"{issuer}/token", data=form))
        if response.is_error:
            raise DemoFailed(
                f"De uitgever van toegangsbewijzen op {issuer} gaf status {response.status_code}.",
                self.wire.places.advice("issuer"),
            )
        return str(response.json()["access_token"])


def subject_of(token: str) -> str:
    """Whose token it is. It is not verified here: the services do that."""
    payload = token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
