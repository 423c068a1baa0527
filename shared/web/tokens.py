"""Bearer tokens: JWTs of one issuer for one audience, checked against the issuer's published keys (OAuth NL profile).

Only access tokens will do (RFC 9068): an ID token or a refresh token of the same issuer is another thing, and is refused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError

from shared.clock import Clock
from shared.web.discovery import IssuerAddress
from shared.web.keys import IssuerKeys
from shared.web.logins import Login, Unauthenticated

ALGORITHMS = ("RS256", "ES256")
LEEWAY_S = 30
MAX_REMEMBERED = 4_096
LONGEST_TOKEN = 8_192
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What the header may call an access token; many issuers, Keycloak too, say no more than JWT."""
OF_ID_TOKENS = frozenset({"at_hash", "c_hash", "s_hash"})
"""Claims by which an ID token points at another token (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11)."""

INVALID = "Het toegangsbewijs is niet geldig."
EXPIRED = "Het toegangsbewijs is verlopen. Log opnieuw in."
NOT_FOR_US = "Het toegangsbewijs is niet voor dit systeem bedoeld, of het is nog niet geldig."
OF_ANOTHER_KIND = "Dit is geen toegangsbewijs (access token) dat wij kunnen controleren. Stuur het access token mee."


class Verifier:
    """Says whose token it is. One that held is remembered until it expires, at most as long as its key is trusted unasked."""

    def __init__(self, address: IssuerAddress, audience: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self._keys = IssuerKeys(address, http, clock)
        self._clock = clock
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": address.issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._remembered: OrderedDict[str, tuple[Login, float]] = OrderedDict()

    async def login_of(self, token: str) -> Login:
        """Whoever bears this token.

        Raises: Unauthenticated; IssuerAway, when it cannot be told.
        """
        if (known := self._remembered.get(token)) and known[1] > self._now():
            return known[0]
        login, until = await self._verified(token)
        self._remembered[token] = login, until
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return login

    async def _verified(self, token: str) -> tuple[Login, float]:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise Unauthenticated(INVALID)
        try:
            key = await self._keys.find(_kid(token))
            if key is None:
                raise Unauthenticated(INVALID)
            decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
            self._claims.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise Unauthenticated(EXPIRED) from error
        except (InvalidClaimError, MissingClaimError) as error:
            raise Unauthenticated(NOT_FOR_US) from error
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated(INVALID) from error
        _require_access_token(decoded.header, decoded.claims)
        until = min(decoded.claims["exp"] + LEEWAY_S, self._keys.trusted_until.timestamp())
        return Login.of(decoded.claims), until

    def _now(self) -> int:
        return int(self._clock().astimezone(UTC).timestamp())


def _kid(token: str) -> str | None:
    """The key id that the token names, read before anything of it is trusted; only for an algorithm that we take."""
    header = jws.extract_compact(token.encode()).headers()
    if header.get("alg") not in ALGORITHMS:
        raise ValueError("algorithm")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise ValueError("kid")
    return kid


def _require_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """An issuer signs more than access tokens, with the same key. What is bound to a key (`cnf`) is for that key's owner.

    Raises: Unauthenticated.
    """
    is_named_so = str(header.get("typ", "JWT")).lower() in TYPES
    is_bearer = str(claims.get("typ", "Bearer")).lower() == "bearer"  # Keycloak: Bearer, ID, Refresh, Offline
    if not is_named_so or not is_bearer or "cnf" in claims or not OF_ID_TOKENS.isdisjoint(claims):
        raise Unauthenticated(OF_ANOTHER_KIND)
