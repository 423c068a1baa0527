"""The public keys of the issuer (JWKS), fetched when needed and kept when the issuer is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from shared.clock import Clock

Key = RSAKey | ECKey
KEY_TYPES: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
REFRESH_AFTER = timedelta(minutes=10)
"""A key that the issuer has withdrawn is trusted no longer than this, as long as the issuer answers."""
ASK_AGAIN_AFTER = timedelta(seconds=15)
"""Tokens with an unknown key id make us ask at most this often."""
TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


class IssuerAway(Exception):
    """No key of the issuer is known, and it does not answer."""


class IssuerKeys:
    """The keys behind one JWKS address, by key id."""

    def __init__(self, address: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self._address = address
        self._http = http
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def find(self, kid: str | None) -> Key | None:
        """The key with this id; without an id the only one there is, if there is only one.

        Raises: IssuerAway.
        """
        key = self._known(kid)
        if key is None or self._is_old():
            await self._ask()
            key = self._known(kid)
        if key is None and self._fetched_at is None:
            raise IssuerAway(self._address)
        return key

    def _known(self, kid: str | None) -> Key | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at >= REFRESH_AFTER

    async def _ask(self) -> None:
        async with self._asking:
            now = self._clock()
            if self._asked_at is not None and now - self._asked_at < ASK_AGAIN_AFTER:
                return
            self._asked_at = now
            try:
                response = await self._http.get(self._address, timeout=TIMEOUT_S)
                self._keys = _signing_keys(response.raise_for_status().json())
                self._fetched_at = now
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, AttributeError) as error:
                log.warning("the issuer's keys could not be fetched from %s: %s", self._address, type(error).__name__)


def _signing_keys(jwks: Mapping[str, Any]) -> dict[str, Key]:
    """The RSA and EC keys that are for signatures; an issuer may publish others besides, and some that we cannot read."""
    keys: dict[str, Key] = {}
    for jwk in jwks["keys"]:
        if jwk.get("use", "sig") == "sig" and jwk.get("kty") in KEY_TYPES:
            with suppress(JoseError, ValueError, TypeError):
                key = KEY_TYPES[jwk["kty"]].import_key(jwk)
                keys[key.kid or key.thumbprint()] = key
    return keys
