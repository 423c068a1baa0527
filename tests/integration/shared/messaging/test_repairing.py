"""A failed record gets the data that it should have had: the same event, heard in its place when the key is released."""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.encoding import encoded
from shared.contracts.event import Stream
from shared.messaging import audit
from shared.messaging.audit import Act, Busy
from shared.messaging.backlog import backlog
from shared.messaging.listener import CHUNK, Listener
from shared.messaging.looking import NotThere, parked_one
from shared.messaging.looking import parked as listed
from shared.messaging.operating import Desk
from shared.messaging.refused import NotRepairable
from shared.messaging.repairing import Repair, fingerprint
from shared.runtime.alarms import Alarms
from shared.storage import Database
from tests.integration.shared.messaging.test_gaps import age
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, Schema, life, record, rows, told_words, value, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS
ACT = Act("operator-7", "kapot aangekomen")


def data(word: str = "b", entity: UUID = ONE, **changed: Any) -> dict[str, Any]:
    """The data of a withdrawal, some of it changed."""
    whole: dict[str, Any] = json.loads(encoded(withdrawn(entity, word)))
    return {**whole, **changed}


def bad(content: bytes | None, sequence: int = 2) -> Record:
    """A record of which only the data is bad."""
    return record(withdrawn(ONE, "b"), sequence, value=content)


@pytest.fixture
def desk(database: Database, listener: Listener) -> Desk:
    return Desk(database, listener)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"{}", b'{"reason": 3}'], ids=repr)
async def test_a_record_that_is_repaired_and_released_is_heard_in_its_place(
    listener: Listener, database: Database, desk: Desk, content: bytes | None
) -> None:
    first, _, third = life(ONE, ["a", "x", "zeg c"])
    await listener.hear([first, bad(content), third, *life(TWO, "xyz")], [])

    told = await desk.fix(ACT, PROJECTS, ONE, 2, Repair(data=data("zeg b")))
    assert await words(database, ONE) == ["a"]
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "zeg b", "zeg c"]
    assert [word for _, word in await told_words(database, ONE)] == [
        "zeg b", "zeg b (echo)", "zeg c", "zeg c (echo)"
    ]  # fmt: skip
    assert await heard(database, ONE) == (3, "free")
    new = encoded(withdrawn(ONE, "zeg b"))
    assert told.startswith(f"version 2 of {ONE} repaired ({fingerprint(content)} became {fingerprint(new)})")
    assert await rows(database, "select actor, action, target, reason from audit order by id") == [
        ("operator-7", "parked fix", f"projects {ONE} 2", "kapot aangekomen"),
        ("operator-7", "parked release", f"projects {ONE}", "kapot aangekomen"),
    ]
    assert fingerprint(new) in await value(database, "select outcome from audit where action = 'parked fix'")


async def test_a_single_value_can_be_set(listener: Listener, database: Database, desk: Desk) -> None:
    wrong = json.dumps(data("b", projectVersion="een")).encode()
    await listener.hear([*life(ONE, "a"), bad(wrong)], [])

    await desk.fix(ACT, PROJECTS, ONE, 2, Repair(values={"projectVersion": 1}))
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "b"]


async def test_a_header_that_was_wrong_can_be_set(listener: Listener, database: Database, desk: Desk) -> None:
    untimely = record(withdrawn(ONE, "a"), 1, changed={"ce_time": b"gisteren"})
    await listener.hear([untimely], [])

    await desk.fix(ACT, PROJECTS, ONE, 1, Repair(headers={"ce_time": "2026-11-24T10:00:00Z"}))
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a"]


@pytest.mark.parametrize(
    ("repair", "complaint"),
    [
        (Repair(data=data(entity=TWO)), "its subject is not the entity in its data"),
        (Repair(data={}), "It is no ProjectWithdrawn: "),
        (Repair(data=[1]), "It is no ProjectWithdrawn: "),
        (Repair(data=data("Van BSN 123456782")), "A person is recognisable in reason"),
        (Repair(data=data(reason="x" * 70_000)), "It is no ProjectWithdrawn: reason: string_too_long"),
        (Repair(data=data(), headers={"ce_id": str(TWO)}), "keeps ce_id"),
        (Repair(data=data(), headers={"ce_sequence": "3"}), "keeps ce_sequence"),
        (Repair(data=data(), headers={"ce_type": "nl.schuldhulpprojecten.project-submitted.v1"}), "keeps the type"),
        (Repair(data=data(), headers={"ce_time": "morgen"}), "It would fail again: "),
        (Repair(values={"projectVersion": 1}), "cannot be read"),
    ],
)
async def test_what_would_not_be_the_same_event_or_not_right_is_refused_and_changes_nothing(
    listener: Listener, database: Database, desk: Desk, repair: Repair, complaint: str
) -> None:
    await listener.hear([*life(ONE, "a"), bad(b"{")], [])

    with pytest.raises(NotRepairable, match=complaint):
        await desk.fix(ACT, PROJECTS, ONE, 2, repair)

    assert await rows(database, "select sequence, kind, value from parked") == [(2, "failed", b"{")]
    assert await rows(database, "select * from audit") == []


