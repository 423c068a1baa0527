"""Each version of an entity has one effect, in order, however the records of it come in."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded
from shared.messaging import each
from shared.messaging.listener import Listener
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.toy import heard, parked, reasons, words
from tests.messaging import Record, ended, life, position, record, rows, told_words, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
FIVE = life(ONE, "abcde")


async def ignored(tx: Transaction, event: Event[AdoptionEnded]) -> None:
    """Does nothing with it."""


async def test_what_comes_in_order_is_applied_in_order(listener: Listener, database: Database) -> None:
    await listener.hear(FIVE[:3], [])
    await listener.hear(FIVE[3:], [])

    assert await words(database, ONE) == list("abcde")
    assert await heard(database, ONE) == (5, "free")


async def test_a_duplicate_is_dropped_however_old_it_is(listener: Listener, database: Database) -> None:
    await listener.hear(FIVE, [])

    await listener.hear([FIVE[0]], [])
    await listener.hear([FIVE[3], FIVE[1]], [])
    await listener.hear(FIVE, [])

    assert await words(database, ONE) == list("abcde")
    assert await parked(database, ONE) == []


async def test_a_duplicate_in_the_same_batch_is_dropped(listener: Listener, database: Database) -> None:
    await listener.hear([FIVE[0], FIVE[0], FIVE[1], FIVE[0], FIVE[1], FIVE[1]], [])

    assert await words(database, ONE) == ["a", "b"]
    assert await rows(database, "select word from echo") == [("a",), ("b",)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
async def test_what_comes_early_waits_and_releases_itself(
    listener: Listener, database: Database, order: tuple[int, ...], together: bool
) -> None:
    records = [FIVE[nth] for nth in order]

    for batch in [records] if together else [[one] for one in records]:
        await listener.hear(batch, [])

    assert await words(database, ONE) == ["a", "b", "c"]
    assert await heard(database, ONE) == (3, "free")
    assert await parked(database, ONE) == []


async def test_behind_a_gap_nothing_is_applied_and_the_order_is_kept(listener: Listener, database: Database) -> None:
    first, _, third, fourth, fifth = FIVE

    await listener.hear([first, fourth], [])
    await listener.hear([third], [])
    await listener.hear([fifth, fourth], [])
    assert await words(database, ONE) == ["a"]
    assert await heard(database, ONE) == (1, "gap")
    assert await parked(database, ONE) == [(3, "gap"), (4, "gap"), (5, "gap")]

    await listener.hear([FIVE[1]], [])
    assert await words(database, ONE) == list("abcde")
    assert await heard(database, ONE) == (5, "free")
    assert await parked(database, ONE) == []


async def test_a_second_gap_goes_on_waiting_when_the_first_closes(listener: Listener, database: Database) -> None:
    first, second, third, _, fifth = FIVE

    await listener.hear([third, fifth, first], [])
    await listener.hear([second], [])
    assert await words(database, ONE) == ["a", "b", "c"]
    assert await heard(database, ONE) == (3, "gap")

    await listener.hear([FIVE[3]], [])
    assert await words(database, ONE) == list("abcde")
    assert await heard(database, ONE) == (5, "free")


async def test_a_gap_of_one_entity_holds_up_no_other(listener: Listener, database: Database) -> None:
    await listener.hear([FIVE[1], *life(TWO, "xyz")], [])

    assert await words(database, TWO) == ["x", "y", "z"]


async def test_entities_of_different_streams_with_one_id_do_not_meet(database: Database) -> None:
    both = toy.listener(database, [*toy.REACTIONS, each(AdoptionEnded, ignored)])

    await both.hear([FIVE[0], record(ended(ONE), 1), FIVE[1], record(ended(ONE), 2)], [])

    assert await words(database, ONE) == ["a", "b"]
    assert await rows(database, "select stream, sequence from heard order by stream") == [(1, 2), (4, 2)]


async def test_rule_11_a_type_that_nothing_reacts_to_counts_as_heard(database: Database) -> None:
    """Guard: every legible version advances `heard` (shared/messaging/placing.py)."""
    deaf = toy.listener(database, [each(AdoptionEnded, ignored)])
    unknown = record(withdrawn(ONE), 1, changed={"ce_type": b"nl.schuldhulpprojecten.project-renamed.v1"})

    await deaf.hear(FIVE[:2], [])
    assert await heard(database, ONE) == (2, "free")
    await toy.listener(database).hear([unknown, record(withdrawn(TWO), 1), FIVE[2]], [])

    assert await words(database, ONE) == ["c"]
    assert await heard(database, ONE) == (3, "free")


async def test_what_a_reaction_says_is_numbered_after_what_was_said_before(
    listener: Listener, database: Database
) -> None:
    async with database.transaction() as tx:
        tx.say(ended(ONE, "eerder"))

    await listener.hear(life(ONE, ["zeg a", "b", "zeg c"]), [])

    assert await told_words(database, ONE) == [
        (1, "eerder"), (2, "zeg a"), (3, "zeg a (echo)"), (4, "zeg c"), (5, "zeg c (echo)")
    ]  # fmt: skip


async def test_places_advance_with_the_effects_and_never_go_back(listener: Listener, database: Database) -> None:
    places = "select topic, next from positions"

    await listener.hear(FIVE, [position(FIVE[-1])])
    assert await rows(database, places) == [(FIVE[0].topic, 5)]
    await listener.hear(FIVE[:2], [position(FIVE[1])])
    assert await rows(database, places) == [(FIVE[0].topic, 5)]


# Forks: one version, two events. Somebody lost a part of their memory; nothing of that entity is sure until a person looks.


def forked(word: str, sequence: int) -> Record:
    """A version that says something else than the one in `FIVE`."""
    return record(withdrawn(ONE, word), sequence, changed={"ce_id": str(UUID(int=99)).encode()})


@pytest.mark.parametrize("times", [1, 2])
async def test_rule_09_a_fork_stops_its_key_and_is_alarmed(
    listener: Listener, database: Database, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    """Guard: the last event id is kept and compared (shared/messaging/placing.py)."""
    await listener.hear(FIVE[:2], [])

    await listener.hear([*[forked("anders", 2)] * times, FIVE[2]], [])
    await listener.hear([forked("anders", 2), FIVE[3]], [])

    assert await words(database, ONE) == ["a", "b"]
    assert await heard(database, ONE) == (2, "stopped")
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap"), (4, "gap")]
    assert "fork" in caplog.text
    assert "fork" in (await reasons(database))[0]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
async def test_a_fork_among_those_that_wait_is_seen_as_well(
    listener: Listener, database: Database, together: bool
) -> None:
    records = [FIVE[2], forked("anders", 3)]

    for batch in [records] if together else [[one] for one in records]:
        await listener.hear(batch, [])

    assert await heard(database, ONE) == (0, "stopped")
    assert await parked(database, ONE) == [(3, "failed")]
    assert "fork" in (await reasons(database))[0]
    assert await rows(database, "select value from dead_letter") == [(forked("anders", 3).value,)]


async def test_a_fork_holds_up_no_other_key(listener: Listener, database: Database) -> None:
    await listener.hear(FIVE[:1], [])

    await listener.hear([forked("anders", 1), *life(TWO, "xyz")], [])

    assert await words(database, TWO) == ["x", "y", "z"]
