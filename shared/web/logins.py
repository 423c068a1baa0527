"""What a token says of whoever bears it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

GEMEENTE = re.compile(r"GM\d{4}")
CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST_SUBJECT = 255
"""OpenID Connect Core 1.0, section 2: a subject has at most 255 ASCII characters."""


class Role(StrEnum):
    """What somebody is to the platform. A gemeente has its code, a partner its organisation, a system its client."""

    SUBMITTER = "submitter"
    BOARD_MEMBER = "board-member"
    PROGRAMME_MANAGER = "programme-manager"
    GEMEENTE = "gemeente"
    PARTNER = "partner"
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"
    OPERATOR = "operator"


ROLES = {role.value: role for role in Role}


class Unauthenticated(Exception):
    """No token, or one that does not hold. `reason` says which, in Dutch; None when there was none at all."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Login:
    """A verified token. `subject` is personal data: it stays out of events and logs."""

    subject: str
    roles: frozenset[Role]
    gemeente: str | None = None
    organisation: UUID | None = None
    client: str | None = None

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Login:
        """Reads the claims. A role of a gemeente or partner holds only with the gemeente or organisation it is for.

        Those of publisher and subscriber hold only with the client that got the token (`azp`, or `client_id` as of RFC 9068).

        Roles stand in `roles`; without that claim those of Keycloak's realm count (`realm_access.roles`). Roles that are not
        ours (an issuer has its own) are left out. Raises: Unauthenticated.
        """
        gemeente, organisation = _gemeente(claims.get("gemeente")), _organisation(claims.get("organisation"))
        roles = {ROLES[role] for role in _roles_told(claims) if role in ROLES}
        if gemeente is None:
            roles.discard(Role.GEMEENTE)
        if organisation is None:
            roles.discard(Role.PARTNER)
        client = _client(claims.get("azp") or claims.get("client_id"))
        if client is None:
            roles -= {Role.PUBLISHER, Role.SUBSCRIBER}
        return cls(_subject(claims.get("sub")), frozenset(roles), gemeente, organisation, client)


def _roles_told(claims: Mapping[str, Any]) -> list[str]:
    realm = claims.get("realm_access")
    told = realm.get("roles") if "roles" not in claims and isinstance(realm, dict) else claims.get("roles")
    return [text for text in told if isinstance(text, str)] if isinstance(told, list) else []


def _client(value: object) -> str | None:
    return value if isinstance(value, str) and CLIENT.fullmatch(value) else None


def _subject(value: object) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= LONGEST_SUBJECT:
        return value
    raise Unauthenticated("Het toegangsbewijs noemt niet van wie het is (sub).")


def _gemeente(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and GEMEENTE.fullmatch(value):
        return value
    raise Unauthenticated("De gemeente in het toegangsbewijs is geen gemeentecode, zoals GM0518.")


def _organisation(value: object) -> UUID | None:
    try:
        return None if value is None else UUID(str(value))
    except ValueError as error:
        raise Unauthenticated("De organisatie in het toegangsbewijs is geen id.") from error
