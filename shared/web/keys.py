"""The public keys of the issuer (JWKS), fetched when needed and kept when the issuer is away."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from shared.clock import Clock
from shared.web.discovery import BadAnswer, IssuerAddress

Key = RSAKey | ECKey
KEY_TYPES: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
REFRESH_AFTER = timedelta(minutes=10)
"""A key that the issuer has withdrawn is trusted no longer than this, as long as the issuer answers."""
ASK_AGAIN_AFTER = timedelta(seconds=15)
"""Tokens with an unknown key id make us ask at most this often."""
ANSWER_WITHIN_S = 6.0
"""For all that is fetched, however slowly an issuer answers."""
NEVER = datetime.min.replace(tzinfo=UTC)

log = logging.getLogger(__name__)


class IssuerAway(Exception):
    """The issuer does not answer, and the key that is needed is not known."""


class IssuerKeys:
    """The keys of one issuer, by key id."""

    def __init__(self, address: IssuerAddress, http: httpx.AsyncClient, clock: Clock) -> None:
        self._address = address
        self._http = http
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at = NEVER
        self._asked_at = NEVER
        self._asking: asyncio.Task[None] | None = None
        self._is_away = False

    @property
    def trusted_until(self) -> datetime:
        """When the keys that are known are to be fetched again."""
        return self._fetched_at + REFRESH_AFTER

    async def find(self, kid: str | None) -> Key | None:
        """The key with this id; without an id the only one there is, if there is only one.

        A known key is used while the issuer is away, and nobody waits for it then. Raises: IssuerAway.
        """
        key = self._known(kid)
        if key is None or self._clock() >= self.trusted_until:
            asking = self._ask()
            if asking is not None and (key is None or not self._is_away):
                await asyncio.shield(asking)
                key = self._known(kid)
        if key is None and self._is_away:
            raise IssuerAway(self._address.issuer)
        return key

    def _known(self, kid: str | None) -> Key | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _ask(self) -> asyncio.Task[None] | None:
        """The asking that goes on, or a new one; None when it is too soon for that."""
        if self._asking is None or self._asking.done():
            now = self._clock()
            if timedelta(0) <= now - self._asked_at < ASK_AGAIN_AFTER:
                return None
            self._asked_at = now
            self._asking = asyncio.create_task(self._fetch(now), name="issuer's keys")
        return self._asking

    async def _fetch(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                self._keys = _signing_keys(await self._address.keys(self._http))
            self._fetched_at, self._is_away = now, False
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, ValueError, RuntimeError) as error:
            self._is_away = True
            why = error if isinstance(error, BadAnswer) else type(error).__name__
            log.warning("the issuer's keys could not be fetched from %s: %s", self._address.asked_first, why)


def _signing_keys(jwks: Mapping[str, Any]) -> dict[str, Key]:
    """The RSA and EC keys that are for signatures; an issuer may publish others besides, and some that we cannot read.

    RSA keys of less than 2048 bits are left out. Raises: BadAnswer.
    """
    listed = jwks.get("keys")
    if not isinstance(listed, list):
        raise BadAnswer("no keys in its answer")
    keys: dict[str, Key] = {}
    for jwk in listed:
        if isinstance(jwk, dict) and jwk.get("use", "sig") == "sig" and jwk.get("kty") in ("RSA", "EC"):
            with suppress(JoseError, ValueError, TypeError, SecurityWarning), warnings.catch_warnings():
                warnings.simplefilter("error", SecurityWarning)
                key = KEY_TYPES[jwk["kty"]].import_key(jwk)
                keys[key.kid or key.thumbprint()] = key
    return keys
