"""A version that never comes is named after a minute, can be given up, and is shown if it comes after all."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest

from shared.contracts.event import Stream
from shared.messaging.audit import Act
from shared.messaging.gaps import open_gaps
from shared.messaging.listener import CHUNK, Listener
from shared.messaging.looking import NotThere
from shared.messaging.operating import Desk
from shared.runtime.alarms import Alarms
from shared.storage import Database
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Schema, life, record, rows, withdrawn

ONE = UUID(int=1)
FIVE = life(ONE, "abcde")


async def age(schema: Schema) -> None:
    """As if what is parked had been so for two minutes."""
    await schema.alter("update parked set parked_at = parked_at - interval '2 minutes'")


async def test_rule_18_a_gap_is_named_once_it_is_a_minute_old_with_the_dead_letters_that_it_may_be(
    listener: Listener, database: Database, schema: Schema, caplog: pytest.LogCaptureFixture
) -> None:
    """Guard: the alarm looks for dead letters before it (shared/messaging/gaps.py)."""
    without_subject = record(withdrawn(ONE), 1, offset=0, changed={"ce_subject": None})
    second = record(withdrawn(ONE, "b"), 2, offset=1)
    await listener.hear([without_subject, second], [])
    alarms = Alarms(database)

    assert await alarms.name_new_gaps() == []
    await age(schema)
    with caplog.at_level(logging.ERROR):
        (gap,) = await alarms.name_new_gaps()
        assert await alarms.name_new_gaps() == []

    assert (gap.stream, gap.entity, gap.missing, gap.waiting) == (Stream.PROJECTS, ONE, 1, 1)
    assert list(gap.candidates) == [0]
    assert len([line for line in caplog.messages if str(ONE) in line and "parked discard" in line]) == 1


async def test_a_missing_version_can_be_given_up_and_what_waits_goes_on(listener: Listener, database: Database) -> None:
    await listener.hear([FIVE[0], *FIVE[2:]], [])
    desk = Desk(database, listener)

    answer = await desk.discard(Act("beheer", "kwijt"), Stream.PROJECTS, ONE, 2)

    assert str(answer) == f"3 version(s) of {ONE} applied; nothing of it failed"
    assert await words(database, ONE) == ["a", "c", "d", "e"]
    assert await heard(database, ONE) == (5, "free")
    assert await rows(database, "select sequence, reason, actor from skipped") == [(2, "kwijt", "beheer")]


async def test_only_the_version_that_is_missing_can_be_given_up(listener: Listener, database: Database) -> None:
    await listener.hear([FIVE[0], *FIVE[2:]], [])
    desk = Desk(database, listener)

    for sequence in (1, 3, 6):
        with pytest.raises(NotThere):
            await desk.discard(Act("beheer", "kwijt"), Stream.PROJECTS, ONE, sequence)

    assert await heard(database, ONE) == (1, "gap")
    assert await rows(database, "select * from skipped") == []


async def test_rule_18_a_version_that_comes_after_it_was_given_up_is_shown_and_has_no_effect(
    listener: Listener, database: Database
) -> None:
    """Guard: what comes late for a skip is buried, not dropped (shared/messaging/parking.py)."""
    await listener.hear([FIVE[0], *FIVE[2:]], [])
    await Desk(database, listener).discard(Act("beheer", "kwijt"), Stream.PROJECTS, ONE, 2)

    await listener.hear([FIVE[1]], [])
    await listener.hear([FIVE[1]], [])

    assert await words(database, ONE) == ["a", "c", "d", "e"]
    assert await rows(database, "select reason from dead_letter") == [("it came after its version was discarded",)]


async def test_rule_17_what_waits_is_released_in_chunks_and_all_of_it_in_order(
    listener: Listener, database: Database
) -> None:
    """Guard: at most CHUNK versions a transaction (shared/messaging/listener.py)."""
    many = life(ONE, [f"w{number}" for number in range(2 * CHUNK + 10)])
    for start in range(1, len(many), CHUNK):
        await listener.hear(many[start : start + CHUNK], [])
    await Desk(database, listener).discard(Act("beheer", "kwijt"), Stream.PROJECTS, ONE, 1)

    assert await words(database, ONE) == [f"w{number}" for number in range(1, len(many))]
    assert await heard(database, ONE) == (len(many), "free")
    assert await parked(database, ONE) == []


async def test_a_gap_that_closed_is_open_no_longer(listener: Listener, database: Database, schema: Schema) -> None:
    await listener.hear([FIVE[0], FIVE[2]], [])
    await age(schema)
    await listener.hear([FIVE[1]], [])

    async with database.reading() as tx:
        assert await open_gaps(tx, 60) == []
