"""Outside systems publish over Kafka: the topic says who it is, each event has one effect or one refusal, nothing stops it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from tests.integration.shared.publishing.listening import (
    Ground,
    beyond,
    hearing,
    is_placed,
    log_of,
    make_topics,
    new_fund,
    until_told,
    until_words,
)
from tests.integration.shared.publishing.sending import STRUCTURED, event
from tests.messaging import Record, rows, value
from tests.topics import write, write_unreadable
from tests.waiting import eventually

MANY = 10_000
STATUSES = "select status, count(*) from publication group by status"


async def test_it_has_the_same_effect_as_over_http(on: Ground) -> None:
    binary = event("binair")
    structured = Record(
        on.fund.inbound,
        0,
        0,
        b"any key",
        json.dumps(event("gestructureerd", sequence="9", source="een ander")).encode(),
        [("content-type", STRUCTURED.encode())],
    )
    async with hearing(on):
        await write(on.settings.kafka_servers, [on.fund.record(binary), structured, on.fund.record(binary)])
        await until_words(on, "binair", "gestructureerd")

    said = await rows(on.database, "select headers->>'ce_causationid', headers->>'ce_source' from outbox order by seq")
    kept = await rows(on.database, "select id::text, publisher, via, status from publication order by id")
    assert {cause for cause, _ in said} == {id_ for id_, *_ in kept}
    assert len(said) == len(kept) == 2
    assert {source for _, source in said} == {on.settings.source("toy")}
    assert {tuple(rest) for _, *rest in kept} == {(on.fund.name, "kafka", "accepted")}


async def test_what_is_refused_is_told_with_what_to_do(on: Ground) -> None:
    refused = event("weiger")
    async with hearing(on):
        await write(on.settings.kafka_servers, [on.fund.record(refused), on.fund.record(event("goed"))])
        (told,) = await until_told(on, 1)

    assert (told["source"], told["id"], told["via"]) == (refused["source"], refused["id"], "kafka")
    assert told["place"] == f"{on.fund.inbound}/0/0"
    assert told["problem"]["status"] == 409
    assert told["problem"]["errors"] == [{"field": "data.reason", "message": "Kies een ander woord."}]
    assert "nieuw id" in told["problem"]["detail"]
    assert await value(on.database, "select id::text from publication where status = 'refused'") == told["publication"]
    (record,) = await log_of(on.settings.kafka_servers, on.fund.refusals)
    headers = dict(record.headers)
    assert (record.key, headers["ce_id"]) == (told["publication"].encode(),) * 2
    assert headers["ce_type"] == b"nl.schuldhulpprojecten.publication-refused.v1"


async def test_hostile_records_are_refused_one_by_one_and_hold_up_nothing(on: Ground) -> None:
    servers, fund = on.settings.kafka_servers, on.fund
    hostile = [
        replace(fund.record(event(), None), key=b"k"),
        fund.record(event(), b"geen json"),
        fund.record(event(), b"[" * 100_000),
        fund.record(event(), b'"' + b"x" * 200_000 + b'"'),
        fund.record(event("Van BSN 123456782")),
        fund.record(event(id="123456782")),
        fund.record(event(), ce_id=b"\xff\xfe"),
        fund.record(event(), ce_type=None),
        fund.record(event(), **{"content-type": STRUCTURED.encode()}, ce_id=None),
        Record(fund.inbound, 0, 0, b"\xff", b"\x00\xff", []),
        fund.record(event(type="nl.schuldhulpprojecten.adoption-started.v1")),
        fund.record(event(data={"reason": "x\0y"})),
    ]
    async with hearing(on) as outside:
        await write(servers, [fund.record(event("ervoor")), *hostile])
        await write_unreadable(servers, fund.inbound, 0, [fund.record(event("samen"))])
        await write(servers, [fund.record(event("erna"))])
        await until_words(on, "erna", "ervoor", "samen")
        told = await until_told(on, len(hostile) + 1)
        assert outside.inbound.made_anew == 0

    assert len(told) == len(hostile) + 1
    assert all(each["problem"]["errors"] for each in told)
    assert "123456782" not in f"{told}{await rows(on.database, 'select * from publication')}"
    (unread,) = [each for each in told if each["problem"]["errors"][0]["field"] == "headers"]
    assert "id" not in unread
    assert await value(on.database, "select count(*) from dead_letter") == 0


async def test_an_id_that_was_used_for_something_else_is_refused_each_time(on: Ground) -> None:
    first, other = event("een", id="1"), event("twee", id="1")
    async with hearing(on):
        await write(on.settings.kafka_servers, [on.fund.record(each) for each in (first, other, first, other)])
        told = await until_told(on, 2)
        await until_words(on, "een")
    assert [each["problem"]["status"] for each in told] == [409, 409]


async def test_what_failed_by_our_fault_is_told_and_can_be_sent_again(on: Ground) -> None:
    broken = on.fund.record(event("kapot"))
    async with hearing(on):
        await write(on.settings.kafka_servers, [broken, on.fund.record(event("heel"))])
        (told,) = await until_told(on, 1)
        assert told["problem"]["status"] == 500
        assert "nobody foresaw" not in f"{told}"
        async with on.database.transaction() as tx:
            await tx.execute("insert into repaired values (true)")
        await write(on.settings.kafka_servers, [broken])
        await until_words(on, "heel", "kapot")


async def test_ten_thousand_are_heard_and_a_restart_in_the_middle_doubles_none(on: Ground) -> None:
    sent = [on.fund.record(event(f"woord {nth}")) for nth in range(MANY)]
    await write(on.settings.kafka_servers, sent)

    async def heard() -> int:
        count: int = await value(on.database, "select count(*) from publication")
        return count

    async with hearing(on) as outside:
        await eventually(lambda: beyond(heard, MANY // 10))
        consumer = outside.inbound.consumer
        assert consumer is not None
    async with hearing(on):
        await eventually(lambda: beyond(heard, MANY), within=120)

    found = Counter(await on.words())
    assert (len(found), set(found.values())) == (MANY, {1})
    assert await rows(on.database, STATUSES) == [("accepted", MANY)]
    assert await value(on.database, "select count(*) from outbox") == MANY


async def test_ten_thousand_that_are_no_events_are_done_with_soon(on: Ground) -> None:
    rubbish = Record(on.fund.inbound, 0, 0, None, b"x" * 200, [("x", b"y")])
    await write(on.settings.kafka_servers, [*[rubbish] * MANY, on.fund.record(event("erna"))])
    async with hearing(on):
        await until_words(on, "erna")
    assert dict(await rows(on.database, STATUSES)) == {"accepted": 1, "refused": MANY}


async def test_two_replicas_share_the_work_and_tell_each_refusal_once(on: Ground) -> None:
    fund = new_fund()
    await make_topics(on.settings.kafka_servers, fund.inbound, fund.refusals, partitions=4)
    on.declare(fund, on.fund)
    sent = [event("weiger" if nth % 2 else f"woord {nth}") for nth in range(200)]
    spread = [
        Record(fund.inbound, nth % 4, 0, None, r.value, r.headers) for nth, r in enumerate(map(fund.record, sent))
    ]
    async with hearing(on) as one, hearing(on) as other:
        await eventually(lambda: is_placed(one.inbound.consumer) and is_placed(other.inbound.consumer))
        await write(on.settings.kafka_servers, spread)
        await eventually(lambda: _all_told(on, 100))
        assert [len(each.inbound.consumer.at) for each in (one, other) if each.inbound.consumer]
    assert len(await on.words()) == 100
    assert len(set(await on.words())) == 100


async def _all_told(on: Ground, refused: int) -> bool:
    found = dict(
        await rows(on.database, "select untold, count(*) from publication where status = 'refused' group by untold")
    )
    return found == {False: refused}
