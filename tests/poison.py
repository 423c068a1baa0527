"""Every way in which a record can be bad: how it is made of a good one, where it lands, why, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from shared.contracts.encoding import MAX_DATA_BYTES
from shared.contracts.registry import TOPIC_SETTINGS
from tests.messaging import Header, Record

PARKED: Final = "parked"
DEAD: Final = "dead letter"
PASSED: Final = "passed over"
BSN = b'{"naam": "x", "bsn": "123456782"}'
LARGEST_VALUE = int(TOPIC_SETTINGS["max.message.bytes"]) - 1_000
"""What a topic takes, less the key and the headers that any record here has (700 bytes or so)."""
UNKNOWN_TYPE = b"nl.schuldhulpprojecten.something-new.v1"


@dataclass(frozen=True)
class Poison:
    """One kind. `restore` are the headers that a repair has to give anew; `names` those that a replay has to."""

    name: str
    spoilt: Callable[[Record], Record]
    lands: Literal["parked", "dead letter", "passed over"]
    reason: str
    restore: Sequence[str] = ()
    names: Sequence[str] = ()
    is_hopeless: bool = False


def _value(content: bytes | None) -> Callable[[Record], Record]:
    return lambda good: replace(good, value=content)


def _header(name: str, content: bytes | None, *, there: bool = True) -> Callable[[Record], Record]:
    def spoilt(good: Record) -> Record:
        left: list[Header] = [(key, value) for key, value in good.headers if key != name]
        return replace(good, headers=[*left, (name, content)] if there else left)

    return spoilt


def _of(good: Record, header: str) -> str:
    return (dict(good.headers)[header] or b"").decode()


def _too_new(good: Record) -> Record:
    return _header("ce_type", f"{_of(good, 'ce_type').rpartition('.')[0]}.v99".encode())(good)


def _of_another(good: Record) -> Record:
    subject = _of(good, "ce_subject").encode()
    return replace(good, value=(good.value or b"").replace(subject, str(UUID(int=7)).encode()))


def _wide(size: int) -> Callable[[Record], Record]:
    """The same data, with so much space around it."""
    return lambda good: replace(good, value=(good.value or b"").ljust(size))


def _bare(content: bytes) -> Callable[[Record], Record]:
    return lambda good: replace(good, headers=[], value=content)


KINDS: Sequence[Poison] = (
    Poison("bytes that are no text", _value(b"\xff\xfe\x00{"), PARKED, "json_invalid"),
    Poison("text that is no JSON", _value(b"{"), PARKED, "json_invalid"),
    Poison("a wrong schema", _value(b"{}"), PARKED, "missing"),
    Poison("a null value", _value(None), PARKED, "it has no value"),
    Poison("an empty value", _value(b""), PARKED, "json_invalid"),
    Poison("more data than an event may have", _wide(MAX_DATA_BYTES + 1), PARKED, "its data has 64001 bytes"),
    Poison("as large as a topic takes", _wide(LARGEST_VALUE), PARKED, f"its data has {LARGEST_VALUE} bytes"),
    Poison("data of another entity", _of_another, PARKED, "its subject is not the entity in its data"),
    Poison("no type", _header("ce_type", b"", there=False), PARKED, "it has no type", restore=["ce_type"]),
    Poison("a null type", _header("ce_type", None), PARKED, "it has no type", restore=["ce_type"]),
    Poison("a type that is no text", _header("ce_type", b"\xff"), PARKED, "it has no type", restore=["ce_type"]),
    Poison("an unknown version", _too_new, PARKED, "version 99 of ", is_hopeless=True),
    Poison("an unknown type", _header("ce_type", UNKNOWN_TYPE), PASSED, ""),
    Poison("a null time", _header("ce_time", None), PARKED, "while it was read", restore=["ce_time"]),
    Poison("a time that is no text", _header("ce_time", b"\xff"), PARKED, "while it was read", restore=["ce_time"]),
    Poison("a person in its data", _value(BSN), PARKED, "bytes held personal data", restore=["ce_type", "ce_time"]),
    Poison("a null subject", _header("ce_subject", None), DEAD, "cannot be read", names=["ce_subject"]),
    Poison("a subject that is no text", _header("ce_subject", b"\xff"), DEAD, "cannot be read", names=["ce_subject"]),
    Poison("a version that is no number", _header("ce_sequence", b"x"), DEAD, "cannot be read", names=["ce_sequence"]),
    Poison("no id", _header("ce_id", b"", there=False), DEAD, "cannot be read", names=["ce_id"]),
    Poison("no headers at all", _bare(b"\x00\x01\xff"), DEAD, "cannot be read", is_hopeless=True),
    Poison("a person, and no headers", _bare(BSN), DEAD, "cannot be read", is_hopeless=True),
)
"""All that can be made with headers whose names are text. The one that cannot: `tests.topics.write_unreadable`."""


def restored(poison: Poison, good: Record) -> dict[str, str]:
    """The headers that a repair gives anew."""
    return {name: _of(good, name) for name in poison.restore}


def named(poison: Poison, good: Record) -> dict[str, str]:
    """Which event it is, as a replay has to say: subject, sequence and id, as far as they are illegible."""
    return {name.removeprefix("ce_"): _of(good, name) for name in poison.names}
