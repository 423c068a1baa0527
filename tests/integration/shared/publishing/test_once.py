"""However often, and however many at once: an event from outside has one effect, and every sender reads the same answer."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx

from shared.publishing import store
from tests.integration.shared.publishing.sending import event, items, send
from tests.messaging import value
from tests.standing import START, Standing

AT_ONCE = 20


async def test_twenty_at_once_are_one(fund: httpx.AsyncClient, stand: Standing) -> None:
    sent = event("een")
    answers = await asyncio.gather(*(send(fund, sent) for _ in range(AT_ONCE)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert await value(stand.database, "select count(*) from ended") == 1
    assert len(await stand.said()) == 1


async def test_of_twenty_that_say_different_things_under_one_id_one_is_accepted(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    answers = await asyncio.gather(*(send(fund, event(f"woord {nth}", id="zelfde")) for nth in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * (AT_ONCE - 1)]
    assert await value(stand.database, "select count(*) from ended") == 1


async def test_batches_with_the_same_events_in_another_order_do_not_block_each_other(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    sent = [event(f"woord {nth}", id=str(nth)) for nth in range(10)]
    turned = [sent[nth:] + sent[:nth] for nth in range(10)]
    found = await asyncio.gather(*(items(fund, *batch) for batch in turned))

    assert await value(stand.database, "select count(*) from ended") == len(sent)
    answers = {one["eventId"]: json.dumps(one) for batch in found for one in batch}
    assert all(answers[one["eventId"]] == json.dumps(one) for batch in found for one in batch)


async def test_what_is_older_than_90_days_is_forgotten_and_what_is_not_stays(
    fund: httpx.AsyncClient, stand: Standing
) -> None:
    await items(fund, event())
    kept = "select count(*) from publication"
    now = await value(stand.database, "select received_at from publication")
    assert now == START
    written = await value(stand.database, "select uuid_extract_timestamp(id) from publication")
    async with stand.database.transaction() as tx:
        await store.forget_old(tx, written + store.KEPT_FOR - timedelta(seconds=1), 10_000)
    assert await value(stand.database, kept) == 1
    async with stand.database.transaction() as tx:
        await store.forget_old(tx, written + store.KEPT_FOR + timedelta(seconds=1), 10_000)
    assert await value(stand.database, kept) == 0
