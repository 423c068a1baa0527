"""Server-sent events: the lines of a log as they come, resumable at every moment, and a clear end.

A reader pulls: nothing is queued for it. What it has not taken yet stands in the tail, which all share, or in the log; so a
slow reader costs no memory. One that does not come to the end for too long is told so, and its stream ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, aclosing
from enum import StrEnum
from typing import Generic, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.feeds.cursor import Place
from shared.feeds.openings import Limits
from shared.feeds.tail import Line, Tail
from shared.storage.faults import is_transient

T = TypeVar("T")
COME_BACK_MS = 2_000
TELL_AT_ONCE = 100
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # a proxy before us must pass on each event as it comes
}


class End(StrEnum):
    """Why a stream ends."""

    TOO_SLOW = "too-slow"
    STOPPING = "stopping"
    UNAVAILABLE = "unavailable"


SAID_AT_THE_END = {
    End.TOO_SLOW: "U leest langzamer dan er regels komen. Ga verder met Last-Event-ID, of lees /v1/feed.",
    End.STOPPING: "De dienst start opnieuw. Maak weer verbinding, met Last-Event-ID.",
    End.UNAVAILABLE: "De gegevens zijn nu even niet te lezen. Maak straks weer verbinding, met Last-Event-ID.",
}


def frame(kind: str, data: bytes, place: Place) -> bytes:
    """One event. `data` is on one line."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (place.cursor.encode(), kind.encode(), data)


def _moved(place: Place) -> bytes:
    """An id without data: a reader remembers it and sees no event (HTML standard, 9.2.6)."""
    return b"id: %b\n\n" % place.cursor.encode()


def _ended(reason: End) -> bytes:
    data = json.dumps({"reason": reason, "detail": SAID_AT_THE_END[reason]}, ensure_ascii=False)
    return b"event: end\ndata: %b\n\n" % data.encode()


class Stream(Generic[T]):
    """What one reader gets. `takes` says which lines it wants; the others move it on unseen."""

    def __init__(self, tail: Tail[T], place: Place, takes: Callable[[T], bool], limits: Limits) -> None:
        self._tail, self._takes, self._limits = tail, takes, limits
        self._place = place
        self._at_end: float | None = None
        """When it last had everything; None until it had."""

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Bytes to send, until it ends."""
        async with self._tail.followed():
            yield b"retry: %d\n%b" % (COME_BACK_MS, _moved(self._place))
            while not isinstance(told := await self._next(), End):
                yield told
            yield _ended(told)

    async def _next(self) -> bytes | End:
        """What is sent next, a heartbeat at the latest; or why it ends."""
        clock = asyncio.get_running_loop().time
        heartbeat_at = clock() + self._limits.heartbeat_seconds
        while not self._tail.is_closed:
            if self._is_too_slow(clock()):
                return End.TOO_SLOW
            try:
                lines = await self._lines()
            except Exception as error:
                if is_transient(error):
                    return End.UNAVAILABLE
                raise
            if lines:
                self._place = lines[-1].place
                if chunk := b"".join(line.frame for line in lines if self._takes(line.said)):
                    return chunk
            else:
                await self._tail.grows(self._place.position, heartbeat_at - clock())
                self._at_end = clock()
            if clock() >= heartbeat_at:
                return b": heartbeat\n" + _moved(self._place)
        return End.STOPPING

    def _is_too_slow(self, now: float) -> bool:
        if self._place.position >= self._tail.end.position:
            self._at_end = now
        return self._at_end is not None and now - self._at_end > self._limits.patience_seconds

    async def _lines(self) -> Sequence[Line[T]]:
        """What comes next: from the tail, or from the log itself where the tail does not reach back so far."""
        lines = self._tail.since(self._place.position)
        if lines is None:
            lines = await self._tail.read_on(self._place.position, TELL_AT_ONCE)
        return lines[:TELL_AT_ONCE]


class EventStream(StreamingResponse):
    """The response that tells a stream's frames. It lets go of `held`, and of the frames, as soon as the reader has gone."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], held: AbstractContextManager[object]) -> None:
        super().__init__(frames, headers=HEADERS)
        self._frames, self._held = frames, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the frames end or the reader has gone."""
        with self._held:
            async with aclosing(self._frames):
                await super().__call__(scope, receive, send)
