"""Who calls, and whether they may: a bearer token, its roles, and the opaque person behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from shared.refusals import Forbidden
from shared.web.logins import Login, Role, Unauthenticated


class NotYourRole(Forbidden):
    """The caller is known, but this is for others."""

    def __init__(self, needed: frozenset[Role]) -> None:
        super().__init__(f"Dit is voor: {', '.join(sorted(needed))}. Uw toegangsbewijs geeft geen van deze rollen.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `person` is opaque and may be written down; `subject` is the login: in no event, log or other table.

    `client` is the system that got the token: publishers and subscribers are known by it (access.yaml).
    """

    subject: str
    roles: frozenset[Role]
    gemeente: str | None
    organisation: UUID | None
    person: UUID
    client: str | None = None

    @classmethod
    def of(cls, login: Login, person: UUID) -> Caller:
        """Whoever bears the token, and their person in this service."""
        return cls(login.subject, login.roles, login.gemeente, login.organisation, person, login.client)

    def has(self, *roles: Role) -> bool:
        """Whether the caller has one of these roles."""
        return not self.roles.isdisjoint(roles)


class Permit(SecurityBase):
    """Who may use a route. The route asks it before anything else; a handler's parameter gets the caller from it."""

    def __init__(self, roles: frozenset[Role], *, public: bool = False) -> None:
        self.roles = roles
        self.public = public
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token of the OpenID Connect issuer.")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Caller | None:
        """The caller, as the route found them."""
        caller: Caller | None = request.state.caller
        return caller

    def admit(self, login: Login | None) -> None:
        """Lets pass who may come in.

        Raises: Unauthenticated, NotYourRole.
        """
        if login is None and not self.public:
            raise Unauthenticated
        if login is not None and self.roles and self.roles.isdisjoint(login.roles):
            raise NotYourRole(self.roles)


def caller_of(*roles: Role) -> Any:  # noqa: ANN401 - FastAPI's own type for a dependency
    """Lets in whoever has one of these roles: `caller: Annotated[Caller, caller_of(Role.GEMEENTE)]`.

    Without roles: whoever has a valid token. Others get a 401 or a 403.
    """
    return Security(Permit(frozenset(roles)), scopes=sorted(roles))


def anyone() -> Any:  # noqa: ANN401 - FastAPI's own type for a dependency
    """A public route: `caller: Annotated[Caller | None, anyone()]`. It needs no token, but refuses a bad one."""
    return Security(Permit(frozenset(), public=True))


def bearer_of(request: Request) -> str | None:
    """The token in the Authorization header, or None when there is no such header.

    Raises: Unauthenticated, when the header holds something else.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("De header Authorization heeft niet de vorm 'Bearer <toegangsbewijs>'.")
    return token.strip()
