"""The proxy does to connections what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from deploy.local.ports import HOST
from tests.chaos.proxy import Path, Way
from tests.ports import free_port
from tests.waiting import eventually


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Path, list[bytes]]]:
    """A path to a server that says everything back, and all that the server got."""
    got: list[bytes] = []
    served: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(writer)
        try:
            while piece := await reader.read(100):
                got.append(piece)
                writer.write(piece)
                await writer.drain()
        except OSError:
            got.append(b"<reset>")
        writer.close()
        served.remove(writer)

    server = await asyncio.start_server(answer, HOST, 0)
    path = Path("echo", free_port(), server.sockets[0].getsockname()[1])
    await path.start()
    try:
        yield path, got
    finally:
        await path.stop()
        server.close()
        await eventually(lambda: not served)


async def asked(path: Path, word: bytes = b"hello!") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, path.port)
    writer.write(word)
    return reader, writer


async def first_answer(path: Path) -> bytes:
    reader, writer = await asked(path)
    try:
        return await reader.read(100)
    finally:
        writer.close()


async def test_what_is_sent_arrives_both_ways() -> None:
    async with echo() as (path, got):
        reader, writer = await asked(path)
        assert await reader.read(100) == b"hello!"
        assert got == [b"hello!"]
        writer.close()
        assert await reader.read() == b""
        await eventually(lambda: path.connections == 0)


async def test_a_black_hole_lets_nothing_through_and_gives_it_back_when_healed() -> None:
    async with echo() as (path, got):
        path.hold()
        reader, writer = await asked(path)
        answer = asyncio.create_task(reader.read(100))
        done, _ = await asyncio.wait([answer], timeout=0.2)
        assert (done, got) == (set(), [])
        path.heal()
        assert await answer == b"hello!"
        writer.close()


async def test_answers_alone_can_be_lost() -> None:
    async with echo() as (path, got):
        path.hold([Way.BACK])
        reader, writer = await asked(path)
        await eventually(lambda: got == [b"hello!"])
        path.reset()
        path.heal()
        with pytest.raises(ConnectionResetError):
            await reader.read(100)
        writer.close()


async def test_a_delay_is_felt_each_way() -> None:
    async with echo() as (path, _):
        path.delay(0.1)
        clock = asyncio.get_running_loop().time
        began = clock()
        reader, writer = await asked(path)
        assert await reader.read(100) == b"hello!"
        assert clock() - began >= 0.2
        writer.close()


async def test_a_cut_resets_what_is_open_and_what_comes() -> None:
    async with echo() as (path, _):
        reader, writer = await asked(path)
        assert await reader.read(100) == b"hello!"
        path.cut()
        with pytest.raises(ConnectionResetError):
            await reader.read(100)
        with pytest.raises(ConnectionResetError):
            await first_answer(path)
        path.heal()
        assert await first_answer(path) == b"hello!"
        writer.close()


async def test_in_mid_frame_half_of_it_arrives() -> None:
    async with echo() as (path, got):
        path.split([Way.THERE])
        reader, writer = await asked(path)
        with pytest.raises(ConnectionResetError):
            await reader.read(100)
        await eventually(lambda: got in ([b"hel"], [b"hel", b"<reset>"]))
        writer.close()


async def test_a_server_that_is_away_is_a_reset() -> None:
    path = Path("nowhere", free_port(), free_port())
    await path.start()
    with pytest.raises(ConnectionResetError):
        await first_answer(path)
    await path.stop()


async def test_who_was_let_in_a_moment_ago_is_let_go_of_too() -> None:
    async with echo() as (path, _):
        clients = [await asyncio.open_connection(HOST, path.port) for _ in range(20)]
        await path.stop()
        for reader, writer in clients:
            with suppress(OSError):
                assert await asyncio.wait_for(reader.read(1), 60) == b""
            writer.close()
