"""Two events with one version: neither vanishes, an operator sees both and chooses."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from shared.contracts.encoding import encoded
from shared.contracts.event import Stream
from shared.messaging.audit import Act
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.messaging.refused import NotReplayable
from shared.messaging.repairing import Repair
from shared.storage import Database
from tests.integration.shared.messaging.toy import heard, parked, reasons, words
from tests.messaging import Record, life, record, rows, value, withdrawn

ONE = UUID(int=1)
PROJECTS = Stream.PROJECTS
ACT = Act("operator-7", "twee berichten")
BROKEN = record(withdrawn(ONE, "b"), 2, value=b"{")
LETTERS = "select convert_from(value, 'UTF8')::jsonb ->> 'reason', reason from dead_letter order by off"


def forked(word: str, sequence: int, offset: int = 50, event: int = 99) -> Record:
    """A version that says something else than the one in the life of ONE."""
    changed = {"ce_id": str(UUID(int=event)).encode()}
    return record(withdrawn(ONE, word), sequence, offset=offset, changed=changed)


@pytest.fixture
def desk(database: Database, listener: Listener) -> Desk:
    return Desk(database, listener)


@pytest.fixture
async def stopped(listener: Listener) -> list[Record]:
    """A key of which version 2 failed; 3 and 4 wait behind it."""
    records = [life(ONE, "a")[0], BROKEN, *life(ONE, "cde", first=3)]
    await listener.hear(records[:4], [])
    return records


@pytest.mark.parametrize("sequence", [2, 3, 4])
async def test_another_event_with_a_version_that_waits_behind_a_failure_is_shown_and_kept(
    listener: Listener, database: Database, stopped: list[Record], sequence: int
) -> None:
    for _ in range(2):
        await listener.hear([forked("anders", sequence), *stopped[4:]], [])

    ((word, why),) = await rows(database, LETTERS)
    own = await value(database, "select event_id from parked where sequence = $1", sequence)
    assert (word, why) == ("anders", f"fork: version {sequence} of projects {ONE} waits already, as event {own}")
    kinds = dict(await parked(database, ONE))
    assert (kinds[2], kinds[sequence], kinds[5]) == ("failed", "failed", "gap")
    assert any("json_invalid" in reason for reason in await reasons(database)), "what failed keeps its own reason"
    assert await heard(database, ONE) == (1, "stopped")


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
async def test_each_of_several_is_kept(
    listener: Listener, database: Database, stopped: list[Record], together: bool
) -> None:
    others = [forked("eerste", 3, 50, 98), forked("tweede", 3, 51, 99), forked("eerste", 3, 50, 98)]

    for batch in [others] if together else [[one] for one in others]:
        await listener.hear([*batch, *stopped], [])

    assert [word for word, _ in await rows(database, LETTERS)] == ["eerste", "tweede"]


async def test_a_third_event_with_a_version_that_was_heard_as_another_is_kept_too(
    listener: Listener, database: Database
) -> None:
    await listener.hear(life(ONE, "ab"), [])
    await listener.hear([forked("anders", 2, 50, 98)], [])
    await listener.hear([forked("nog anders", 2, 51, 99)], [])

    assert [word for word, _ in await rows(database, LETTERS)] == ["nog anders"]
    assert await parked(database, ONE) == [(2, "failed")]


async def test_the_same_event_again_is_no_fork(listener: Listener, database: Database, stopped: list[Record]) -> None:
    await listener.hear(stopped, [])
    assert await rows(database, LETTERS) == []
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap"), (4, "gap"), (5, "gap")]


@pytest.mark.parametrize("deed", ["release", "discard"])
async def test_what_is_done_about_another_version_does_not_decide_about_a_fork_behind_it(
    listener: Listener, database: Database, desk: Desk, stopped: list[Record], deed: str
) -> None:
    await listener.hear([forked("anders", 4), stopped[4]], [])
    if deed == "discard":
        progress = await desk.discard(ACT, PROJECTS, ONE, 2)
    else:
        await desk.fix(ACT, PROJECTS, ONE, 2, Repair(data=json.loads(encoded(withdrawn(ONE, "b")))))
        progress = await desk.release(ACT, PROJECTS, ONE)

    assert (progress.failed, progress.goes_on, progress.waiting) == (True, False, 2)
    before = ["a", "c"] if deed == "discard" else ["a", "b", "c"]
    assert await words(database, ONE) == before
    await listener.hear(stopped, [])
    assert await heard(database, ONE) == (3, "stopped")

    await desk.release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == [*before, "d", "e"]
    assert await heard(database, ONE) == (5, "free")


async def test_a_fork_just_behind_what_is_discarded_waits_for_its_own_decision(
    listener: Listener, database: Database, desk: Desk, stopped: list[Record]
) -> None:
    await listener.hear([forked("anders", 3)], [])
    await desk.discard(ACT, PROJECTS, ONE, 2)
    await listener.hear(stopped, [])
    assert await heard(database, ONE) == (2, "stopped")

    await desk.discard(ACT, PROJECTS, ONE, 3)
    assert await words(database, ONE) == ["a", "d", "e"]


@pytest.mark.usefixtures("stopped")
async def test_the_other_one_cannot_be_heard_beside_it_but_its_data_can_be_taken(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([forked("anders", 3)], [])
    letter = await value(database, "select id from dead_letter")

    with pytest.raises(NotReplayable, match="waits as another event"):
        await desk.replay(ACT, letter)
    assert await value(database, "select count(*) from dead_letter") == 1
    await desk.fix(ACT, PROJECTS, ONE, 3, Repair(values={"reason": "anders"}))
    await desk.throw_away(ACT, letter)
    await desk.discard(ACT, PROJECTS, ONE, 2)
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "anders", "d"]
    assert await heard(database, ONE) == (4, "free")


async def test_a_fork_in_front_of_which_a_version_is_missing_waits_for_that(
    listener: Listener, database: Database, desk: Desk
) -> None:
    first, second, third = life(ONE, "abc")
    await listener.hear([first, third, forked("anders", 3)], [])

    progress = await desk.release(ACT, PROJECTS, ONE)
    assert str(progress) == f"0 version(s) of {ONE} applied; 1 wait for what is missing"
    await listener.hear([second], [])
    await desk.release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == ["a", "b"]
    await desk.release(ACT, PROJECTS, ONE)
    assert await words(database, ONE) == ["a", "b", "c"]