@pytest.mark.parametrize("path", ["nergens.reason", "reason.0", "projectVersion.x"])
async def test_a_value_is_set_only_where_there_is_a_place_for_it(listener: Listener, desk: Desk, path: str) -> None:
    await listener.hear([*life(ONE, "a"), bad(b'{"reason": "b"}')], [])
    with pytest.raises(NotRepairable, match=f"There is nothing at {path}"):
        await desk.fix(ACT, PROJECTS, ONE, 2, Repair(values={path: 1}))


async def test_only_what_failed_can_be_repaired(listener: Listener, desk: Desk) -> None:
    await listener.hear([*life(ONE, "a"), bad(b"{"), *life(ONE, "c", first=3)], [])
    for sequence in (1, 3, 9):
        with pytest.raises(NotThere):
            await desk.fix(ACT, PROJECTS, ONE, sequence, Repair(data=data()))


async def test_of_a_fork_nothing_can_be_repaired(listener: Listener, desk: Desk) -> None:
    fork = record(withdrawn(ONE, "anders"), 1, changed={"ce_id": str(UUID(int=99)).encode()})
    await listener.hear([*life(ONE, "a"), fork], [])
    with pytest.raises(NotRepairable, match="heard as another event"):
        await desk.fix(ACT, PROJECTS, ONE, 1, Repair(data=data()))


async def test_a_record_that_comes_again_does_not_overtake_its_repair(
    listener: Listener, database: Database, desk: Desk
) -> None:
    first, good, third = life(ONE, "abc")
    await listener.hear([first, bad(b"{"), third], [])
    await desk.fix(ACT, PROJECTS, ONE, 2, Repair(data=data("hersteld")))

    for again in ([bad(b"{")], [good], [first, bad(b"{"), third]):
        await listener.hear(again, [])
        assert await words(database, ONE) == ["a"]
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "hersteld", "c"]
    assert await parked(database, ONE) == []


