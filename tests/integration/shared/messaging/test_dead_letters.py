"""What nobody can read is kept as it came, unless a person could be recognised in it; it holds up nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.messaging.listener import Listener
from shared.storage import Database
from tests.integration.shared.messaging.toy import heard, parked, reasons, words
from tests.messaging import Record, life, position, record, rows, withdrawn

ONE, TWO = UUID(int=1), UUID(int=2)
TOPIC = withdrawn(ONE).STREAM.topic
BSN = b'{"naam": "Jan", "bsn": "123456782"}'
LETTERS = "select topic, part, off, key, headers, value, size, bytes_kept from dead_letter"


def letter(value: bytes | None = b"\xff\x00?", offset: int = 7, **parts: Any) -> Record:
    """A record of which nobody can say whose it is."""
    whole = {"key": b"\xfe", "headers": [("x", b"y")], **parts}
    return Record(TOPIC, 3, offset, whole["key"], value, whole["headers"])


async def test_its_bytes_its_place_and_its_headers_are_kept(listener: Listener, database: Database) -> None:
    odd = [("x", b"\xff\x80"), ("x", b"again"), ("none", None), ("\u00e9", b"")]

    await listener.hear([letter(headers=odd)], [])

    ((topic, part, offset, key, headers, value, size, kept),) = await rows(database, LETTERS)
    assert (topic, part, offset, key, value, size, kept) == (TOPIC, 3, 7, b"\xfe", b"\xff\x00?", 3, True)
    back = [(name, None if text is None else text.encode("latin-1")) for name, text in headers]
    assert back == odd


async def test_it_holds_up_nothing_and_its_place_is_passed(listener: Listener, database: Database) -> None:
    bad = letter()

    await listener.hear([*life(ONE, "ab"), bad, *life(TWO, "x")], [position(bad)])

    assert await words(database, ONE) == ["a", "b"]
    assert await words(database, TWO) == ["x"]
    assert await rows(database, "select topic, part, next from positions") == [(TOPIC, 3, 8)]


async def test_read_again_it_is_kept_once(listener: Listener, database: Database) -> None:
    await listener.hear([letter(), letter()], [])
    await listener.hear([letter()], [])

    assert len(await rows(database, LETTERS)) == 1


@pytest.mark.parametrize(
    "personal",
    [letter(BSN), letter(key=b"123456782"), letter(headers=[("x", b"a"), ("note", b"bsn 123456782")])],
    ids=["in the value", "in the key", "in a header"],
)
async def test_of_one_in_which_a_person_is_recognisable_only_place_size_and_reason_are_kept(
    listener: Listener, database: Database, caplog: pytest.LogCaptureFixture, personal: Record
) -> None:
    await listener.hear([personal], [])

    ((_, part, offset, key, headers, value, size, kept),) = await rows(database, LETTERS)
    assert (part, offset, key, headers, value, kept) == (3, 7, None, [], None, False)
    assert size == len(personal.value or b"")
    assert "123456782" not in str(await rows(database, "select reason from dead_letter"))
    assert "123456782" not in caplog.text


@pytest.mark.parametrize(
    "odd",
    [
        letter(None),
        letter(b""),
        letter(key=None),
        letter(headers=[("a\0b", b"c")]),
        letter(headers=[("a", b"b\0c")]),
        letter(headers=[("a", b"\\u0000")]),
        letter(b"x" * 500_000),
    ],
    ids=["no value", "empty", "no key", "NUL in a name", "NUL in a header", "looks like NUL", "large"],
)
async def test_whatever_it_holds_it_can_be_kept(listener: Listener, database: Database, odd: Record) -> None:
    await listener.hear([odd, *life(ONE, "a")], [])

    assert [value for *_, value, _, _ in await rows(database, LETTERS)] == [odd.value]
    assert await words(database, ONE) == ["a"]


# Legible, but its data cannot be used: that is not a dead letter, it is the next version of somebody's life.


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"\xff", b"{}"], ids=["null", "empty", "cut off", "bytes", "empty object"]
)
async def test_rule_18_broken_data_of_a_legible_record_stops_its_key(
    listener: Listener, database: Database, value: bytes | None
) -> None:
    """Guard: decoding never raises, and legible is not readable (shared/messaging/envelope.py)."""
    first, _, third = life(ONE, "abc")

    await listener.hear([first, record(withdrawn(ONE), 2, value=value), third, *life(TWO, "xyz")], [])

    assert await words(database, ONE) == ["a"]
    assert await words(database, TWO) == ["x", "y", "z"]
    assert await heard(database, ONE) == (1, "stopped")
    assert await parked(database, ONE) == [(2, "failed"), (3, "gap")]
    assert await rows(database, "select * from dead_letter") == []
    assert await rows(database, "select value from parked where sequence = 2") == [(value,)]


async def test_broken_data_in_which_a_person_is_recognisable_is_not_kept(
    listener: Listener, database: Database
) -> None:
    await listener.hear([record(withdrawn(ONE), 1, value=BSN)], [])

    assert await rows(database, "select value, headers from parked") == [(None, [])]
    (reason,) = await reasons(database)
    assert f"its {len(BSN)} bytes held personal data" in reason


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
async def test_broken_data_that_waited_stops_its_key_when_its_turn_comes(
    listener: Listener, database: Database, together: bool
) -> None:
    first, second, _, fourth = life(ONE, "abcd")
    records = [fourth, record(withdrawn(ONE), 3, value=b"{"), second, first]

    for batch in [records] if together else [[one] for one in records]:
        await listener.hear(batch, [])

    assert await words(database, ONE) == ["a", "b"]
    assert await heard(database, ONE) == (2, "stopped")
    assert await parked(database, ONE) == [(3, "failed"), (4, "gap")]
