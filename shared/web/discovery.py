"""Where an issuer's keys are: as an operator says, or as the issuer's own document does (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

WELL_KNOWN = "/.well-known/openid-configuration"
TIMEOUT_S = 3.0
LONGEST_ANSWER = 262_144


class BadAnswer(ValueError):
    """What an issuer answered cannot be used. The message says why, and nothing of what it was."""


@dataclass(frozen=True, slots=True)
class IssuerAddress:
    """An issuer by its `iss`. `jwks` is where its keys are; without it the document at `discovery` says so.

    `discovery` is needed only where the services reach the issuer by another address than everybody else.
    """

    issuer: str
    jwks: str | None = None
    discovery: str | None = None

    @property
    def asked_first(self) -> str:
        """The address that is asked first."""
        return self.jwks or self.discovery or self.issuer.rstrip("/") + WELL_KNOWN

    async def keys(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """The issuer's keys, as it publishes them. Raises: BadAnswer, httpx.HTTPError, httpx.InvalidURL."""
        if self.jwks is not None:
            return await fetched(http, self.jwks)
        document = await fetched(http, self.asked_first)
        if document.get("issuer") != self.issuer:  # Discovery 1.0, 4.3: else it is the document of another issuer
            raise BadAnswer("its discovery document names another issuer than OIDC_ISSUER")
        if not isinstance(address := document.get("jwks_uri"), str):
            raise BadAnswer("its discovery document has no jwks_uri")
        return await fetched(http, address)


async def fetched(http: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """The JSON object that stands there; it is not followed elsewhere. Raises: BadAnswer, httpx.HTTPError."""
    body = bytearray()
    async with http.stream("GET", address, timeout=TIMEOUT_S, follow_redirects=False) as response:
        if response.status_code != httpx.codes.OK:
            raise BadAnswer(f"status {response.status_code}")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > LONGEST_ANSWER:
                raise BadAnswer(f"an answer of more than {LONGEST_ANSWER} bytes")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("no JSON") from None
    if not isinstance(found, dict):
        raise BadAnswer("no JSON object")
    return found
