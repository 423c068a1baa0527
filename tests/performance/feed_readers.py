"""Many readers of the feed in a process of their own: `python -m tests.performance.feed_readers '{...}'`.

Each reads until it was told of so many lines. Printed at the end: when the last reader had the first line, the second, and so
on, by the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

CHUNK = 65_536


class Progress:
    """When the last reader had each line."""

    def __init__(self, lines: int) -> None:
        self.lines = lines
        self.last = [0.0] * lines

    def note(self, had: int, more: int) -> int:
        """A reader that had so many lines has more now."""
        now = time.monotonic()
        for nth in range(had, min(had + more, self.lines)):
            self.last[nth] = now
        return had + more


async def stream(host: str, port: int, after: str, progress: Progress) -> None:
    """Follows server-sent events."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET /v1/feed/stream?after={after} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    had, rest = 0, b""
    while had < progress.lines:
        chunk = await reader.read(CHUNK)
        if not chunk:
            raise RuntimeError(f"the stream ended after {had} of {progress.lines} lines: {rest[-300:]!r}")
        whole, _, rest = (rest + chunk).rpartition(b"\n\n")
        had = progress.note(had, whole.count(b"\nevent: "))
    writer.close()


async def poll(host: str, port: int, after: str, progress: Progress) -> None:
    """Asks the feed again and again, each time until there is more."""
    reader, writer = await asyncio.open_connection(host, port)
    had = 0
    while had < progress.lines:
        writer.write(f"GET /v1/feed?limit=1000&wait=30&after={after} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        page = json.loads(await reader.readexactly(int(size.partition(b":")[2])))
        after, had = page["next"], progress.note(had, len(page["items"]))
    writer.close()


async def main(given: dict[str, Any]) -> None:
    """All of them at once."""
    progress = Progress(given["lines"])
    reads = {"stream": stream, "poll": poll}[given["how"]]
    many = (reads(given["host"], given["port"], given["after"], progress) for _ in range(given["readers"]))
    await asyncio.gather(*many)
    print(json.dumps(progress.last))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
