"""Asks the running services, as somebody, and keeps every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.roles.cast import Actor
from tests.roles.wire import Wire
from tests.waiting import eventually

Json = dict[str, Any]
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
OWN_HEADERS = frozenset({"date", "content-length"})
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody got."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def text(self) -> str:
        """All of it: nothing may stand in a header either."""
        return self.body + "\n".join(f"{name}: {value}" for name, value in self.headers)

    def without(self, asked: list[str]) -> tuple[int, tuple[tuple[str, str], ...], str]:
        """What is left when what was asked for, and all other ids, are taken out."""
        body = self.body
        for text in sorted(asked, key=len, reverse=True):
            body = body.replace(f"/{text}", "/<asked>") if len(text) < 4 else body.replace(text, "<asked>")
        return self.status, tuple(h for h in self.headers if h[0] not in OWN_HEADERS), IDS.sub("<id>", body)


class Asker:
    """The one way in to all services, which listen on these ports."""

    def __init__(self, wire: Wire, ports: Mapping[str, int]) -> None:
        self.wire, self.ports = wire, ports

    async def ask(
        self,
        actor: Actor,
        service: str,
        method: str,
        path: str,
        body: object = None,
        *,
        seen: int | None = None,
        query: Mapping[str, str] | None = None,
        media_type: str = JSON,
    ) -> Answer:
        """The answer. A change has an Idempotency-Key of its own."""
        headers = {} if actor.token is None else {"Authorization": f"Bearer {actor.token}"}
        if method != "GET":
            headers |= {"Idempotency-Key": str(uuid4()), "Content-Type": media_type}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        target = f"/v1{path}" + (f"?{urlencode(query)}" if query else "")
        sent = None if method == "GET" else json.dumps(body).encode()
        try:
            status, told, content = await self.wire.send(self.ports[service], method, target, headers, sent)
        except TimeoutError:
            raise AssertionError(f"{actor.name}: {method} {service} {target}: no answer in time") from None
        return Answer(status, told, content.decode(errors="replace"))

    async def done(self, actor: Actor, service: str, method: str, path: str, body: object = None, **more: Any) -> Json:
        """What it answers when all is well."""
        answer = await self.ask(actor, service, method, path, body, **more)
        assert answer.status < 300, f"{actor.name}: {method} {service} {path}: {answer.status} {answer.body}"
        found: Json = json.loads(answer.body)
        return found

    async def found(self, actor: Actor, service: str, path: str) -> Json:
        """What stands there as soon as it does: another service has to hear of it first."""

        async def look() -> Json | None:
            answer = await self.ask(actor, service, "GET", path)
            return json.loads(answer.body) if answer.status == 200 else None

        found: Json = await eventually(look, what=f"GET {service} {path}")
        return found
