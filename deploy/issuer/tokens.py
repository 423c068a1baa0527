"""What the development issuer puts into a token, and what it must be told for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.web.logins import CLIENT, GEMEENTE, LONGEST_SUBJECT, ROLES, Role

ALGORITHM = "ES256"
VALID_FOR = timedelta(hours=8)


class NotAsked(ValueError):
    """What was asked cannot be a token; one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bearer of a token."""

    roles: tuple[Role, ...]
    subject: str
    gemeente: str | None
    organisation: UUID | None
    client: str | None = None

    @classmethod
    def of(cls, form: Mapping[str, Sequence[str]]) -> Wanted:
        """Reads `role` (one or more), `subject`, `gemeente`, `organisation` and `client`; empty is the same as absent.

        Raises: NotAsked.
        """
        roles = tuple(dict.fromkeys(_role(name) for name in form.get("role", ()) if name))
        if not roles:
            raise NotAsked(f"Say which role: {', '.join(ROLES)}.")
        gemeente, organisation = _gemeente(_first(form, "gemeente")), _organisation(_first(form, "organisation"))
        if Role.GEMEENTE in roles and gemeente is None:
            raise NotAsked("The role gemeente needs a gemeente, for example GEMEENTE=GM0518.")
        if Role.PARTNER in roles and organisation is None:
            raise NotAsked("The role partner needs an organisation, for example ORGANISATION=<its id>.")
        client = _first(form, "client")
        if client is None and not {Role.PUBLISHER, Role.SUBSCRIBER}.isdisjoint(roles):
            raise NotAsked("The roles publisher and subscriber need a client, for example CLIENT=voorbeeld-gemeente.")
        given = (*roles, gemeente, organisation, client)
        subject = _first(form, "subject") or ":".join(str(part) for part in given if part)
        if len(subject) > LONGEST_SUBJECT or not (subject.isascii() and subject.isprintable()):
            raise NotAsked(f"A subject has at most {LONGEST_SUBJECT} printable ASCII characters.")
        if client is not None and not CLIENT.fullmatch(client):
            raise NotAsked(f"{client!r} is no name of a client.")
        return cls(roles, subject, gemeente, organisation, client)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs tokens in the name of `address`, for `audience`."""

    address: str
    audience: str
    key: ECKey
    clock: Callable[[], datetime]

    def token(self, wanted: Wanted) -> str:
        """A signed token, valid for eight hours from now."""
        now = self.clock()
        claims: dict[str, Any] = {
            "iss": self.address,
            "aud": self.audience,
            "sub": wanted.subject,
            "iat": int(now.timestamp()),
            "exp": int((now + VALID_FOR).timestamp()),
            "roles": [role.value for role in wanted.roles],
        }
        if wanted.gemeente:
            claims["gemeente"] = wanted.gemeente
        if wanted.organisation:
            claims["organisation"] = str(wanted.organisation)
        if wanted.client:
            claims |= {"azp": wanted.client, "client_id": wanted.client}  # Keycloak's name for it, and that of RFC 9068
        header = {"alg": ALGORITHM, "kid": self.key.thumbprint(), "typ": "at+jwt"}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """The public key, as verifiers fetch it."""
        public = self.key.as_dict(private=False, kid=self.key.thumbprint(), use="sig", alg=ALGORITHM)
        return {"keys": [public]}

    def discovery(self) -> dict[str, Any]:
        """Where to find what (OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.address,
            "jwks_uri": f"{self.address}/jwks",
            "token_endpoint": f"{self.address}/token",
            "response_types_supported": ["token"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }


def _first(form: Mapping[str, Sequence[str]], name: str) -> str | None:
    return next((value.strip() for value in form.get(name, ()) if value.strip()), None)


def _role(name: str) -> Role:
    if name not in ROLES:
        raise NotAsked(f"There is no role {name!r}. Choose from: {', '.join(ROLES)}.")
    return ROLES[name]


def _gemeente(code: str | None) -> str | None:
    if code is not None and not GEMEENTE.fullmatch(code):
        raise NotAsked(f"{code!r} is no code of a gemeente: it is GM and four digits, for example GEMEENTE=GM0518.")
    return code


def _organisation(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise NotAsked(f"{text!r} is no id of an organisation: it is a UUID.") from None
