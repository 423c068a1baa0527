"""A log in which something is missing, turned round or doubled is seen: by entity and version, and only that key waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from shared.messaging.gaps import open_gaps
from shared.storage import Database
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, life, value
from tests.topics import log_of, topics_anew, write
from tests.waiting import eventually

ONE, OTHERS = UUID(int=1), [UUID(int=nth) for nth in range(2, 22)]
WORDS = "abcdefgh"
LONG = 60


async def copied(servers: str, change: Callable[[list[Record]], Sequence[Record]]) -> None:
    """A log is written, read back whole, and written to fresh topics with one project's records changed."""
    await write(servers, [record for nth in range(8) for p in (ONE, *OTHERS) for record in [life(p, WORDS)[nth]]])
    found = [
        Record(r.topic, r.partition, r.offset, r.key, r.value, list(r.headers))
        for r in await log_of(servers, life(ONE, "a")[0].topic)
    ]
    ours = [r for r in found if r.key == str(ONE).encode()]
    assert len(ours) == len(WORDS)
    changed = list(change(ours))
    await topics_anew(servers)
    await write(servers, [*(r for r in found if r.key != str(ONE).encode()), *changed])


async def everything_heard(database: Database, count: int) -> bool:
    """Whether the consumer has come to the end of the log."""
    return bool(await value(database, "select coalesce(sum(next), 0) >= $1 from positions", count))


async def assert_others_are_whole(database: Database) -> None:
    """Every other project has its whole life."""
    for project in OTHERS:
        assert await words(database, project) == list(WORDS)


async def test_a_record_that_was_taken_out_is_named_and_its_key_waits(database: Database, servers: str) -> None:
    await copied(servers, lambda ours: ours[:3] + ours[4:])

    async with hearing(database, servers, unique_group()):
        await eventually(lambda: everything_heard(database, 8 * 21 - 1), within=LONG)
        async with database.reading() as tx:
            (gap,) = await open_gaps(tx, 0)
        assert str(gap).startswith(f"version 4 of projects {ONE} has not come since")
        assert await words(database, ONE) == list("abc")
        assert await heard(database, ONE) == (3, "gap")
        assert await parked(database, ONE) == [(5, "gap"), (6, "gap"), (7, "gap"), (8, "gap")]
        await assert_others_are_whole(database)

        await write(servers, life(ONE, "d", 4))  # its owner tells it again
        await eventually(lambda: value(database, "select not exists (select from parked)"), within=LONG)
    assert await words(database, ONE) == list(WORDS)


@pytest.mark.parametrize("records", [1, 500], ids=["one by one", "in one batch"])
async def test_two_records_that_were_turned_round_heal_by_themselves(
    database: Database, servers: str, records: int, caplog: pytest.LogCaptureFixture
) -> None:
    await copied(servers, lambda ours: [*ours[:2], ours[4], ours[3], ours[2], *ours[5:]])

    with caplog.at_level(logging.INFO):
        async with hearing(database, servers, unique_group(), records=records):
            await eventually(lambda: everything_heard(database, 8 * 21), within=LONG)

    early = [line for line in caplog.messages if "wait for what comes before them" in line]
    if records == 1:  # in one batch it is put right before anything is kept
        assert [f"version {n} of projects {ONE}" in line for n, line in zip((5, 4), early, strict=True)] == [True, True]

    assert await words(database, ONE) == list(WORDS)
    assert await heard(database, ONE) == (8, "free")
    assert await value(database, "select count(*) from parked") == 0
    await assert_others_are_whole(database)


@pytest.mark.parametrize("records", [1, 500], ids=["one by one", "in one batch"])
async def test_a_record_that_was_doubled_has_one_effect_and_is_named(
    database: Database, servers: str, records: int, caplog: pytest.LogCaptureFixture
) -> None:
    await copied(servers, lambda ours: [*ours[:4], *ours[2:], ours[0]])

    with caplog.at_level(logging.INFO):
        async with hearing(database, servers, unique_group(), records=records):
            await eventually(lambda: everything_heard(database, 8 * 21 + 3), within=LONG)

    again = [line for line in caplog.messages if "were heard before" in line]
    assert f"were heard before; the first is version 3 of projects {ONE}" in again[0]
    assert sum(int(line.split()[0]) for line in again) == 3

    assert await words(database, ONE) == list(WORDS)
    assert await heard(database, ONE) == (8, "free")
    assert await value(database, "select count(*) from echo where entity = $1", ONE) == len(WORDS)
    await assert_others_are_whole(database)
