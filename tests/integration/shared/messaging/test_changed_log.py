"""A log that is not the one that was read before: the service stops and says so, since going on would lose or double."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from shared.contracts.event import Stream
from shared.messaging.places import LogChanged
from shared.storage import Database
from tests.integration.shared.messaging.running import Hearing, hearing, unique_group
from tests.integration.shared.messaging.toy import heard, words
from tests.messaging import Record, life, value
from tests.topics import administering, topics_anew, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE, TWO = UUID(int=1), UUID(int=2)
FIVE = life(ONE, "abcde")


async def hear_all_of(database: Database, servers: str, records: Sequence[Record]) -> None:
    """A consumer hears these, and stops."""
    await write(servers, records)
    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: value(database, "select sum(next) = $1 from positions", len(records)))
        await ears.stop()


async def message_of(ears: Hearing) -> str:
    """What it stops with, less the advice that every one of these gives."""
    await asyncio.wait([ears.task], timeout=60)
    with pytest.raises(LogChanged) as raised:
        ears.task.result()
    message, _, advice = str(raised.value).partition(" Once the log is as it must be")
    assert "`places rewind TOPIC PARTITION`" in advice
    return message


async def cut(servers: str, offset: int) -> None:
    """Everything before this offset is gone, as after a retention that nobody meant to set."""
    async with administering(servers) as admin:
        await admin.delete_records({TopicPartition(PROJECTS, 0): RecordsToDelete(before_offset=offset)})


async def test_rule_10_a_topic_that_was_made_anew_and_is_shorter(database: Database, servers: str) -> None:
    """Guard: a place outside the log stops the service (shared/messaging/places.py)."""
    await hear_all_of(database, servers, FIVE)
    await topics_anew(servers)
    await write(servers, FIVE[:2])

    async with hearing(database, servers, unique_group()) as ears:
        message = await message_of(ears)

    assert message == f"{PROJECTS}/0: we were at 5, but the log holds 0 to 2. It was cut or made anew."
    assert await heard(database, ONE) == (5, "free")


async def test_rule_10_a_topic_that_was_made_anew_and_is_as_long(database: Database, servers: str) -> None:
    """Guard: the last event is read again and compared (shared/messaging/places.py)."""
    await hear_all_of(database, servers, FIVE)
    await topics_anew(servers)
    await write(servers, life(TWO, "uvwxyz"))

    async with hearing(database, servers, unique_group()) as ears:
        message = await message_of(ears)

    assert message.startswith(f"{PROJECTS}/0: at 4 we read event ")
    assert message.endswith("The topic was made anew.")
    assert await words(database, TWO) == []


async def test_a_topic_that_is_made_anew_while_it_is_read(database: Database, servers: str) -> None:
    await write(servers, FIVE)
    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: value(database, "select sum(next) = 5 from positions"))
        await topics_anew(servers)
        await write(servers, life(TWO, "xy"))
        message = await message_of(ears)

    assert message.startswith(f"{PROJECTS}/0: we were at 5, ")
    assert message.endswith("It was cut or made anew.")
    assert await words(database, TWO) == []


async def test_a_log_of_which_the_next_records_were_cut_off(database: Database, servers: str) -> None:
    await hear_all_of(database, servers, FIVE[:2])
    await write(servers, FIVE[2:])
    await cut(servers, 4)

    async with hearing(database, servers, unique_group()) as ears:
        message = await message_of(ears)

    assert message == f"{PROJECTS}/0: we were at 2, but the log holds 4 to 5. It was cut or made anew."


@pytest.mark.parametrize("offset", [1, 2])
async def test_what_was_heard_already_may_be_cut_off(database: Database, servers: str, offset: int) -> None:
    await hear_all_of(database, servers, FIVE[:2])
    await cut(servers, offset)
    await write(servers, FIVE[2:])

    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select sum(next) = 5 from positions"))
    assert await words(database, ONE) == list("abcde")


async def test_rule_10_another_cluster(database: Database, servers: str) -> None:
    """Guard: the cluster is part of the place (shared/messaging/places.py)."""
    await hear_all_of(database, servers, FIVE)

    async with hearing(database, servers, unique_group(), cluster="another") as ears:
        message = await message_of(ears)

    assert message == f"{PROJECTS}/0 was read in cluster the-cluster-of-this-test, and this is another."


async def test_the_same_log_is_taken_for_the_same_log(database: Database, servers: str) -> None:
    await hear_all_of(database, servers, FIVE)

    async with hearing(database, servers, unique_group()) as ears:
        await eventually(lambda: ears.consumer.is_placed)
        await write(servers, life(TWO, "x"))
        await eventually(lambda: value(database, "select sum(next) = 6 from positions"))
        assert not ears.task.done()
    assert await words(database, TWO) == ["x"]


async def test_a_last_record_without_an_id_is_no_reason_to_stop(database: Database, servers: str) -> None:
    await hear_all_of(database, servers, [*FIVE, Record(PROJECTS, 0, 0, b"k", b"v", [("ce_id", b"no id")])])
    await write(servers, life(TWO, "x"))

    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select sum(next) = 7 from positions"))
    assert await words(database, TWO) == ["x"]
