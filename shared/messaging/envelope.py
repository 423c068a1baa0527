"""CloudEvents on Kafka: binary mode out, binary and structured mode in (CloudEvents 1.0, NL GOV profile).

Decoding never raises. A record is either legible (whose it is and which version can be told) or it is not.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from asyncpg.pgproto import pgproto
from pydantic import ValidationError

from shared.contracts.event import Event, EventData, Stream

CONTENT_TYPE = "content-type"
JSON_TYPE = "application/json"
STRUCTURED_TYPE = b"application/cloudevents+json"
PREFIX = "ce_"
SUPERSEDES, SUPERSEDED_BY = "ce_supersedes", "ce_supersededby"
SEQUENCE = re.compile(rb"[1-9][0-9]{0,9}")  # int() would take "1_0", " 1" and digits of other scripts too
HIGHEST_SEQUENCE = 2**31 - 1
TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

fast_uuid: Callable[[str], UUID] = pgproto.UUID  # ten times as fast as uuid.UUID, and equal to it


class KafkaRecord(Protocol):
    """What this code reads of a record; `aiokafka.ConsumerRecord` is one, and so is a parked row."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...


@dataclass(slots=True)
class Arrival:
    """A legible record. `event` is None where its type is not for us; `fault` says why its data cannot be used."""

    record: KafkaRecord
    stream: Stream
    entity: UUID
    sequence: int
    id: UUID
    event: Event[Any] | None = None
    kind: type[EventData] | None = None
    fault: str | None = None
    has_twin: bool = False

    def forks_from(self, event_id: UUID | None) -> bool:
        """Whether another event bears its version. A fact that is said in two schema versions may come as either."""
        return event_id is not None and event_id != self.id and not self.has_twin


@dataclass(slots=True)
class Illegible:
    """A record of which nobody can say whose it is."""

    record: KafkaRecord
    reason: str


class Decoder:
    """Turns records into arrivals. Made once, for the events that a service hears."""

    def __init__(self, hears: Iterable[type[EventData]]) -> None:
        self._streams = {stream.topic: stream for stream in Stream}
        self._kinds = {kind.ce_type().encode(): kind for kind in hears}
        self._validators = {kind: kind.__pydantic_validator__.validate_json for kind in self._kinds.values()}

    def decode(self, record: KafkaRecord) -> Arrival | Illegible | None:
        """Never raises: what is wrong with a record is part of the answer. None: its fact is heard in another version."""
        try:
            attributes: Mapping[str, bytes | None] = dict(record.headers)
            if "ce_id" not in attributes and _is_structured(attributes.get(CONTENT_TYPE)):
                attributes, value = _opened(record.value)
            else:
                value = record.value
            sequence = _sequence(attributes)
            arrival = Arrival(
                record,
                self._streams[record.topic],
                fast_uuid(_text(attributes, "ce_subject")),
                sequence,
                fast_uuid(_text(attributes, "ce_id")),
                has_twin=SUPERSEDES in attributes or SUPERSEDED_BY in attributes,
            )
        except Exception as error:
            return Illegible(record, f"{type(error).__name__}: its subject, sequence or id cannot be read")
        return None if self._is_other_version(attributes) else self._understood(arrival, attributes, value)

    def _is_other_version(self, attributes: Mapping[str, bytes | None]) -> bool:
        """Of two versions of one fact the newest that is heard counts, or the newest of all; the other is passed over."""
        if newer := attributes.get(SUPERSEDED_BY):
            return newer in self._kinds or attributes.get("ce_type") not in self._kinds
        older = attributes.get(SUPERSEDES)
        return older in self._kinds and attributes.get("ce_type") not in self._kinds

    def _understood(self, arrival: Arrival, attributes: Mapping[str, bytes | None], value: bytes | None) -> Arrival:
        kind = self._kinds.get(attributes.get("ce_type") or b"")
        if kind is None:
            return arrival
        arrival.kind = kind
        if value is None:
            arrival.fault = "it has no value"
            return arrival
        try:
            data = self._validators[kind](value)
            if kind.STREAM is not arrival.stream:
                arrival.fault = f"{kind.ce_type()} is not said on this topic"
            elif data.entity != arrival.entity:
                arrival.fault = "its subject is not the entity in its data"
            arrival.event = Event(
                arrival.id,
                arrival.entity,
                arrival.sequence,
                _instant(_text(attributes, "ce_time")),
                data,
                _uuid_or_none(attributes.get("ce_correlationid")),
                _uuid_or_none(attributes.get("ce_causationid")),
                _trace_or_none(attributes.get("ce_traceparent")),
            )
        except ValidationError as error:
            arrival.fault = _faults_of(error)
        except Exception as error:
            arrival.fault = f"{type(error).__name__} while it was read"
        return arrival


def _text(attributes: Mapping[str, bytes | None], name: str) -> str:
    value = attributes[name]
    if value is None:
        raise ValueError(name)
    return value.decode()


def _is_structured(content_type: bytes | None) -> bool:
    return content_type is not None and content_type.lower().startswith(STRUCTURED_TYPE)


def _sequence(attributes: Mapping[str, bytes | None]) -> int:
    text = attributes["ce_sequence"]
    if text is None or not SEQUENCE.fullmatch(text) or (number := int(text)) > HIGHEST_SEQUENCE:
        raise ValueError("ce_sequence")
    return number


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("ce_time")
    return instant


def _trace_or_none(value: bytes | None) -> str | None:
    """A trace that breaks the rules is dropped, not passed on (W3C Trace Context, 3.2)."""
    return value.decode() if value and TRACEPARENT.fullmatch(value) else None


def _uuid_or_none(value: bytes | None) -> UUID | None:
    return fast_uuid(value.decode()) if value else None


def _opened(value: bytes | None) -> tuple[Mapping[str, bytes | None], bytes | None]:
    """A structured event as binary mode would have had it."""
    whole = json.loads(value or b"")
    data, in_base64 = whole.pop("data", None), whole.pop("data_base64", None)
    attributes: dict[str, bytes | None] = {f"{PREFIX}{name}": str(part).encode() for name, part in whole.items()}
    if in_base64 is not None:
        with suppress(ValueError, TypeError):
            return attributes, b64decode(in_base64, validate=True)
    return attributes, None if data is None else json.dumps(data).encode()


def _faults_of(error: ValidationError) -> str:
    """Which fields are wrong, without what they contain."""
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'data'}: {fault['type']}" for fault in faults[:10])


@lru_cache(maxsize=256)
def _stored(headers: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode()) for name, value in json.loads(headers).items())


def headers_of(stored: str, event_id: UUID, subject: str, sequence: int, written: datetime) -> list[tuple[str, bytes]]:
    """The record headers of an event that stands in the outbox. `stored` is the JSON of those that its speaker set."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event_id).encode()),
        ("ce_subject", subject.encode()),
        ("ce_sequence", str(sequence).encode()),
        ("ce_sequencetype", b"Integer"),
        ("ce_time", written.isoformat().replace("+00:00", "Z").encode()),
        *_stored(stored),
    ]
