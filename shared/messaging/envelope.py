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
from operator import attrgetter
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from asyncpg.pgproto import pgproto
from pydantic import ValidationError

from shared.contracts.encoding import MAX_DATA_BYTES
from shared.contracts.event import Event, EventData, Stream, dataschema_of, event_of

CONTENT_TYPE = "content-type"
JSON_TYPE = "application/json"
STRUCTURED_TYPE = b"application/cloudevents+json"
PREFIX = "ce_"
SUPERSEDES, SUPERSEDED_BY = "ce_supersedes", "ce_supersededby"
HIGHEST_SEQUENCE = 2**31 - 1
HIGHEST_DIGITS, ZERO = len(str(HIGHEST_SEQUENCE)), ord("0")
TYPE = re.compile(rb"nl\.schuldhulpprojecten\.([a-z0-9.-]+)\.v([1-9][0-9]{0,3})")
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
    has_bytes: bool = True


class Reader(NamedTuple):
    """How events of one type are read."""

    kind: type[EventData]
    validate: Callable[[bytes], EventData]
    entity: Callable[[EventData], UUID]


class Decoded(NamedTuple):
    """What a poll brought, in its order. Facts that are heard in another version are left out."""

    arrivals: list[Arrival]
    letters: list[Illegible]


class Decoder:
    """Turns records into arrivals. Made once, for the events that a service hears."""

    def __init__(self, hears: Iterable[type[EventData]]) -> None:
        self._streams = {stream.topic: stream for stream in Stream}
        self._kinds = {kind.ce_type().encode(): kind for kind in hears}
        self._readers = {
            name: Reader(kind, kind.__pydantic_validator__.validate_json, attrgetter(kind.ENTITY))
            for name, kind in self._kinds.items()
        }
        self._newest: dict[str, int] = {}
        for kind in self._kinds.values():
            self._newest[kind.TYPE] = max(kind.VERSION, self._newest.get(kind.TYPE, 0))
        self._fault_of_type = lru_cache(maxsize=256)(self._why_not)

    def decode_all(self, records: Iterable[KafkaRecord], before: Decoded | None = None) -> Decoded:
        """Many at once, behind those that were decoded before."""
        decoded = before or Decoded([], [])
        for record in records:
            one = self.decode(record)
            if isinstance(one, Arrival):
                decoded.arrivals.append(one)
            elif one is not None:
                decoded.letters.append(one)
        return decoded

    def decode(self, record: KafkaRecord) -> Arrival | Illegible | None:
        """Never raises: what is wrong with a record is part of the answer. None: its fact is heard in another version."""
        try:
            # Values are bytes, or None: that has no `decode`, and so the record is illegible.
            attributes: Mapping[str, Any] = dict(record.headers)
            if "ce_id" not in attributes and _is_structured(attributes.get(CONTENT_TYPE)):
                attributes, value = _opened(record.value)
            else:
                value = record.value
            arrival = Arrival(
                record,
                self._streams[record.topic],
                fast_uuid(attributes["ce_subject"].decode()),
                _sequence(attributes["ce_sequence"]),
                fast_uuid(attributes["ce_id"].decode()),
                has_twin=SUPERSEDES in attributes or SUPERSEDED_BY in attributes,
            )
        except Exception as error:
            unread: str | None = getattr(record, "unread", None)
            if unread is not None:
                return Illegible(record, unread, has_bytes=False)
            return Illegible(record, f"{type(error).__name__}: its subject, sequence or id cannot be read")
        if arrival.has_twin and self._is_other_version(attributes):
            return None
        reader = self._readers.get(attributes.get("ce_type", b""))
        if reader is not None:
            self._understand(arrival, reader, attributes, value)
        else:
            arrival.fault = self._fault_of_type(attributes.get("ce_type"))
        return arrival

    def kind_of(self, ce_type: bytes | None) -> type[EventData] | None:
        """The event that is heard under this name."""
        return self._kinds.get(ce_type or b"")

    def _why_not(self, ce_type: bytes | None) -> str | None:
        """A type that nobody here reacts to is passed over; what is no type, or too new for us, would be lost that way."""
        found = TYPE.fullmatch(ce_type or b"")
        if found is None:
            return "it has no type, or none that can be said here"
        name, version = found[1].decode(), int(found[2])
        newest = self._newest.get(name, version)
        return f"version {version} of {name} is not known here: the newest is {newest}" if version > newest else None

    def _is_other_version(self, attributes: Mapping[str, bytes | None]) -> bool:
        """Of two versions of one fact the newest that is heard counts, or the newest of all; the other is passed over."""
        if newer := attributes.get(SUPERSEDED_BY):
            return newer in self._kinds or attributes.get("ce_type") not in self._kinds
        older = attributes.get(SUPERSEDES)
        return older in self._kinds and attributes.get("ce_type") not in self._kinds

    @staticmethod
    def _understand(arrival: Arrival, reader: Reader, attributes: Mapping[str, Any], value: bytes | None) -> None:
        arrival.kind = kind = reader.kind
        if value is None:
            arrival.fault = "it has no value"
            return
        if len(value) > MAX_DATA_BYTES:
            arrival.fault = f"its data has {len(value)} bytes, and {MAX_DATA_BYTES} at most are read"
            return
        try:
            data = reader.validate(value)
            if kind.STREAM is not arrival.stream:
                arrival.fault = f"{kind.ce_type()} is not said on this topic"
            elif reader.entity(data) != arrival.entity:
                arrival.fault = "its subject is not the entity in its data"
            correlation, causation = attributes.get("ce_correlationid"), attributes.get("ce_causationid")
            trace = attributes.get("ce_traceparent")
            arrival.event = event_of(
                (
                    arrival.id,
                    arrival.entity,
                    arrival.sequence,
                    _instant(attributes["ce_time"].decode()),
                    data,
                    fast_uuid(correlation.decode()) if correlation else None,
                    fast_uuid(causation.decode()) if causation else None,
                    _trace_or_none(trace) if trace else None,
                )
            )
        except ValidationError as error:
            arrival.fault = faults_of(error)
        except Exception as error:
            arrival.fault = f"{type(error).__name__} while it was read"


