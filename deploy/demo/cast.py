"""Who plays: everybody gets a token of the platform's issuer."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from deploy.demo.client import Client, Wire
from deploy.demo.keycloak import Keycloak
from deploy.demo.tokens import DevelopmentIssuer, Tokens, Wanted, subject_of
from shared.web.logins import Role


@dataclass
class Cast:
    """Everybody who asks something, each with a token that is fetched once."""

    wire: Wire
    _known: dict[tuple[object, ...], Client] = field(default_factory=dict)
    _tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        installation = self.wire.places.installation
        keycloak = installation and installation.keycloak
        self._tokens = Keycloak(keycloak, installation) if installation and keycloak else DevelopmentIssuer(self.wire)

    @property
    def public(self) -> Client:
        """Anybody, without a token."""
        return Client(self.wire)

    async def programme_manager(self) -> Client:
        """Somebody of the programme office, who also sits on the board."""
        return await self._client(Role.PROGRAMME_MANAGER, Role.BOARD_MEMBER, name="demo-programmamanager")

    async def operator(self) -> Client:
        """Looks after the messages of every service."""
        return await self._client(Role.OPERATOR)

    async def board_member(self, seat: str) -> Client:
        """Whoever holds this seat on the board."""
        if seat == "programmamanager":
            return await self.programme_manager()
        return await self._client(Role.BOARD_MEMBER, name=f"demo-{seat}")

    async def login_of(self, seat: str) -> str:
        """The login of whoever holds this seat, as the issuer knows it (`sub`)."""
        member = await self.board_member(seat)
        return subject_of(member.token or "")

    async def submitter(self, organisation: UUID) -> Client:
        """Somebody who submits projects for an organisation."""
        return await self._client(Role.SUBMITTER, organisation=organisation)

    async def gemeente(self, code: str, organisation: UUID | None = None) -> Client:
        """Somebody of a gemeente; with its organisation also one that submits projects."""
        return await self._client(Role.GEMEENTE, gemeente=code, organisation=organisation)

    async def partner(self, organisation: UUID) -> Client:
        """Somebody of a partner."""
        return await self._client(Role.PARTNER, organisation=organisation)

    async def _client(
        self, *roles: Role, name: str = "", gemeente: str = "", organisation: UUID | None = None
    ) -> Client:
        who = (*roles, name, gemeente, organisation)
        if who not in self._known:
            token = await self._tokens.token(Wanted(roles, name, gemeente, organisation))
            self._known[who] = Client(self.wire, token)
        return self._known[who]
