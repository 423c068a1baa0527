"""How the workload asks: any replica will do, and a change is asked with the same key until a definite answer comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol
from uuid import UUID, uuid5

import asyncpg
import httpx

from tests.chaos.ledger import Command, Json, Ledger

RUNS = UUID("6f0c7a52-8f4e-4d43-9a56-3f3f7a1f2f10")
NOT_NOW = frozenset({401, 408, 425, 429})
"""Refusals that say nothing of what was asked: a replica whose clock is wrong finds every token expired, or not valid yet."""
ANSWER_WITHIN_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0


class View(Protocol):
    """A platform as the workload and the checker see it."""

    @property
    def kafka(self) -> str:
        """Bootstrap servers that no fault stands before."""

    def addresses(self, service: str) -> Sequence[str]:
        """The base URLs of a service's replicas, up or not."""

    async def token(self, form: Mapping[str, str | list[str]]) -> str:
        """A bearer token of the development issuer, for this form (role, subject, gemeente, organisation)."""

    def database(self, service: str) -> AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]:
        """A superuser's connection that sees one service's tables, with no fault before it."""


class Stopped(Exception):
    """The run is over: nothing new is asked."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who asks."""

    roles: tuple[str, ...]
    subject: str = ""
    gemeente: str = ""
    organisation: str = ""

    @property
    def form(self) -> dict[str, str | list[str]]:
        """What the issuer is asked."""
        return {
            "role": list(self.roles),
            "subject": self.subject,
            "gemeente": self.gemeente,
            "organisation": self.organisation,
        }

    @property
    def name(self) -> str:
        """How the ledger calls them."""
        return ":".join(part for part in (*self.roles, self.subject, self.gemeente, self.organisation) if part)


MANAGER = Who(("programme-manager",), "chaos-programmamanager")


@dataclass
class Pace:
    """At most so many commands a second, over all walkers; they take turns."""

    per_second: float
    _next: float = 0.0

    async def turn(self) -> None:
        """Returns when the next command may go."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now) + 1 / self.per_second
        await asyncio.sleep(self._next - now)


@dataclass
class Wire:
    """Requests to the replicas. `patience_s` is how long commands are still asked again once the run is over."""

    http: httpx.AsyncClient
    view: View
    ledger: Ledger
    pace: Pace
    stop: asyncio.Event
    patience_s: float = 120.0
    rng: Random = field(default_factory=lambda: Random(0))
    _tokens: dict[Who, str] = field(default_factory=dict)
    _over_at: float | None = None

    async def ask(self, who: Who | None, service: str, method: str, path: str, **given: Any) -> httpx.Response | None:
        """The definite answer of some replica; None when none came until patience ended.

        Raises: Stopped, for a question when the run is over.
        """
        pause = FIRST_PAUSE_S
        while True:
            if method == "GET" and self.stop.is_set():
                raise Stopped
            if self._given_up():
                return None
            if (answer := await self._once(who, service, method, path, given)) is not None:
                return answer
            await asyncio.sleep(pause * (0.5 + self.rng.random()))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _once(
        self, who: Who | None, service: str, method: str, path: str, given: Mapping[str, Any]
    ) -> httpx.Response | None:
        address = self.rng.choice(list(self.view.addresses(service)))
        if command := given.get("extensions", {}).get("command"):
            command.tries += 1
        try:
            headers = {**given.get("headers", {}), **await self._login(who)}
            answer = await self.http.request(method, f"{address}/v1{path}", **{**given, "headers": headers})
        except (httpx.TransportError, OSError):
            return None
        return None if answer.status_code in NOT_NOW or answer.is_server_error else answer

    async def _login(self, who: Who | None) -> dict[str, str]:
        if who is None:
            return {}
        if who not in self._tokens:
            self._tokens[who] = await self.view.token(who.form)
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    def _given_up(self) -> bool:
        if not self.stop.is_set():
            return False
        now = asyncio.get_running_loop().time()
        self._over_at = self._over_at or now
        return now - self._over_at > self.patience_s


class Hand:
    """One walker's way to ask: its own dice, and keys that follow from the seed, the walker and the count."""

    def __init__(self, wire: Wire, seed: int, walker: int) -> None:
        self.wire = wire
        self.rng = Random(f"{seed}:{walker}")
        self._keys = uuid5(RUNS, f"{seed}:{walker}")
        self._walker, self._count = walker, 0

    def mark(self) -> str:
        """A word that nobody else says: letters only, as a number could look like somebody's."""
        self._count += 1
        return f"merk{_letters(self._walker)}x{_letters(self._count)}"

    def new_id(self) -> str:
        """An id that is ours to give."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    async def look(self, who: Who | None, service: str, path: str, **query: object) -> Json | None:
        """What stands there; None when there is nothing (yet), or not for them. Raises: Stopped."""
        params = {name: str(value) for name, value in query.items()}
        answer = await self.wire.ask(who, service, "GET", path, params=params)
        if answer is None or not answer.is_success:
            return None
        found: Json = answer.json()
        return found

    async def do(self, who: Who, service: str, kind: str, method: str, path: str, **given: Any) -> Command:
        """Asks for a change until it is done or refused. `given`: body, seen, entity. Raises: Stopped, before it is asked."""
        await self.wire.pace.turn()
        if self.wire.stop.is_set():
            raise Stopped
        self._count += 1
        key = str(uuid5(self._keys, str(self._count)))
        command = self.wire.ledger.sent(service, kind, key, method, path, by=who.name, **given)
        headers = {"Idempotency-Key": key}
        if command.seen is not None:
            headers["If-Match"] = f'"{command.seen}"'
        answer = await self.wire.ask(
            who, service, method, path, json=command.body, headers=headers, extensions={"command": command}
        )
        if answer is None:
            raise Stopped
        self.wire.ledger.answered(command, answer.status_code, answer.json() if answer.content else None)
        return command


def _letters(number: int) -> str:
    """A number in letters, base 26."""
    text = ""
    while True:
        number, rest = divmod(number, 26)
        text = chr(ord("a") + rest) + text
        if not number:
            return text
