"""What an operator does about what stopped: release it after a fix, discard it, look at it."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.contracts.event import Event, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import Say, fold
from shared.messaging.audit import Act
from shared.messaging.listener import Listener
from shared.messaging.looking import Content, NotThere, dead_letter, dead_letters
from shared.messaging.operating import Desk
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, life, record, rows, told_words, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS
ACT = Act("operator", "proef")


def mended(database: Database) -> Desk:
    """The desk of a release of the code in which nothing fails any more: it takes "kapot" for an ordinary word."""

    def lived(state: toy.Life | None, event: Event[ProjectWithdrawn], say: Say) -> toy.Life:
        return toy.Life(event.subject, (*(state.words if state else ()), event.data.reason))

    return Desk(database, toy.listener(database, [fold(toy.load, toy.save, steps={ProjectWithdrawn: lived})]))


async def test_rule_17_after_a_fix_a_release_applies_what_failed_and_what_waited_in_order(
    listener: Listener, database: Database
) -> None:
    """Guard: a parked key is only released, in order (shared/messaging/listener.py)."""
    await listener.hear(life(ONE, ["a", "kapot", "c", "d"]), [])

    answer = await mended(database).release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "kapot", "c", "d"]
    assert await heard(database, ONE) == (4, "free")
    assert await parked(database, ONE) == []
    assert str(answer) == f"3 version(s) of {ONE} applied; nothing of it failed"


async def test_without_a_fix_a_release_changes_nothing(listener: Listener, database: Database) -> None:
    await listener.hear(life(ONE, ["a", "kapot", "c"]), [])

    answer = await Desk(database, listener).release(ACT, PROJECTS, ONE)

    assert "failed again" in str(answer)
    assert await words(database, ONE) == ["a"]
    assert await heard(database, ONE) == (1, "stopped")
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap")]


async def test_a_release_that_meets_the_next_failure_stops_there(listener: Listener, database: Database) -> None:
    await listener.hear(life(ONE, ["kapot", "b", "halverwege kapot", "d"]), [])
    desk = Desk(database, listener)

    await desk.discard(ACT, PROJECTS, ONE, 1)

    assert await words(database, ONE) == ["b"]
    assert await heard(database, ONE) == (2, "stopped")
    assert await parked(database, ONE) == [(3, "failed"), (4, "gap")]


async def test_after_a_release_the_next_record_is_applied_as_ever(listener: Listener, database: Database) -> None:
    records = life(ONE, ["kapot", "zeg b", "zeg c"])
    await listener.hear(records[:2], [])

    await mended(database).release(ACT, PROJECTS, ONE)
    await listener.hear(records, [])

    assert await words(database, ONE) == ["kapot", "zeg b", "zeg c"]
    assert await told_words(database, ONE) == [(1, "zeg c"), (2, "zeg c (echo)")]


async def test_a_version_that_is_discarded_counts_as_heard_and_who_did_so_is_kept(
    listener: Listener, database: Database
) -> None:
    await listener.hear(life(ONE, ["a", "kapot", "c"]), [])

    await Desk(database, listener).discard(ACT, PROJECTS, ONE, 2)

    assert await words(database, ONE) == ["a", "c"]
    assert await heard(database, ONE) == (3, "free")
    assert await rows(database, "select sequence, reason, actor from skipped") == [(2, "proef", "operator")]


async def test_only_what_failed_can_be_discarded(listener: Listener, database: Database) -> None:
    await listener.hear(life(ONE, ["a", "kapot", "c"]), [])
    desk = Desk(database, listener)

    for sequence in (1, 3, 9):
        with pytest.raises(NotThere):
            await desk.discard(ACT, PROJECTS, ONE, sequence)
    with pytest.raises(NotThere):
        await desk.discard(ACT, PROJECTS, TWO, 1)
    assert await rows(database, "select * from skipped") == []
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap")]


def forked(word: str, sequence: int) -> Record:
    return record(withdrawn(ONE, word), sequence, changed={"ce_id": str(UUID(int=99)).encode()})


async def test_a_fork_is_not_released_but_discarded(listener: Listener, database: Database) -> None:
    first, second, third = life(ONE, "abc")
    await listener.hear([first, second, forked("anders", 2), third], [])
    desk = Desk(database, listener)

    await desk.release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == ["a", "b"]
    assert await heard(database, ONE) == (2, "stopped")

    await desk.discard(ACT, PROJECTS, ONE, 2)
    assert await words(database, ONE) == ["a", "b", "c"]
    assert await heard(database, ONE) == (3, "free")
    assert await parked(database, ONE) == []


async def test_what_is_missing_keeps_a_released_key_waiting(listener: Listener, database: Database) -> None:
    records = life(ONE, ["kapot", "b", "c", "d"])
    await listener.hear([records[0], records[1], records[3]], [])

    await mended(database).release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == ["kapot", "b"]
    assert await heard(database, ONE) == (2, "gap")

    await listener.hear([records[2]], [])
    assert await words(database, ONE) == ["kapot", "b", "c", "d"]
    assert await heard(database, ONE) == (4, "free")


async def test_a_dead_letter_can_be_looked_at_and_thrown_away(listener: Listener, database: Database) -> None:
    await listener.hear([Record(PROJECTS.topic, 0, 3, None, b"\xff", [])], [])
    desk = Desk(database, listener)

    async with database.reading() as tx:
        (listed,) = await dead_letters(tx)
        whole = await dead_letter(tx, listed.id)
    assert (listed.topic, listed.offset, whole.value) == (PROJECTS.topic, 3, Content("/w==", "base64"))
    await desk.throw_away(ACT, listed.id)
    assert await rows(database, "select * from dead_letter") == []
    with pytest.raises(NotThere):
        await desk.throw_away(ACT, listed.id)
