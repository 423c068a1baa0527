"""CloudEvents as they come from outside: structured, in a batch or binary, over HTTP or Kafka.

What is wrong with one event is part of what came; only a request that holds no events at all is refused here. Of the context
attributes just four are read: whatever else stands there (sequence, roles, trace, time) is not believed, and goes no further.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from shared.refusals import Fault, Refusal
from shared.web.faults import MISSING
from shared.web.jsonbody import NoJson, nul_faults, read_json
from shared.web.problems import Problem

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
BINARY = "application/json"
MODES = (STRUCTURED, BATCH, BINARY)
MOST_EVENTS = 100
LONGEST = 255
HTTP_PREFIX, KAFKA_PREFIX = "ce-", "ce_"
REQUIRED = ("specversion", "id", "source", "type")
PRINTED = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{LONGEST}}}")

NO_TEXT = f"Geef een tekst van 1 tot {LONGEST} tekens, zonder stuurtekens."
TWICE = "Dit kenmerk staat er meer dan eens. Stuur het een keer."
NO_JSON = "Dit is geen geldige JSON."
NO_OBJECT = "Geef een object met velden."
NOT_UTF8 = "Dit is geen geldige UTF-8."
NO_BASE64 = "Dit is geen geldige base64."
ONLY_JSON = "Stuur de gegevens als JSON (application/json)."

Pairs = Iterable[tuple[str, object]]


class NoData:
    """Stands where no data can be read."""


NO_DATA = NoData()


@dataclass(frozen=True, slots=True)
class Came:
    """One event. An attribute that cannot be used is None, and named in `faults`; so is data that cannot be read."""

    source: str | None = None
    id: str | None = None
    type: str | None = None
    data: Any = NO_DATA
    faults: tuple[Fault, ...] = ()


def of_request(headers: Pairs, body: bytes) -> tuple[list[Came], bool]:
    """The events of a request, and whether they came as a batch.

    Raises: Problem 415 for another kind of content, 413 for too many events; NoJson.
    """
    named = [(name.lower(), value) for name, value in headers]
    media_type = _media_type(dict(named).get("content-type"))
    if media_type == STRUCTURED:
        return [structured(read_json(body))], False
    if media_type == BATCH:
        return [structured(each) for each in _events_of(read_json(body))], True
    if media_type == BINARY:
        attributes = ((name, _decoded(value)) for name, value in named)
        return [binary(attributes, HTTP_PREFIX, body)], False
    raise Problem(
        415,
        "no-cloudevents",
        "Dit zijn geen CloudEvents in JSON",
        f"Stuur een van deze: {', '.join(MODES)}. De laatste met de kenmerken in headers die met ce- beginnen.",
        headers={"Accept": ", ".join(MODES)},
    )


def of_record(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Came:
    """The event of a Kafka record. Never raises."""
    given = list(headers)
    content = next((part for name, part in given if name == "content-type"), None) or b""
    if content.lower().startswith(STRUCTURED.encode()) and not any(name == "ce_id" for name, _ in given):
        try:
            return structured(read_json(value or b""))
        except Refusal:
            return Came(faults=(Fault("body", NO_JSON),))
    return binary(((name, part) for name, part in given), KAFKA_PREFIX, value or b"")


def structured(event: object) -> Came:
    """An event in the JSON format of CloudEvents."""
    if not isinstance(event, dict):
        return Came(faults=(Fault("body", NO_OBJECT),))
    if faults := nul_faults(event):
        clean = {name: part for name, part in event.items() if isinstance(part, str) and "\0" not in part}
        return _came(clean.items(), NO_DATA, faults)
    attributes = [(name, part) for name, part in event.items() if name not in ("data", "data_base64")]
    faults = _faults_of_content(event.get("datacontenttype"))
    if "data_base64" in event:
        try:
            raw = b64decode(event["data_base64"], validate=True)
        except (ValueError, TypeError):
            return _came(attributes, NO_DATA, [*faults, Fault("data_base64", NO_BASE64)])
        return _with_bytes(attributes, raw, faults)
    if event.get("data") is None:
        return _came(attributes, NO_DATA, [*faults, Fault("data", MISSING)])
    return _came(attributes, event["data"], faults)


def binary(headers: Pairs, prefix: str, body: bytes) -> Came:
    """An event whose attributes are headers, and whose data is the body."""
    attributes, kind = [], None
    for name, value in headers:
        if name == "content-type":
            kind = value
        elif name.startswith(prefix):
            attributes.append((name.removeprefix(prefix), value))
    return _with_bytes(attributes, body, _faults_of_content(kind))


def _with_bytes(attributes: Pairs, raw: bytes, faults: Sequence[Fault]) -> Came:
    if not raw:
        return _came(attributes, NO_DATA, [*faults, Fault("data", MISSING)])
    try:
        data = read_json(raw)
    except NoJson as error:
        return _came(attributes, NO_DATA, [*faults, Fault("data", error.detail)])
    if nul := nul_faults(data, "data"):
        return _came(attributes, NO_DATA, [*faults, *nul])
    return _came(attributes, data, faults)


def _came(attributes: Pairs, data: object, faults: Sequence[Fault]) -> Came:
    """The event with these attributes: each that is needed is there once, and is a text that can be kept."""
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, value in attributes:
        if name not in REQUIRED:
            continue
        if name in found or name in wrong:
            wrong[name] = TWICE
        elif isinstance(text := _text(value), Fault):
            wrong[name] = text.message
        elif name == "specversion" and text != "1.0":
            wrong[name] = "Gebruik CloudEvents 1.0: de waarde is 1.0."
        else:
            found[name] = text
    named = {fault.field for fault in faults}
    wrong |= {name: MISSING for name in REQUIRED if not {name} & {*found, *wrong, *named}}
    usable = {name: text for name, text in found.items() if name not in wrong}
    first = [Fault(name, wrong[name]) for name in REQUIRED if name in wrong]
    return Came(usable.get("source"), usable.get("id"), usable.get("type"), data, (*first, *faults))


def _text(value: object) -> str | Fault:
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return Fault("", NOT_UTF8)
    if value is None:
        return Fault("", MISSING)
    return value if isinstance(value, str) and PRINTED.fullmatch(value) else Fault("", NO_TEXT)


def _faults_of_content(kind: object) -> list[Fault]:
    """No word about it means JSON."""
    media_type = _media_type(kind)
    is_json = kind is None or media_type == BINARY or media_type.endswith("+json")
    return [] if is_json else [Fault("datacontenttype", ONLY_JSON)]


def _media_type(kind: object) -> str:
    text = kind.decode("latin-1") if isinstance(kind, bytes) else str(kind or "")
    return text.partition(";")[0].strip().lower()


def _decoded(value: object) -> object:
    """As HTTP carries an attribute: percent-encoded UTF-8, perhaps in quotes (CloudEvents HTTP binding, 3.1.3.2)."""
    if not isinstance(value, str):
        return value
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return b"\xff"  # which is named as what it is: no UTF-8


def _events_of(batch: object) -> list[object]:
    if not isinstance(batch, list) or not batch:
        raise NoJson("Een batch is een lijst met ten minste een gebeurtenis.", [Fault("body", "Geef een lijst.")])
    if len(batch) > MOST_EVENTS:
        raise Problem(
            413,
            "too-many-events",
            "De batch is te groot",
            f"Er staan {len(batch)} gebeurtenissen in. Stuur er hoogstens {MOST_EVENTS} tegelijk.",
        )
    return batch


def canonical(data: object) -> bytes:
    """Data as bytes that are the same however it was written: sorted, without spaces."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
