"""The envelope: binary mode out, binary and structured mode in, held against the official library."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.encoding import MAX_DATA_BYTES, encoded
from shared.contracts.event import EventData, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.contracts.example import example_of
from shared.contracts.registry import EVENTS
from shared.messaging.envelope import Arrival, Decoder, fast_uuid, headers_of
from tests.messaging import LOGGED, SOURCE, Record, event_id, record, withdrawn

PROJECT = UUID(int=7)
WITHDRAWN = withdrawn(PROJECT, "Ik ben er klaar mee; tot ziens.")
DECODER = Decoder([ProjectWithdrawn])
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def arrived(at: Record, decoder: Decoder = DECODER) -> Arrival:
    decoded = decoder.decode(at)
    assert isinstance(decoded, Arrival), decoded
    return decoded


def structured(event: CloudEvent) -> Record:
    message = to_structured_event(event, JSONFormat())
    return Record(Stream.PROJECTS.topic, 0, 0, None, message.value, list(message.headers.items()))


def by_the_library(**more: object) -> CloudEvent:
    attributes = {
        "id": str(event_id(WITHDRAWN, 3)),
        "source": SOURCE,
        "type": ProjectWithdrawn.ce_type(),
        "subject": str(PROJECT),
        "time": LOGGED,
        "datacontenttype": "application/json",
        "sequence": "3",
        **more,
    }
    return CloudEvent(attributes, json.loads(encoded(WITHDRAWN)))


@pytest.mark.parametrize("kind", [declared.event for declared in EVENTS], ids=lambda kind: kind.__name__)
def test_what_goes_out_in_binary_mode_comes_in_unchanged(kind: type[EventData]) -> None:
    example = example_of(kind)
    stored = {
        "ce_type": kind.ce_type(),
        "ce_source": SOURCE,
        "ce_correlationid": str(UUID(int=1)),
        "ce_causationid": str(UUID(int=2)),
        "ce_traceparent": TRACE,
        "content-type": "application/json",
    }
    sent = headers_of(json.dumps(stored), UUID(int=9), str(example.data.entity), 41, example.time)
    topic = example.data.STREAM.topic

    arrival = arrived(Record(topic, 2, 17, None, encoded(example.data), sent), Decoder([kind]))

    assert (arrival.stream, arrival.entity, arrival.sequence) == (kind.STREAM, example.data.entity, 41)
    assert arrival.fault is None
    assert arrival.event is not None
    assert arrival.event.data == example.data
    assert (arrival.event.id, arrival.event.time) == (UUID(int=9), example.time)
    assert (arrival.event.correlation_id, arrival.event.causation_id) == (UUID(int=1), UUID(int=2))
    assert arrival.event.traceparent == TRACE


def test_the_official_library_reads_what_goes_out() -> None:
    ours = record(WITHDRAWN, 3)
    message = KafkaMessage({name: value or b"" for name, value in ours.headers}, ours.key, ours.value or b"")

    event = from_binary_event(message, JSONFormat())

    assert event.get_id() == str(event_id(WITHDRAWN, 3))
    assert (event.get_type(), event.get_source(), event.get_subject()) == (
        ProjectWithdrawn.ce_type(),
        SOURCE,
        str(PROJECT),
    )
    assert event.get_time() == LOGGED
    assert event.get_extension("sequence") == "3"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == json.loads(encoded(WITHDRAWN))


def test_what_the_official_library_writes_in_binary_mode_is_understood() -> None:
    message = to_binary_event(by_the_library(traceparent=TRACE), JSONFormat())

    theirs = arrived(Record(Stream.PROJECTS.topic, 0, 0, None, message.value, list(message.headers.items())))

    assert theirs.event is not None
    assert theirs.event.data == WITHDRAWN
    assert (theirs.event.time, theirs.event.traceparent) == (LOGGED, TRACE)


def test_what_the_official_library_writes_in_structured_mode_is_understood() -> None:
    theirs = arrived(structured(by_the_library(correlationid=str(UUID(int=5)))))

    assert (theirs.entity, theirs.sequence, theirs.id) == (PROJECT, 3, event_id(WITHDRAWN, 3))
    assert theirs.event is not None
    assert theirs.event.data == WITHDRAWN
    assert theirs.event.correlation_id == UUID(int=5)


def test_structured_mode_may_carry_its_data_as_base64() -> None:
    event = by_the_library()
    theirs = arrived(structured(CloudEvent(event.get_attributes(), encoded(WITHDRAWN))))

    assert theirs.event is not None
    assert theirs.event.data == WITHDRAWN


def test_a_media_type_is_structured_whatever_its_capitals_and_parameters() -> None:
    sent = structured(by_the_library())
    shouted = [("content-type", b"Application/CloudEvents+JSON; charset=UTF-8")]

    assert arrived(Record(sent.topic, 0, 0, None, sent.value, shouted)).event is not None


def test_an_instant_of_another_zone_is_that_instant() -> None:
    event = arrived(record(WITHDRAWN, 3, changed={"ce_time": b"2026-11-24T12:00:00+02:00"})).event

    assert event is not None
    assert event.time == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_the_fast_uuid_equals_the_standard_one_in_every_use() -> None:
    ours, theirs = fast_uuid(str(PROJECT)), PROJECT

    assert isinstance(ours, UUID)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert {ours: 1}[theirs] == 1
    assert sorted([fast_uuid(str(UUID(int=2))), UUID(int=1)]) == [UUID(int=1), UUID(int=2)]


@pytest.mark.parametrize("is_structured", [False, True], ids=["binary", "structured"])
def test_of_more_data_than_an_event_may_have_nothing_is_read(is_structured: bool) -> None:
    good = record(WITHDRAWN, 1)
    data = good.value or b""
    for size, fault in (
        (MAX_DATA_BYTES, None),
        (MAX_DATA_BYTES + 1, "its data has 64001 bytes, and 64000 at most are read"),
    ):
        if is_structured:
            whole = {name.removeprefix("ce_"): (value or b"").decode() for name, value in good.headers}
            wide = json.dumps({**whole, "data_base64": b64encode(data.ljust(size)).decode()}).encode()
            one = replace(good, value=wide, headers=[("content-type", b"application/cloudevents+json")])
        else:
            one = replace(good, value=data.ljust(size))
        assert arrived(one).fault == fault
