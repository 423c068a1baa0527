"""A TCP proxy that loses, delays and cuts what passes through it: one path stands between one client and one server."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from deploy.local.ports import HOST

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends a reset, and what was not sent yet is lost."""


class Way(StrEnum):
    """In which direction: `there` is from the client to the server."""

    THERE = "there"
    BACK = "back"


BOTH = frozenset(Way)


@dataclass(eq=False)
class Path:
    """Listens on `port` and passes everything to `target`, until something is done to it."""

    name: str
    port: int
    target: int
    passed: int = 0
    _held: dict[Way, asyncio.Event] = field(default_factory=dict)
    _delay_s: float = 0.0
    _refuses: bool = False
    _splits: frozenset[Way] = frozenset()
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens. Raises: OSError when the port is taken."""
        for way in Way:
            self._held[way] = asyncio.Event()
            self._held[way].set()
        self._server = await asyncio.start_server(self._accepted, HOST, self.port)

    async def stop(self) -> None:
        """Lets go of everything, also of who was let in and not carried yet."""
        self._refuses = True
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.reset()

    def hold(self, ways: Iterable[Way] = BOTH) -> None:
        """A black hole: nothing arrives, nobody is told. What is sent meanwhile arrives when it is healed, as with TCP."""
        for way in ways:
            self._held[way].clear()

    def delay(self, seconds: float) -> None:
        """Everything takes so much longer, each way."""
        self._delay_s = seconds

    def cut(self) -> None:
        """Every connection is reset, and so is whoever comes."""
        self._refuses = True
        self.reset()

    def split(self, ways: Iterable[Way] = BOTH) -> None:
        """Of the next piece of every connection half arrives, and then the connection is reset."""
        self._splits = frozenset(ways)

    def reset(self) -> None:
        """Every connection is reset; new ones are taken. What was on its way is lost."""
        for writer in list(self._open):
            _reset(writer)

    def heal(self) -> None:
        """As if nothing had been."""
        self._delay_s, self._refuses, self._splits = 0.0, False, frozenset()
        for way in self._held.values():
            way.set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open) // 2

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            _reset(writer)
            return
        self._open.add(writer)
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            _reset(writer)
            self._open.discard(writer)
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer, Way.THERE))
                pumps.create_task(self._pump(far_reader, writer, Way.BACK))
        except* (OSError, asyncio.CancelledError):
            for each in both:
                _reset(each)
        finally:
            self._open -= both
            for each in both:
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        """Passes on until either side ends. Raises: OSError when it is cut."""
        while piece := await reader.read(CHUNK):
            await self._held[way].wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            if way in self._splits:
                writer.write(piece[: len(piece) // 2])
                await asyncio.sleep(0)  # the half leaves before the reset
                raise ConnectionResetError
            if writer.is_closing():
                raise ConnectionResetError
            writer.write(piece)
            self.passed += len(piece)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
