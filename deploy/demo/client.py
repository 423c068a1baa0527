"""Asks the services over HTTP, as anybody could. A change carries an Idempotency-Key, so that asking again is safe."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import httpx

from deploy.demo.failing import DemoFailed
from deploy.demo.places import Places
from deploy.demo.screen import duration

Json = dict[str, Any]
KEY = "Idempotency-Key"
RETRY_FOR_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 1.0
PAGE = 100


class Keys:
    """Idempotency-Keys made of the run, the step and what is asked: the same request again has the same key."""

    def __init__(self, run: UUID) -> None:
        self._run = run
        self._asked: Counter[tuple[str, str, str]] = Counter()
        self.step = "begin"

    def next(self, method: str, path: str) -> str:
        """The key of the next change that is asked in this step."""
        asked = (self.step, method, path)
        self._asked[asked] += 1
        return str(uuid5(self._run, "\n".join((*asked, str(self._asked[asked])))))


@dataclass
class Wire:
    """How requests travel. `notice` hears of what is tried again; `retries` counts that.

    `asked` are the moments at which changes were asked, by the clock of the event loop.
    """

    http: httpx.AsyncClient
    places: Places
    keys: Keys
    notice: Callable[[str], None] = field(default=lambda _: None)
    retries: int = 0
    patience_s: float = RETRY_FOR_S
    asked: list[float] = field(default_factory=list)

    def since_asked(self, moment: float) -> float:
        """How long before this moment the last change was asked, in seconds."""
        place = bisect_right(self.asked, moment)
        return moment - self.asked[place - 1] if place else 0.0

    async def send(self, service: str, request: httpx.Request) -> httpx.Response:
        """The answer; the same request is sent again while the service is away, for `patience_s`.

        Raises: DemoFailed.
        """
        clock = asyncio.get_running_loop().time
        began, pause = clock(), FIRST_PAUSE_S
        while isinstance(answer := await self._answer(request), str):
            if clock() - began > self.patience_s:
                raise DemoFailed(
                    f"{service} antwoordt niet op {request.url} ({answer}), ook niet na {self.patience_s:.0f} s.",
                    self.places.advice(service),
                )
            if pause == FIRST_PAUSE_S:
                key = ", met dezelfde sleutel" if KEY in request.headers else ""
                self.notice(f"{service} antwoordt niet ({answer}). Dezelfde vraag gaat opnieuw{key}.")
            self.retries += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        if pause > FIRST_PAUSE_S:
            self.notice(f"{service} antwoordt weer, na {duration(clock() - began)}.")
        return answer

    async def _answer(self, request: httpx.Request) -> httpx.Response | str:
        """The answer, or in a word why there is none now."""
        try:
            response = await self.http.send(request)
        except httpx.TransportError as error:
            return type(error).__name__
        return "status 503" if response.status_code == httpx.codes.SERVICE_UNAVAILABLE else response


@dataclass(frozen=True)
class Client:
    """Somebody with a token, or without one."""

    wire: Wire
    token: str | None = None

    async def get(self, service: str, path: str, **query: object) -> Json:
        """What stands there. Raises: DemoFailed."""
        return self._read(service, await self._ask(service, "GET", path, query=query))

    async def find(self, service: str, path: str) -> Json | None:
        """What stands there; None when there is nothing (yet). Raises: DemoFailed."""
        response = await self._ask(service, "GET", path)
        return None if response.status_code == httpx.codes.NOT_FOUND else self._read(service, response)

    async def items(self, service: str, path: str, **query: object) -> AsyncIterator[Json]:
        """Everything in a list, page after page. Raises: DemoFailed."""
        after: str | None = None
        while True:
            going_on = {} if after is None else {"after": after}
            page = await self.get(service, path, **query, **going_on, limit=PAGE)
            for item in page["items"]:
                yield item
            after = page.get("next")
            if after is None:
                return

    async def post(self, service: str, path: str, body: Json | None = None) -> Json:
        """Makes something. Raises: DemoFailed."""
        return self._read(service, await self._ask(service, "POST", path, body))

    async def post_unless(self, service: str, path: str, body: Json, problem: str) -> Json | None:
        """Makes something; None when it is refused with this problem: it is there already. Raises: DemoFailed."""
        response = await self._ask(service, "POST", path, body)
        there = response.status_code == httpx.codes.CONFLICT and response.json()["type"].endswith(f"/{problem}")
        return None if there else self._read(service, response)

    async def put(self, service: str, path: str, body: Json, revision: int) -> Json:
        """Changes something, as it was seen at this revision. Raises: DemoFailed."""
        return self._read(service, await self._ask(service, "PUT", path, body, revision=revision))

    async def refused(self, service: str, method: str, path: str, body: Json | None = None, revision: int = 0) -> Json:
        """Asks what must be refused, and gives the problem. Raises: DemoFailed, when it is not refused."""
        response = await self._ask(service, method, path, body, revision=revision if method == "PUT" else None)
        if response.is_success or response.is_server_error:
            raise DemoFailed(f"{method} {path} had geweigerd moeten worden, en gaf {response.status_code}.")
        problem: Json = response.json()
        return problem

    async def _ask(
        self,
        service: str,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        revision: int | None = None,
        query: Mapping[str, object] | None = None,
    ) -> httpx.Response:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if method != "GET":
            headers[KEY] = self.wire.keys.next(method, path)
            self.wire.asked.append(asyncio.get_running_loop().time())
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        url = f"{self.wire.places.services[service]}/v1{path}"
        given = {name: str(value) for name, value in (query or {}).items()}
        request = self.wire.http.build_request(method, url, params=given or None, json=body, headers=headers)
        return await self.wire.send(service, request)

    def _read(self, service: str, response: httpx.Response) -> Json:
        if response.is_success:
            answer: Json = response.json()
            return answer
        asked = f"{response.request.method} {response.request.url.path}"
        raise DemoFailed(
            f"{service} zei bij {asked}: {response.status_code} {_told(response)}", self.wire.places.advice(service)
        )


def _told(response: httpx.Response) -> str:
    """What the problem says, with every fault."""
    try:
        problem = response.json()
    except ValueError:
        return response.text[:200]
    faults = "; ".join(f"{fault['field']}: {fault['message']}" for fault in problem.get("errors", []))
    return f"{problem.get('title')}. {problem.get('detail')} {faults}".strip()
