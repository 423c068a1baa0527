"""Files that were written once and are handed out until what they tell of has moved on."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from shared.feeds.cursor import Place

READ_AT_ONCE = 65_536
REST = 20
"""A file is handed out for so many times as long as it took to write: so writing takes a twentieth of the time at most."""


class Packed:
    """The bytes of a file, kept compressed: a table of a hundred thousand lines fits into a few megabytes."""

    def __init__(self) -> None:
        self._compressing = zlib.compressobj(6)
        self._hash = hashlib.sha256()
        self._parts: list[bytes] = []
        self.size = 0

    def take(self, content: bytes) -> None:
        """The next bytes."""
        self.size += len(content)
        self._hash.update(content)
        if packed := self._compressing.compress(content):
            self._parts.append(packed)

    def close(self) -> None:
        """That was all."""
        self._parts.append(self._compressing.flush())

    @property
    def tag(self) -> str:
        """The strong entity tag of the bytes."""
        return f'"{self._hash.hexdigest()[:32]}"'

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes again, in chunks of a bounded size."""
        unpacking = zlib.decompressobj()
        for part in self._parts:
            left = part
            while left:
                yield unpacking.decompress(left, READ_AT_ONCE)
                left = unpacking.unconsumed_tail
        while rest := unpacking.decompress(b"", READ_AT_ONCE):
            yield rest


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was at a place in the log."""

    content: Packed
    place: Place


class Shelf:
    """The newest of each file. One writes it, all others who ask meanwhile wait for that."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[Written, float]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def file(self, name: str, place: Place, write: Callable[[], Awaitable[Written]]) -> Written:
        """The file at this place in the log, or as it was shortly before where writing takes long."""
        clock = asyncio.get_running_loop().time
        async with self._turns[name]:
            if kept := self._written.get(name):
                file, until = kept
                if file.place == place or clock() < until:
                    return file
            begun = clock()
            file = await write()
            self._written[name] = file, clock() + REST * (clock() - begun)
            return file
