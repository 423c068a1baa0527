"""A dead letter is read again and heard as if it came now: after a fix of the code, or as the event that an operator names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from aiokafka import TopicPartition

from shared.contracts.event import Stream
from shared.messaging.audit import Act
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.messaging.polling import Unreadable
from shared.messaging.refused import NotReplayable
from shared.messaging.repairing import Named
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Header, Record, event_id, life, record, rows, value, withdrawn

ONE = UUID(int=1)
PROJECTS = Stream.PROJECTS
ACT = Act("operator-7", "kop was kapot")


@pytest.fixture
def desk(database: Database, listener: Listener) -> Desk:
    return Desk(database, listener)


def headless(word: str, sequence: int, broken: Sequence[Header]) -> Record:
    """A record with these headers instead of its own of the same name."""
    whole = record(withdrawn(ONE, word), sequence)
    return replace(whole, headers=list({**dict(whole.headers), **dict(broken)}.items()))


async def the_letter(database: Database) -> UUID:
    letter: UUID = await value(database, "select id from dead_letter")
    return letter


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        ([("ce_subject", None)], Named(subject=ONE)),
        ([("ce_subject", b"\xff")], Named(subject=ONE)),
        ([("ce_sequence", b"twee")], Named(sequence=2)),
        ([("ce_sequence", None)], Named(sequence=2)),
        ([("ce_id", b"")], Named(id=event_id(withdrawn(ONE), 2))),
        ([("ce_id", b"x"), ("ce_sequence", b"-1")], Named(sequence=2, id=event_id(withdrawn(ONE), 2))),
    ],
    ids=repr,
)
async def test_a_letter_is_heard_as_the_event_that_the_operator_says_it_is(
    listener: Listener, database: Database, desk: Desk, broken: Sequence[Header], names: Named
) -> None:
    first, _, third = life(ONE, "abc")
    await listener.hear([first, headless("b", 2, broken), third], [])
    assert await words(database, ONE) == ["a"]
    letter = await the_letter(database)

    told = await desk.replay(ACT, letter, names)

    assert await words(database, ONE) == ["a", "b", "c"]
    assert await heard(database, ONE) == (3, "free")
    assert await rows(database, "select * from dead_letter") == []
    assert told == f"dead letter {letter} heard: 2 version(s) of {ONE} applied"
    assert await rows(database, "select actor, action, target from audit") == [
        ("operator-7", "dead-letters replay", str(letter))
    ]


async def test_a_letter_that_was_told_again_meanwhile_is_a_duplicate(
    listener: Listener, database: Database, desk: Desk
) -> None:
    first, second = life(ONE, "ab")
    await listener.hear([first, headless("b", 2, [("ce_subject", None)]), second], [])

    assert "a duplicate" in await desk.replay(ACT, await the_letter(database), Named(subject=ONE))

    assert await words(database, ONE) == ["a", "b"]
    assert await rows(database, "select * from dead_letter") == []


async def test_a_letter_that_is_early_waits_as_any_other(listener: Listener, database: Database, desk: Desk) -> None:
    await listener.hear([headless("c", 3, [("ce_subject", None)])], [])

    assert "parked as gap: version 1" in await desk.replay(ACT, await the_letter(database), Named(subject=ONE))
    await listener.hear(life(ONE, "ab"), [])

    assert await words(database, ONE) == ["a", "b", "c"]


async def test_a_letter_that_fails_when_it_is_heard_is_parked_with_its_reason(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([headless("kapot", 1, [("ce_subject", None)])], [])

    assert "parked as failed: ValueError" in await desk.replay(ACT, await the_letter(database), Named(subject=ONE))

    assert await parked(database, ONE) == [(1, "failed")]
    assert await rows(database, "select * from dead_letter") == []


async def test_a_letter_of_a_stopped_key_waits_behind_what_failed(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([*life(ONE, ["kapot"]), headless("b", 2, [("ce_subject", None)])], [])

    assert "its key is stopped" in await desk.replay(ACT, await the_letter(database), Named(subject=ONE))

    assert await parked(database, ONE) == [(1, "failed"), (2, "gap")]


async def test_a_letter_that_still_cannot_be_read_stays(listener: Listener, database: Database, desk: Desk) -> None:
    await listener.hear([headless("a", 1, [("ce_subject", None), ("ce_id", None)])], [])
    letter = await the_letter(database)

    for names in (Named(), Named(subject=ONE)):
        with pytest.raises(NotReplayable, match="cannot be read"):
            await desk.replay(ACT, letter, names)

    assert await the_letter(database) == letter
    assert await rows(database, "select * from audit") == []


async def test_a_letter_of_which_the_bytes_were_not_kept_says_so(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([replace(headless("a", 1, [("ce_subject", None)]), value=b'{"bsn": "123456782"}')], [])

    with pytest.raises(NotReplayable, match="Its bytes were not kept"):
        await desk.replay(ACT, await the_letter(database), Named(subject=ONE))


async def test_a_letter_of_a_version_that_was_discarded_has_no_effect_any_more(
    listener: Listener, database: Database, desk: Desk
) -> None:
    first, second, third = life(ONE, "abc")
    await listener.hear([first, third], [])
    await desk.discard(ACT, PROJECTS, ONE, 2)
    await listener.hear([second], [])

    with pytest.raises(NotReplayable, match=r"Version 2 .* was discarded before"):
        await desk.replay(ACT, await the_letter(database))

    assert await words(database, ONE) == ["a", "c"]


async def test_a_dry_run_of_a_replay_changes_nothing(listener: Listener, database: Database, desk: Desk) -> None:
    await listener.hear([headless("zeg a", 1, [("ce_subject", None)])], [])
    letter = await the_letter(database)

    assert "1 version(s)" in await desk.replay(ACT, letter, Named(subject=ONE), dry_run=True)

    assert await the_letter(database) == letter
    assert await words(database, ONE) == []
    assert await rows(database, "select * from outbox") == []
    assert await rows(database, "select * from audit") == []


async def test_of_what_the_client_library_cannot_read_only_the_place_and_the_reason_are_kept(
    database: Database,
) -> None:
    await toy.listener(database).hear([Unreadable(TopicPartition(PROJECTS.topic, 3), 7)], [])

    ((part, offset, kept, reason),) = await rows(database, "select part, off, bytes_kept, reason from dead_letter")
    assert (part, offset, kept) == (3, 7, False)
    assert reason.startswith("the name of one of its headers is not UTF-8")


async def test_a_person_in_the_name_of_a_header_is_not_kept_either(listener: Listener, database: Database) -> None:
    await listener.hear([Record(PROJECTS.topic, 0, 1, None, b"x", [("bsn 123456782", b"y")])], [])

    assert await rows(database, "select headers, value, bytes_kept from dead_letter") == [([], None, False)]


@pytest.mark.parametrize("come", [1, 2], ids=["it was heard", "it waits"])
async def test_a_letter_that_changes_nothing_does_not_count_as_what_the_version_was_mended_to(
    listener: Listener, database: Database, desk: Desk, come: int
) -> None:
    """A rebuild hears what is mended in the place of the log's own record: of a duplicate it would hear another word."""
    whole = life(ONE, "ab")[come - 1]
    await listener.hear([headless("heel anders", come, [("ce_subject", None)]), whole], [])

    await desk.replay(ACT, await the_letter(database), Named(subject=ONE))

    assert await rows(database, "select sequence from mended") == []


async def test_a_letter_that_has_its_effect_or_waits_for_it_is_kept_as_what_its_version_was_mended_to(
    listener: Listener, database: Database, desk: Desk
) -> None:
    for nth in (1, 3):
        await listener.hear([replace(headless("x", nth, [("ce_subject", None)]), offset=nth)], [])
        await desk.replay(ACT, await the_letter(database), Named(subject=ONE))

    assert await rows(database, "select sequence from mended order by sequence") == [(1,), (3,)]