async def test_of_what_held_personal_data_nothing_was_kept_and_all_can_be_given_anew(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([*life(ONE, "a"), bad(b'{"bsn": "123456782"}')], [])
    assert await rows(database, "select value, headers from parked") == [(None, [])]

    headers = {"ce_type": "nl.schuldhulpprojecten.project-withdrawn.v1", "ce_time": "2026-11-24T10:00:00Z"}
    await desk.fix(ACT, PROJECTS, ONE, 2, Repair(data=data("b"), headers=headers))
    await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == ["a", "b"]


async def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([*life(ONE, "a"), bad(b"{"), *life(ONE, ["zeg c"], first=3)], [])
    before = await everything(database)

    assert "repaired" in await desk.fix(ACT, PROJECTS, ONE, 2, Repair(data=data()), dry_run=True)
    assert (await desk.release(ACT, PROJECTS, ONE, dry_run=True)).failed
    assert (await desk.discard(ACT, PROJECTS, ONE, 2, dry_run=True)).applied == 1

    assert await everything(database) == before


async def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    """All that a repair could change."""
    tables = ("parked", "heard", "skipped", "audit", "life", "echo", "outbox", "said", "dead_letter")
    return [await rows(database, f"select * from {table}") for table in tables]


async def test_only_one_repair_of_a_thing_runs_at_once(listener: Listener, database: Database, desk: Desk) -> None:
    await listener.hear([bad(b"{", 1), *life(TWO, ["kapot"])], [])

    async with audit.fenced(database, f"projects {ONE}"):
        with pytest.raises(Busy):
            await desk.fix(ACT, PROJECTS, ONE, 1, Repair(data=data()))
        async with database.transaction() as tx:
            with pytest.raises(Busy):
                await desk.within(tx).discard(ACT, PROJECTS, ONE, 1)
        await desk.discard(ACT, PROJECTS, TWO, 1)
    await desk.discard(ACT, PROJECTS, ONE, 1)


async def test_a_release_that_was_broken_off_goes_on_and_nothing_that_comes_meanwhile_goes_first(
    listener: Listener, database: Database, desk: Desk
) -> None:
    count = 2 * CHUNK + 10
    many = life(ONE, [f"w{number}" for number in range(1, count + 1)])
    await listener.hear([bad(b"{", 1)], [])
    for start in range(1, count, CHUNK):
        await listener.hear(many[start : start + CHUNK], [])
    await desk.fix(ACT, PROJECTS, ONE, 1, Repair(data=data("w1")))

    async with database.transaction() as tx:  # as over HTTP: one chunk, and then the operator is gone
        progress = await desk.within(tx).release(ACT, PROJECTS, ONE)
    assert progress.goes_on
    assert await words(database, ONE) == [f"w{number}" for number in range(1, CHUNK + 1)]
    await listener.hear(many[CHUNK : CHUNK + 3], [])
    await listener.hear(life(ONE, ["later"], first=count + 1), [])
    assert len(await words(database, ONE)) == CHUNK

    done = await desk.release(ACT, PROJECTS, ONE)

    assert await words(database, ONE) == [*(f"w{number}" for number in range(1, count + 1)), "later"]
    assert str(done) == f"{count + 1 - CHUNK} version(s) of {ONE} applied; nothing of it failed"
    assert await heard(database, ONE) == (count + 1, "free")
    assert await parked(database, ONE) == []


async def test_a_release_that_was_broken_off_is_named_until_somebody_releases_it_again(
    listener: Listener, database: Database, desk: Desk, schema: Schema, caplog: pytest.LogCaptureFixture
) -> None:
    count = CHUNK + 2
    many = life(ONE, [f"w{number}" for number in range(1, count + 1)])
    await listener.hear([bad(b"{", 1)], [])
    await listener.hear(many[1:], [])
    await age(schema)  # all of it waited for long before somebody came
    alarms = Alarms(database)
    async with database.transaction() as tx:
        assert (await desk.within(tx).discard(ACT, PROJECTS, ONE, 1)).goes_on

    async with database.reading() as tx:
        now, (*_, last) = await backlog(tx), await listed(tx, None, None, count)
    assert (now.parked_keys["failed"], now.gaps) == (0, 1)
    assert now.gap_age < 60, "a release that is under way is no cause for alarm"
    assert (last.sequence, last.kind) == (CHUNK + 2, "gap")
    assert last.reason == "the release was broken off before it: release it again"
    assert await alarms.name_new_gaps() == []
    await age(schema)
    with caplog.at_level(logging.ERROR):
        (named,) = await alarms.name_new_gaps()
    assert (named.is_half_released, named.entity, named.missing) == (True, ONE, CHUNK + 2)
    assert [line for line in caplog.messages if f"projects {ONE} is half released" in line and "parked release" in line]
    assert not [line for line in caplog.messages if "has not come" in line]

    await desk.release(ACT, PROJECTS, ONE)

    assert await alarms.name_new_gaps() == []
    async with database.reading() as tx:
        assert (await backlog(tx)).gaps == 0


async def test_one_that_failed_behind_a_release_is_a_failure_and_nothing_half_released(
    listener: Listener, database: Database, desk: Desk, schema: Schema
) -> None:
    await listener.hear([bad(b"{", 1), *life(ONE, ["b", "kapot", "d"], first=2)], [])
    await desk.discard(ACT, PROJECTS, ONE, 1)
    await age(schema)

    assert await Alarms(database).name_new_gaps() == []
    async with database.reading() as tx:
        now = await backlog(tx)
    assert (now.parked_keys["failed"], now.gaps) == (1, 0)


async def test_one_is_shown_with_what_waits_behind_it(listener: Listener, database: Database) -> None:
    await listener.hear([bad(b"{", 1), *life(ONE, "bc", first=2), *life(ONE, "e", first=5)], [])

    async with database.reading() as tx:
        whole = await parked_one(tx, PROJECTS, ONE, 1)
        with pytest.raises(NotThere):
            await parked_one(tx, PROJECTS, TWO, 1)

    assert (whole.row.kind, whole.behind.which) == ("failed", "2-3, 5")
    assert whole.value is not None
    assert (whole.value.text, whole.value.encoding) == ("{", "utf-8")
    assert ("ce_sequence", "1") in whole.headers


async def test_who_and_why_are_kept_without_what_names_a_person(
    listener: Listener, database: Database, desk: Desk
) -> None:
    await listener.hear([bad(b"{", 1)], [])

    await desk.discard(Act("jan@voorbeeld.nl", "gebeld door 06-12345678"), PROJECTS, ONE, 1)

    kept = str(await rows(database, "select actor, reason from audit"))
    kept += str(await rows(database, "select actor, reason from skipped"))
    assert "jan@" not in kept
    assert "12345678" not in kept
