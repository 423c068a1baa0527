"""HTTP/1.1 as plain as can be: thousands of requests in a minute, on connections that stay open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

ANSWER_WITHIN_S = 120.0
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Head = tuple[int, tuple[tuple[str, str], ...]]


class Wire:
    """Requests to addresses on this machine. Of a stream that does not end by itself, its first piece is read."""

    def __init__(self) -> None:
        self._idle: dict[int, list[Stream]] = defaultdict(list)

    async def send(
        self, port: int, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Status, headers and body."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [] if body is None else [f"Content-Length: {len(body)}"]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")
        while self._idle[port]:
            stream = self._idle[port].pop()
            try:
                return await self._exchange(port, stream, request)
            except (ConnectionError, asyncio.IncompleteReadError):  # it was closed for being idle
                await _closed(stream[1])
        return await self._exchange(port, await asyncio.open_connection("127.0.0.1", port), request)

    async def close(self) -> None:
        """Lets go of all connections."""
        for _, writer in (stream for streams in self._idle.values() for stream in streams):
            await _closed(writer)
        self._idle.clear()

    async def _exchange(
        self, port: int, stream: Stream, request: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self._answer(port, stream, request)

    async def _answer(
        self, port: int, stream: Stream, request: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        reader, writer = stream
        writer.write(request)
        status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        known = dict(headers)
        endless = known.get("content-type", "").startswith("text/event-stream")
        body = await _body(reader, known, endless=endless, empty=status in (204, 304))
        if endless or known.get("connection") == "close":
            await _closed(writer)
        else:
            self._idle[port].append(stream)
        return status, headers, body


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def _head(raw: bytes) -> Head:
    first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], *, endless: bool, empty: bool) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if empty or headers.get("transfer-encoding") != "chunked":
        return b""
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
        if endless:
            return body
    await reader.readuntil(b"\r\n")
    return body
