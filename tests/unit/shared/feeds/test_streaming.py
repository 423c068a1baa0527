"""Does a stream tell every line once, in order, whatever its reader does; and does it say why it ends?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from shared.feeds.cursor import Place
from shared.feeds.openings import Limits
from shared.feeds.streaming import Stream
from tests.unit.shared.feeds.log import Log

OFTEN = Limits(heartbeat_seconds=0.05, patience_seconds=0.2)
SELDOM = Limits(heartbeat_seconds=600, patience_seconds=600)


@dataclass
class Event:
    id: str | None
    kind: str | None
    data: str | None


def read(text: bytes) -> list[Event]:
    """What an EventSource makes of these bytes (HTML standard, 9.2.6); an id without data is an event without data here."""
    events = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields.keys() - {"retry"}:
            events.append(Event(fields.get("id"), fields.get("event"), fields.get("data")))
    return events


def frames(
    log: Log, place: Place, limits: Limits = SELDOM, takes: Callable[[int], bool] = lambda _: True
) -> AsyncGenerator[bytes, None]:
    return Stream(log.tail, place, takes, limits).frames()


async def numbers(stream: AsyncGenerator[bytes, None], until: int) -> list[int]:
    """The numbers that are told, up to this one."""
    found: list[int] = []
    async for chunk in stream:
        found += [int(event.data) for event in read(chunk) if event.kind == "number" and event.data]
        if found and found[-1] >= until:
            break
    return found


async def test_history_comes_first_and_goes_over_into_what_is_new_without_a_seam() -> None:
    log = Log(1_234, keep=50)
    async with aclosing(frames(log, Place())) as stream:
        reading = asyncio.create_task(numbers(stream, 1_500))
        for _ in range(266):
            await asyncio.sleep(0.001)
            log.add()
        assert await reading == list(range(1, 1_501))


async def test_a_reader_that_comes_back_with_its_last_id_misses_nothing_and_gets_nothing_twice() -> None:
    log, told, place = Log(500), [], Place()
    for _ in range(5):
        async with aclosing(frames(log, place)) as stream:
            await anext(stream)
            for event in read(await anext(stream)):
                told.append(int(event.data or 0))
                place = Place.of(event.id)
    assert told == list(range(1, 501))


async def test_what_a_filter_leaves_out_moves_the_id_on_and_is_no_event() -> None:
    log = Log(300)
    async with aclosing(frames(log, Place(), OFTEN, lambda number: number == 7)) as stream:
        assert [event.id for event in read(await anext(stream))] == [Place().cursor]
        (seven,) = read(await anext(stream))
        assert (seven.data, seven.id) == ("7", log.place(7).cursor)
        heartbeat = await anext(stream)
        assert heartbeat.startswith(b": heartbeat\n")
        assert read(heartbeat) == [Event(log.place(300).cursor, None, None)]


async def test_a_reader_to_whom_nothing_is_told_hears_a_heartbeat() -> None:
    log = Log(1)
    async with aclosing(frames(log, log.place(1), OFTEN)) as stream:
        await anext(stream)
        for _ in range(3):
            assert (await anext(stream)).startswith(b": heartbeat\n")


async def reason_of(stream: AsyncGenerator[bytes, None]) -> str:
    """Why it ended, once what was told before has been passed over."""
    last = b""
    async for chunk in stream:
        last = chunk
    (end,) = read(last)
    assert end.kind == "end"
    assert end.id is None, "the last id stays that of the last line"
    reason: str = json.loads(end.data or "")["reason"]
    return reason


async def test_a_reader_that_takes_nothing_for_too_long_is_told_so_and_was_sent_no_more_than_one_chunk() -> None:
    log = Log(1, keep=10)
    async with aclosing(frames(log, log.place(1), OFTEN)) as stream:
        await anext(stream)
        await anext(stream)  # it has everything
        log.add(100_000)
        await log.tail.grows(100_000, 60)
        await asyncio.sleep(0.3)  # nothing is taken, for longer than it may
        assert await reason_of(stream) == "too-slow"


async def test_a_burst_is_no_reason_to_end_for_who_keeps_reading() -> None:
    log = Log(1, keep=10)
    async with aclosing(frames(log, log.place(1))) as stream:
        await anext(stream)
        reading = asyncio.create_task(numbers(stream, 5_001))
        await asyncio.sleep(0)
        log.add(5_000)
        assert await reading == list(range(2, 5_002))


async def test_a_stream_ends_when_the_service_stops() -> None:
    log = Log(1)
    async with aclosing(frames(log, log.place(1))) as stream:
        await anext(stream)
        ending = asyncio.create_task(reason_of(stream))
        await asyncio.sleep(0)
        log.stopping.set()
        assert await asyncio.wait_for(ending, 30) == "stopping"


async def test_a_stream_ends_when_the_log_cannot_be_read() -> None:
    log = Log(500, keep=10)
    async with aclosing(frames(log, Place())) as stream:
        await anext(stream)
        await anext(stream)
        log.error = ConnectionRefusedError()
        assert await reason_of(stream) == "unavailable"


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    log = Log(500, keep=10)
    async with aclosing(frames(log, Place())) as stream:
        await anext(stream)
        log.error = ValueError("ours")
        with pytest.raises(ValueError, match="ours"):
            await anext(stream)
