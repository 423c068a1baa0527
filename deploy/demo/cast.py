"""Who plays: everybody gets a token of the development issuer, as `make token` gives one."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from deploy.demo.client import Client, Wire
from deploy.demo.failing import DemoFailed
from shared.web.logins import Role


@dataclass
class Cast:
    """Everybody who asks something, each with a token that is fetched once."""

    wire: Wire
    _known: dict[tuple[str, ...], Client] = field(default_factory=dict)

    @property
    def public(self) -> Client:
        """Anybody, without a token."""
        return Client(self.wire)

    async def programme_manager(self) -> Client:
        """Somebody of the programme office, who also sits on the board."""
        return await self._client(Role.PROGRAMME_MANAGER, Role.BOARD_MEMBER, subject="demo-programmamanager")

    async def board_member(self, seat: str) -> Client:
        """Whoever holds this seat on the board."""
        if seat == "programmamanager":
            return await self.programme_manager()
        return await self._client(Role.BOARD_MEMBER, subject=f"demo-{seat}")

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
        self, *roles: Role, subject: str = "", gemeente: str = "", organisation: UUID | None = None
    ) -> Client:
        asked = {"subject": subject, "gemeente": gemeente, "organisation": str(organisation or "")}
        who = (*roles, *asked.values())
        if who not in self._known:
            self._known[who] = Client(self.wire, await self._token({"role": list(roles), **asked}))
        return self._known[who]

    async def _token(self, form: dict[str, str | list[Role]]) -> str:
        issuer = self.wire.places.issuer
        request = self.wire.http.build_request("POST", f"{issuer}/token", data=form)
        response = await self.wire.send("issuer", request)
        if response.is_error:
            raise DemoFailed(
                f"De uitgever van toegangsbewijzen op {issuer} gaf status {response.status_code}.",
                self.wire.places.advice("issuer"),
            )
        return str(response.json()["access_token"])
