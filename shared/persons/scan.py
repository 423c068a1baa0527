"""The person scan over whatever comes in: a text, JSON-like data, or bytes that nobody could read."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

from shared.persons import records
from shared.persons.numbers import Kind, passes_eleven_test, spans

_PACKED = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ",
    b"%PDF",
)  # gzip, zip, zstd, bzip2, xz, PDF
_NO_PERSON = (bool, float, UUID, date, time, timedelta, type(None))
_NUMBERS_OF_THINGS = frozenset(
    {"rsin", "offset", "position", "sequence", "revision", "size", "bytes", "population", "inwoners"}
)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z_-]{0,60}\d{0,3}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that belongs to one person: where it stands, what it is and how long. Never what it says.

    `path` is the place in the data ("klanten.0.naam"); empty for a text as a whole. `size` is in characters.
    """

    path: str
    kind: Kind
    size: int


def scan_text(text: str) -> tuple[Finding, ...]:
    """What a text holds of persons."""
    return tuple(_in_text(text, ""))


def scan(value: object) -> tuple[Finding, ...]:
    """What JSON-like data holds of persons: in its texts and numbers, in the names of its fields, and by their shape.

    Identifiers with a type of their own are let through: UUIDs and dates as such, a field named rsin, amounts in euros.
    """
    found: list[Finding] = []
    waiting: list[tuple[str, str, object]] = [("", "", value)]
    while waiting:
        path, name, item = waiting.pop()
        if isinstance(item, Mapping):
            found += _in_fields(item, path)
            waiting += [(_below(path, str(key)), records.plain(str(key)), held) for key, held in item.items()]
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting += [(_below(path, place), name, held) for place, held in enumerate(item)]
        elif isinstance(item, (bytes, bytearray)):
            found += [Finding(path, each.kind, each.size) for each in scan_bytes(bytes(item))]
        elif not isinstance(item, _NO_PERSON):
            found += _in_value(item, path, name)
    return tuple(sorted(found, key=lambda each: each.path))


def scan_bytes(data: bytes) -> tuple[Finding, ...]:
    """What a record that could not be read holds of persons, whatever its encoding.

    Read as UTF-8, or else byte by byte (latin-1); NUL bytes are left out, so that UTF-16 and UTF-32 show their digits and
    field names as well. What can be parsed as JSON is judged by its fields, as `scan` does. What is packed cannot be looked
    into: that is a finding by itself.
    """
    if data.startswith(_PACKED):
        return (Finding("", Kind.OPAQUE, len(data)),)
    legible = data.replace(b"\0", b"")
    try:
        text = legible.decode()
    except UnicodeDecodeError:
        text = legible.decode("latin-1")
    found = scan_text(text)
    if not found and "data_base64" not in text and "\\u" not in text:
        return ()
    value = _parsed(text)
    return found if value is None else scan(value)


def _parsed(text: str) -> object:
    """The JSON in a text, with what it carries as base64 (CloudEvents `data_base64`) opened; None where there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    packed = value.get("data_base64") if isinstance(value, dict) else None
    if not isinstance(packed, str):
        return value
    try:
        return {**value, "data_base64": b64decode(packed)}
    except ValueError:
        return value


def _in_text(text: str, path: str) -> Iterator[Finding]:
    for start, end, kind in spans(text):
        yield Finding(path, kind, end - start)
    if records.is_written_in(text):
        yield Finding(path, Kind.RECORD, len(text))


def _in_value(item: object, path: str, name: str) -> Iterator[Finding]:
    """A text, or a number as it would be written out; `name` is the field it stands in."""
    if isinstance(item, (int, Decimal)):
        if name not in _NUMBERS_OF_THINGS and not name.endswith("euro") and _is_bsn(item):
            yield Finding(path, Kind.BSN, 9)
    elif not (name == "rsin" and len(str(item)) == 9):
        yield from _in_text(str(item), path)


def _is_bsn(number: int | Decimal) -> bool:
    if isinstance(number, Decimal) and not number.is_finite():
        return False
    size = -number if number < 0 else number
    return 10**8 <= size < 10**9 and size == int(size) and passes_eleven_test(str(int(size)))


def _in_fields(fields: Mapping[object, object], path: str) -> Iterator[Finding]:
    for place, name in enumerate(fields):
        yield from _in_text(str(name), _below(path, place))
    filled = [str(name) for name, held in fields.items() if held not in (None, "", [], {}, ())]
    if records.is_of_a_person(map(records.plain, filled)):
        yield Finding(path, Kind.RECORD, sum(len(name) for name in filled))


def _below(path: str, step: str | int) -> str:
    """The place one step further. A field's name that is not plainly one could be content itself: it is left out."""
    shown = str(step) if isinstance(step, int) or _FIELD.fullmatch(step) else "?"
    return f"{path}.{shown}" if path else shown
