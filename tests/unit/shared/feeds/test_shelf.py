"""Is a file written once for all who ask, and handed out whole?"""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.feeds.cursor import Place
from shared.feeds.shelf import Packed, Shelf, Written
from tests.waiting import eventually

ONE, TWO = Place.after(1, "a"), Place.after(2, "b")


def packed(*parts: bytes) -> Packed:
    content = Packed()
    for part in parts:
        content.take(part)
    content.close()
    return content


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
async def test_what_was_packed_comes_out_again_in_bounded_chunks(size: int) -> None:
    for raw in (b"een regel die vaak komt;" * (size // 24), random.Random(5).randbytes(size)):
        content = packed(raw[: size // 3], raw[size // 3 :])
        chunks = [chunk async for chunk in content.chunks()]
        assert b"".join(chunks) == raw
        assert max(map(len, chunks), default=0) <= 65_536
        assert content.size == len(raw)


def test_the_same_bytes_have_the_same_tag_however_they_came() -> None:
    assert packed(b"ab", b"c").tag == packed(b"a", b"bc").tag != packed(b"abd").tag


class Press:
    """Writes, and counts how often; takes as long as a test wants."""

    def __init__(self, place: Place, seconds: float = 0) -> None:
        self.place, self.seconds, self.times = place, seconds, 0

    async def __call__(self) -> Written:
        self.times += 1
        await asyncio.sleep(self.seconds)
        return Written(packed(str(self.place).encode()), self.place)


async def test_many_who_ask_at_once_get_one_file() -> None:
    shelf, press = Shelf(), Press(ONE, 0.01)
    files = await asyncio.gather(*(shelf.file("a.csv", ONE, press) for _ in range(20)))
    assert press.times == 1
    assert len({id(file) for file in files}) == 1
    assert await shelf.file("a.csv", ONE, press) is files[0]


async def test_a_new_line_makes_a_new_file_once_writing_has_rested() -> None:
    shelf, first, second = Shelf(), Press(ONE, 0.1), Press(TWO)
    old = await shelf.file("a.csv", ONE, first)
    assert await shelf.file("a.csv", TWO, second) is old, "writing takes a twentieth of the time at most"

    async def is_new() -> bool:
        return (await shelf.file("a.csv", TWO, second)).place == TWO

    await eventually(is_new)
    assert second.times == 1


async def test_who_fails_to_write_leaves_the_next_one_to_try() -> None:
    shelf, press = Shelf(), Press(ONE)

    async def fails() -> Written:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await shelf.file("a.csv", ONE, fails)
    assert (await shelf.file("a.csv", ONE, press)).place == ONE
