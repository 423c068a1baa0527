"""What holds for every exchange, whatever answers: headers, a limit to what is sent, and never a bare error."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import problem_of

MAX_BODY_BYTES = 1_048_576
GONE = 499
"""Stands for the status where none was sent: whoever asked had gone."""
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""NL API Design Rules, transport security module."""

Observe = Callable[[str, str, int, float], None]
"""Method, template of the route ("none" where there is none), status and seconds of an exchange."""


def unseen(method: str, route: str, status: int, seconds: float) -> None:
    """Nobody measures."""


class TooLarge(HTTPException):
    """More than we take. The connection is closed, as whoever does not stop sending would keep it busy for ever."""

    def __init__(self) -> None:
        super().__init__(413, headers={"Connection": "close"})


class Envelope:
    """The outermost layer of an application, as plain ASGI."""

    def __init__(
        self, app: ASGIApp, version: str, max_body_bytes: int = MAX_BODY_BYTES, observe: Observe = unseen
    ) -> None:
        self._app, self._observe = app, observe
        self._max_body_bytes = max_body_bytes
        headers = {"API-Version": version, **SECURITY_HEADERS}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one exchange."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._headers, self._max_body_bytes)
        begun = time.monotonic()
        try:
            exchange.check()
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return
        except Exception as error:
            if exchange.has_begun:
                raise
            response = problem_of(error).response(scope["path"])
            await response(scope, receive, exchange.send)
        finally:
            self._observe(scope["method"], exchange.route, exchange.status, time.monotonic() - begun)


class Exchange:
    """One request and its response. A HEAD is answered as its GET, without the body."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, headers: list[tuple[bytes, bytes]], max_body_bytes: int
    ) -> None:
        self.is_head = scope["method"] == "HEAD"
        self.scope = {**scope, "method": "GET"} if self.is_head else scope
        self.status = GONE
        self._is_answered = False
        self._receive = receive
        self._send = send
        self._headers = headers
        self._left = max_body_bytes

    @property
    def has_begun(self) -> bool:
        """Whether the answer is on its way."""
        return self.status != GONE

    @property
    def route(self) -> str:
        """The template of the route that answers, such as "/projects/{project}"."""
        return getattr(self.scope.get("route"), "path", "none")

    def check(self) -> None:
        """Refuses what is too large, or cannot be an address of ours, before anything is read.

        Raises: HTTPException.
        """
        length = Headers(scope=self.scope).get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._left:
            raise TooLarge if length.isdecimal() else HTTPException(400)
        if "\0" in self.scope["path"] or b"%00" in self.scope["query_string"]:
            raise HTTPException(400)

    async def receive(self) -> Message:
        """The next part of the request.

        Raises: HTTPException 413, when it all becomes too large.
        """
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Sends the next part of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(header for header in self._headers if header[0] not in own)]
        elif self.is_head and message["type"] == "http.response.body":
            if self._is_answered:
                return  # a body without end: the server tells whoever makes it that the asker has gone
            self._is_answered = True
            message = {"type": message["type"], "body": b""}
        await self._send(message)