def parts_of(record: KafkaRecord) -> tuple[Mapping[str, bytes | None], bytes | None]:
    """Attributes and data of a record, in whichever mode it came. Nothing where they cannot be read."""
    attributes = dict(record.headers)
    if "ce_id" in attributes or not _is_structured(attributes.get(CONTENT_TYPE)):
        return attributes, record.value
    try:
        return _opened(record.value)
    except (ValueError, AttributeError):
        return {}, None


def _is_structured(content_type: bytes | None) -> bool:
    return content_type is not None and content_type.lower().startswith(STRUCTURED_TYPE)


def _sequence(text: bytes) -> int:
    # bytes.isdigit knows the ten of ASCII only; int() would take "1_0" and " 1" too
    if not text.isdigit() or text[0] == ZERO or len(text) > HIGHEST_DIGITS or (number := int(text)) > HIGHEST_SEQUENCE:
        raise ValueError("ce_sequence")
    return number


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("ce_time")
    return instant


def _trace_or_none(value: bytes) -> str | None:
    """A trace that breaks the rules is dropped, not passed on (W3C Trace Context, 3.2)."""
    return value.decode() if TRACEPARENT.fullmatch(value) else None


def _opened(value: bytes | None) -> tuple[Mapping[str, bytes | None], bytes | None]:
    """A structured event as binary mode would have had it."""
    whole = json.loads(value or b"")
    data, in_base64 = whole.pop("data", None), whole.pop("data_base64", None)
    attributes: dict[str, bytes | None] = {f"{PREFIX}{name}": str(part).encode() for name, part in whole.items()}
    if in_base64 is not None:
        with suppress(ValueError, TypeError):
            return attributes, b64decode(in_base64, validate=True)
    if data is None:
        return attributes, None
    # As long as binary mode would have it; half a character is left for the validator to refuse.
    return attributes, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def faults_of(error: ValidationError) -> str:
    """Which fields are wrong, without what they contain."""
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'data'}: {fault['type']}" for fault in faults[:10])


@lru_cache(maxsize=256)
def _stored(headers: str) -> tuple[tuple[str, bytes], ...]:
    stored = json.loads(headers)
    follows = {CONTENT_TYPE: JSON_TYPE}
    if kind := stored.get("ce_type"):
        follows["ce_dataschema"] = dataschema_of(kind)
    return tuple((name, value.encode()) for name, value in {**follows, **stored}.items())


def headers_of(stored: str, event_id: UUID, subject: str, sequence: int, written: datetime) -> list[tuple[str, bytes]]:
    """The record headers of an event that stands in the outbox. `stored`: the JSON of those that follow from nothing else."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event_id).encode()),
        ("ce_subject", subject.encode()),
        ("ce_sequence", str(sequence).encode()),
        ("ce_sequencetype", b"Integer"),
        ("ce_time", written.isoformat().replace("+00:00", "Z").encode()),
        *_stored(stored),
    ]
