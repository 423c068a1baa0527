"""Topics come and go, and are emptied; publishers are added and removed: whatever there is, is heard."""

from __future__ import annotations

import asyncio

import pytest

from shared.runtime.outside import Outside
from tests.integration.shared.publishing.listening import (
    Ground,
    Publisher,
    beyond,
    hearing,
    is_placed,
    log_of,
    make_topics,
    new_fund,
    until_told,
    until_words,
)
from tests.integration.shared.publishing.sending import event
from tests.topics import delete_topics, write
from tests.waiting import eventually

MANY = 10_000
STATUSES = "select status, count(*) from publication group by status"


async def test_a_topic_that_is_missing_is_named_with_what_makes_it_and_stops_nothing(
    on: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    late = new_fund()
    on.declare(on.fund, late)
    async with hearing(on) as outside:
        await write(on.settings.kafka_servers, [on.fund.record(event("een"))])
        await until_words(on, "een")
        await eventually(lambda: outside.inbound.missing == {late.inbound})
        await eventually(lambda: _is_ready(outside))
        await make_topics(on.settings.kafka_servers, late.inbound, late.refusals)
        await write(on.settings.kafka_servers, [late.record(event("twee"))])
        await until_words(on, "een", "twee")
        await eventually(lambda: not outside.inbound.missing)
    named = [message for message in caplog.messages if late.inbound in message]
    assert len(named) == 1
    assert "python -m deploy.access apply" in named[0]


async def _is_ready(outside: Outside) -> bool:
    return await outside.inbound.problem() is None


async def test_who_is_added_is_heard_and_who_is_removed_is_not(on: Ground) -> None:
    added = new_fund()
    await make_topics(on.settings.kafka_servers, added.inbound, added.refusals)
    async with hearing(on) as outside:
        await eventually(lambda: is_placed(outside.inbound.consumer))
        on.declare(added)
        await write(on.settings.kafka_servers, [added.record(event("een"))])
        await until_words(on, "een")
        await write(on.settings.kafka_servers, [on.fund.record(event("te laat")), added.record(event("twee"))])
        await until_words(on, "een", "twee")


async def test_without_publishers_there_is_nothing_to_wait_for(on: Ground) -> None:
    on.declare()
    async with hearing(on) as outside:
        assert await outside.inbound.problem() is None


async def test_a_topic_that_was_emptied_or_made_anew_is_read_from_its_beginning(on: Ground) -> None:
    servers = on.settings.kafka_servers
    async with hearing(on):
        await write(servers, [on.fund.record(event(f"woord {nth}")) for nth in range(5)])
        await eventually(lambda: beyond(lambda: _count(on), 5))
    await delete_topics(servers, [on.fund.inbound])
    await make_topics(servers, on.fund.inbound)
    await write(servers, [on.fund.record(event("opnieuw"))])
    async with hearing(on):
        await eventually(lambda: beyond(lambda: _count(on), 6))
    assert "opnieuw" in await on.words()


async def _count(on: Ground) -> int:
    return len(await on.words())


async def test_with_too_much_to_be_told_inbound_topics_wait(on: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = asyncio.Event()
    deep.set()

    async def is_too_busy(*_: object) -> bool:
        return deep.is_set()

    monkeypatch.setattr("shared.publishing.publishing.Publishing.is_too_busy", is_too_busy)
    async with hearing(on) as outside:
        await write(on.settings.kafka_servers, [on.fund.record(event("een"))])
        await eventually(lambda: outside.inbound.consumer is not None and outside.inbound.consumer.retried > 1)
        assert await on.words() == []
        deep.clear()
        await until_words(on, "een")


async def test_refusals_wait_for_a_topic_that_is_missing_and_other_publishers_do_not(on: Ground) -> None:
    lost = Publisher(new_fund().name)
    await make_topics(on.settings.kafka_servers, lost.inbound)
    on.declare(on.fund, lost)
    async with hearing(on):
        await write(on.settings.kafka_servers, [lost.record(event("weiger")), on.fund.record(event("weiger"))])
        assert len(await until_told(on, 1)) == 1
        await make_topics(on.settings.kafka_servers, lost.refusals)
        await eventually(lambda: log_of(on.settings.kafka_servers, lost.refusals))
