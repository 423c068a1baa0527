"""Bearer tokens: JWTs of one issuer for one audience, checked against the issuer's published keys (OAuth NL profile)."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC

import httpx
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError

from shared.clock import Clock
from shared.web.keys import REFRESH_AFTER, IssuerKeys
from shared.web.logins import Login, Unauthenticated

ALGORITHMS = ("RS256", "ES256")
LEEWAY_S = 30
MAX_REMEMBERED = 4_096
LONGEST_TOKEN = 8_192

INVALID = "Het toegangsbewijs is niet geldig."
EXPIRED = "Het toegangsbewijs is verlopen. Log opnieuw in."
NOT_FOR_US = "Het toegangsbewijs is niet voor dit systeem bedoeld, of het is nog niet geldig."


class Verifier:
    """Says whose token it is. One that held is remembered until it expires, at most as long as a key is trusted unasked."""

    def __init__(self, jwks_address: str, issuer: str, audience: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self._keys = IssuerKeys(jwks_address, http, clock)
        self._clock = clock
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
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
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise Unauthenticated(EXPIRED) from error
        except (InvalidClaimError, MissingClaimError) as error:
            raise Unauthenticated(NOT_FOR_US) from error
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated(INVALID) from error
        return Login.of(claims), min(claims["exp"] + LEEWAY_S, self._now() + REFRESH_AFTER.total_seconds())

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
