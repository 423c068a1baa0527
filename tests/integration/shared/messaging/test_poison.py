"""What cannot be handled stops its key and nothing else: all other records of its batch have their effect, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.contracts.example import example_of
from shared.messaging import batch, each
from shared.messaging.listener import Listener
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.toy import heard, parked, reasons, words
from tests.messaging import Record, life, rows, told_words, value

ONE, TWO = UUID(int=1), UUID(int=2)
MANY = [UUID(int=number) for number in range(100, 200)]


async def test_of_500_records_one_that_is_bad_stops_only_its_own_key(listener: Listener, database: Database) -> None:
    lives = [life(entity, [f"zeg {entity.int}", "b", "c", "d", "e"]) for entity in MANY]
    lives[37][1] = life(MANY[37], ["kapot"], first=2)[0]

    await listener.hear([one for turn in zip(*lives, strict=True) for one in turn], [])

    good = [entity for entity in MANY if entity != MANY[37]]
    assert await value(database, "select count(*) from life where array_length(words, 1) = 5") == 99
    assert await words(database, MANY[37]) == [f"zeg {MANY[37].int}"]
    assert await parked(database, MANY[37]) == [(2, "failed"), (3, "gap"), (4, "gap"), (5, "gap")]
    assert await heard(database, MANY[37]) == (1, "stopped")
    assert await value(database, "select count(*) from parked") == 4
    for entity in (good[0], good[50], good[-1]):
        word = f"zeg {entity.int}"
        assert await told_words(database, entity) == [(1, word), (2, f"{word} (echo)")]


@pytest.mark.parametrize("bad", ["kapot", "halverwege kapot", "te veel"])
async def test_rule_14_nothing_is_left_of_a_record_that_failed_half_way(
    listener: Listener, database: Database, bad: str
) -> None:
    """Guard: all reactions of a record run under one savepoint (shared/messaging/listener.py)."""
    await listener.hear(life(ONE, ["zeg a", bad, "zeg c"]), [])

    assert await words(database, ONE) == ["zeg a"]
    assert await rows(database, "select word from echo") == [("zeg a",)]
    assert await told_words(database, ONE) == [(1, "zeg a"), (2, "zeg a (echo)")]
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap")]


async def test_two_that_are_bad_in_one_batch_stop_two_keys(listener: Listener, database: Database) -> None:
    first, second = life(ONE, ["a", "kapot", "c"]), life(TWO, ["kapot", "y", "kapot"])
    third = life(MANY[0], ["p", "q", "r"])

    await listener.hear([one for turn in zip(first, second, third, strict=True) for one in turn], [])

    assert (await words(database, ONE), await words(database, TWO)) == (["a"], [])
    assert await words(database, MANY[0]) == ["p", "q", "r"]
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap")]
    assert await parked(database, TWO) == [(1, "failed"), (2, "gap"), (3, "gap")]


async def test_later_records_of_a_stopped_key_wait_and_are_kept_once(listener: Listener, database: Database) -> None:
    records = life(ONE, ["kapot", "b", "c"])

    for again in ([records[0]], [records[1]], [records[2], records[1]], records):
        await listener.hear(again, [])

    assert await parked(database, ONE) == [(1, "failed"), (2, "gap"), (3, "gap")]
    assert await words(database, ONE) == []


@pytest.mark.parametrize("bad", ["kapot", "halverwege kapot", "te veel"])
@pytest.mark.parametrize("cut", [(), (1,), (3,), (1, 2, 3, 4)], ids=str)
async def test_one_that_is_bad_in_the_midst_of_what_a_gap_releases_keeps_what_came_before_it(
    listener: Listener, database: Database, bad: str, cut: tuple[int, ...]
) -> None:
    first, *rest = life(ONE, ["zeg a", "b", bad, "d", "zeg e"])
    records = [*rest, first, *life(TWO, "xyz")]

    for begin, end in zip((0, *cut), (*cut, len(records)), strict=True):
        await listener.hear(records[begin:end], [])

    assert await words(database, ONE) == ["zeg a", "b"]
    assert await rows(database, "select word from echo where entity = $1", ONE) == [("zeg a",), ("b",)]
    assert await told_words(database, ONE) == [(1, "zeg a"), (2, "zeg a (echo)")]
    assert await parked(database, ONE) == [(3, "failed"), (4, "gap"), (5, "gap")]
    assert await heard(database, ONE) == (2, "stopped")
    assert await words(database, TWO) == ["x", "y", "z"]


async def test_when_the_one_that_closes_a_gap_is_bad_what_waited_goes_on_waiting(
    listener: Listener, database: Database
) -> None:
    first, second, third = life(ONE, ["kapot", "b", "c"])

    await listener.hear([third, second], [])
    await listener.hear([first], [])

    assert await parked(database, ONE) == [(1, "failed"), (2, "gap"), (3, "gap")]
    assert await words(database, ONE) == []


async def says_too_much(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
    project = example_of(ProjectSubmitted).data
    if event.data.reason == "niet aangekondigd":
        tx.say(project)


async def test_a_reaction_that_says_what_its_service_did_not_declare_stops_its_key_and_not_the_service(
    database: Database,
) -> None:
    ears = toy.listener(database, [*toy.REACTIONS, each(ProjectWithdrawn, says_too_much)])

    await ears.hear([*life(ONE, ["a", "niet aangekondigd"]), *life(TWO, ["zeg x"])], [])

    assert await words(database, ONE) == ["a"]
    assert await told_words(database, TWO) == [(1, "zeg x"), (2, "zeg x (echo)")]
    assert "NotDeclared" in (await reasons(database))[0]


async def test_a_batch_reaction_that_fails_is_halved_like_any_other(database: Database) -> None:
    sizes: list[int] = []

    async def in_sets(tx: Transaction, events: Sequence[Event[ProjectWithdrawn]]) -> None:
        sizes.append(len(events))
        await tx.executemany("insert into echo values ($1, $2)", [(e.subject, e.data.reason) for e in events])
        if any(event.data.reason == "kapot" for event in events):
            raise ZeroDivisionError

    lives = [life(entity, ["a"]) for entity in MANY[:32]]
    lives[9] = life(MANY[9], ["kapot"])
    await toy.listener(database, [batch(ProjectWithdrawn, in_sets)]).hear([one for (one,) in lives], [])

    assert await value(database, "select count(*) from echo") == 31
    assert await parked(database, MANY[9]) == [(1, "failed")]
    assert len(sizes) <= 13


@pytest.mark.parametrize(
    "message",
    ["a\0b", "\ud800", "BSN 123456782", "x" * 100_000, "\u00e9" * 5_000],
    ids=["NUL", "half", "bsn", "long", "wide"],
)
async def test_whatever_an_error_says_can_be_kept_and_names_nobody(
    database: Database, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    async def failing(tx: Transaction, event: Event[Any]) -> None:
        raise RuntimeError(message)

    await toy.listener(database, [each(ProjectWithdrawn, failing)]).hear(life(ONE, "a"), [])

    (reason,) = await reasons(database)
    assert reason.startswith("RuntimeError: ")
    assert len(reason) <= 1000
    assert "123456782" not in reason + caplog.text


async def test_a_statement_with_a_wrong_number_of_arguments_stops_its_key_and_is_not_tried_for_ever(
    database: Database,
) -> None:
    async def wrong(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
        if event.data.reason == "kapot":
            await tx.execute("insert into echo values ($1, 'x')", event.subject, "one too many")

    ears = toy.listener(database, [each(ProjectWithdrawn, wrong)])
    await ears.hear([*life(ONE, ["a", "kapot"]), *life(TWO, "xy")], [])

    assert await parked(database, ONE) == [(2, "failed")]
    assert await heard(database, TWO) == (2, "free")


async def test_what_fails_is_alarmed_once(
    listener: Listener, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    records: list[Record] = [one for entity in MANY[:8] for one in life(entity, "ab")]

    await listener.hear([*records, *life(ONE, ["kapot"])], [])

    assert [entry.levelname for entry in caplog.records].count("ERROR") == 1
    assert f"parked version 1 of projects {ONE}" in caplog.text
