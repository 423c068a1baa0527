"""Tokens for systems, by client credentials (RFC 6749, 4.4): the request that Keycloak takes too, so one example fits both.

Who is a client, and of which kind, stands in access.yaml. A secret must be sent, as everywhere; which one is not looked at.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_plus

from deploy.issuer.tokens import Wanted
from shared.access import read_access
from shared.web.logins import Role

GRANT = "client_credentials"
DECLARED = Path(__file__).parents[1] / "kafka" / "access.yaml"


class UnknownClient(Exception):
    """No client that is declared, or one that gives no secret."""


def declared_in() -> Path:
    """ACCESS_FILE, or the one that comes with the platform."""
    return Path(os.environ.get("ACCESS_FILE") or DECLARED)


def client_of(form: Mapping[str, Sequence[str]], authorization: str | None, access: Path) -> Wanted:
    """What this system gets: its role, and its name as client and as subject.

    The file is read at every request: who is added to it can begin at once. Raises: UnknownClient, BadAccess.
    """
    name, secret = _basic(authorization) if authorization else (_only(form, "client_id"), _only(form, "client_secret"))
    declared = read_access(access)
    if secret and name in declared.publishers:
        return Wanted((Role.PUBLISHER,), name, None, None, name)
    if secret and name in declared.subscribers:
        return Wanted((Role.SUBSCRIBER,), name, None, None, name)
    raise UnknownClient("Give the name of a publisher or subscriber in access.yaml as client_id, and a client_secret.")


def _only(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _basic(authorization: str) -> tuple[str, str]:
    """RFC 6749, 2.3.1: both are encoded as in a form before they are encoded as Basic is."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)
