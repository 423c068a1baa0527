"""Tokens of Keycloak: an administrator makes an account for each who plays, and each logs in as people do, with a code."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.demo.failing import DemoFailed
from deploy.demo.installation import REALM, Installation
from deploy.demo.tokens import Wanted

CLIENT = "portal"
FORM = re.compile(r'<form[^>]*\saction="([^"]+)"')
ADMINISTRATOR_FOR_S = 30.0
"""Its token lasts for a minute."""
ANSWER_WITHIN_S = 30.0


@dataclass
class Keycloak:
    """The issuer of an installation. Accounts are kept from run to run; each run gives them a new password."""

    at: str
    installation: Installation
    _password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    _administrator: tuple[str, float] = ("", 0.0)

    async def token(self, wanted: Wanted) -> str:
        """An access token of ten minutes. Raises: DemoFailed."""
        try:
            async with self._browser() as http:
                await self._account(http, wanted)
            async with self._browser() as http:  # nobody is logged in there yet
                return await self._log_in(http, username_of(wanted))
        except httpx.HTTPError as error:
            raise DemoFailed(
                f"Keycloak op {self.at} geeft geen toegangsbewijs: {error or type(error).__name__}",
                "Kijk met `docker compose ps` wat draait, en met `docker compose logs keycloak proxy`.",
            ) from None

    def _browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.installation.trust, timeout=ANSWER_WITHIN_S, trust_env=False)

    async def _account(self, http: httpx.AsyncClient, wanted: Wanted) -> None:
        """Makes the account, or gives the one that is there this run's password."""
        http.headers["Authorization"] = f"Bearer {await self._administrators(http)}"
        admin, name = f"{self.at}/admin/realms/{REALM}", username_of(wanted)
        users = f"{admin}/users"
        if not (found := await _json(http.get(users, params={"username": name, "exact": "true"}))):
            (
                await http.post(users, json={"username": name, "enabled": True, "attributes": _attributes(wanted)})
            ).raise_for_status()
            found = await _json(http.get(users, params={"username": name, "exact": "true"}))
        user = f"{users}/{found[0]['id']}"
        password = {"type": "password", "value": self._password, "temporary": False}
        (await http.put(f"{user}/reset-password", json=password)).raise_for_status()
        roles = [await _json(http.get(f"{admin}/roles/{role}")) for role in wanted.roles]
        (await http.post(f"{user}/role-mappings/realm", json=roles)).raise_for_status()

    async def _administrators(self, http: httpx.AsyncClient) -> str:
        token, since = self._administrator
        if time.monotonic() - since > ADMINISTRATOR_FOR_S or not token:
            secret = self.installation.secret("keycloak_admin")
            form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": secret}
            token = (await _json(http.post(f"{self.at}/realms/master/protocol/openid-connect/token", data=form)))[
                "access_token"
            ]
            self._administrator = token, time.monotonic()
        return token

    async def _log_in(self, http: httpx.AsyncClient, username: str) -> str:
        """Authorization code with PKCE, through the portal's client."""
        endpoint, back = f"{self.at}/realms/{REALM}/protocol/openid-connect", f"{self.installation.url}/login/callback"
        verifier = secrets.token_urlsafe(48)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": back,
            "scope": "openid",
            "state": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = (await http.get(f"{endpoint}/auth", params=asked)).raise_for_status()
        if not (form := FORM.search(page.text)):
            raise httpx.HTTPError("de inlogpagina heeft geen formulier")
        answer = await http.post(unescape(form[1]), data={"username": username, "password": self._password})
        code = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("code")
        if not code:
            raise httpx.HTTPError(f"inloggen als {username} lukt niet (status {answer.status_code})")
        exchange = {
            "grant_type": "authorization_code",
            "code": code[0],
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        login = (CLIENT, self.installation.secret(f"clients/{CLIENT}"))
        return str((await _json(http.post(f"{endpoint}/token", data=exchange, auth=login)))["access_token"])


def username_of(wanted: Wanted) -> str:
    """The account of whoever is so: as the demo calls them, or after what they are and for whom."""
    parts = (*wanted.roles, wanted.gemeente, wanted.organisation)
    return wanted.name or "-".join(["demo", *(str(part).lower() for part in parts if part)])


def _attributes(wanted: Wanted) -> dict[str, list[str]]:
    told = {"gemeente": wanted.gemeente, "organisation": str(wanted.organisation or "")}
    return {name: [value] for name, value in told.items() if value}


async def _json(asking: Any) -> Any:  # noqa: ANN401 - whatever Keycloak answers
    response: httpx.Response = await asking
    return response.raise_for_status().json()
