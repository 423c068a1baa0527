"""Whatever comes in, decoding never raises: it says whose the record is and what is wrong, or that nobody can tell."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.encoding import encoded
from shared.contracts.event import Stream
from shared.contracts.events import AdoptionEnded, OrganisationChanged, ProjectWithdrawn
from shared.messaging.envelope import Arrival, Decoder, Illegible
from tests.messaging import Record, record, withdrawn

PROJECT = UUID(int=7)
WITHDRAWN = withdrawn(PROJECT, "Ik ben er klaar mee; tot ziens.")
DECODER = Decoder([ProjectWithdrawn])
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NO_EVENTS = (
    *(b"", b"null", b"[]", b"3", b'"x"', b"{", b"{}", b'{"id": 1}', b"\xff\xfe", b"[" * 100_000),
    b'{"id": {"a": []}, "sequence": true}',
)
NO_SEQUENCES = (
    *(b"0", b"-1", b"+1", b"1e3", b"1_0", b" 1", b"1 ", b"1.0", b"0x1", b"01", b"", b"\xff", b"1\0", b"None"),
    *("\u0661".encode(), "\u00b2".encode(), "\uff11".encode(), str(2**31).encode(), b"9" * 5_000),
)
NO_IDS = (
    *(None, b"", b"\xff\xfe", b"\xc3", b"None", "\u00e9\u00e9".encode() * 9, b"x" * 36, b"0" * 31),
    b"{" + b"0" * 32 + b"}",
)
NO_DATA = (
    *(None, b"", b"null", b"[]", b"{}", b"{", b"\xff", b'{"project": 7}', b'{"reason": "\\ud800"}'),
    *(b"9" * 5_000, b"[" * 100_000),
)
NO_TRACES = (b"", b"\xff", b'00-"}', b"\0", TRACE + b"0", TRACE + b"\n", TRACE.upper())
KNOWN_NAMES = [
    *(name for name, _ in record(WITHDRAWN, 3).headers),
    "ce_supersedes",
    "ce_supersededby",
    "ce_traceparent",
]
NAMES = st.sampled_from(KNOWN_NAMES) | st.text(max_size=20)
KNOWN_PARTS = (b"1", str(PROJECT).encode(), ProjectWithdrawn.ce_type().encode(), b"application/cloudevents+json")
PARTS = st.none() | st.binary(max_size=60) | st.sampled_from(KNOWN_PARTS)
KNOWN_FIELDS = ("id", "subject", "sequence", "type", "data", "data_base64", "project")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KNOWN_FIELDS) | st.text(max_size=9), inner, max_size=6)
    ),
)
VALUES = st.none() | st.binary(max_size=200) | ANY_JSON.map(lambda some: json.dumps(some).encode())
TOPICS = st.sampled_from(["elsewhere", *(stream.topic for stream in Stream)])


def shown(given: object) -> str:
    """What a case is called in the report."""
    return repr(given)[:40]


def changed(**attributes: bytes | None) -> Record:
    """A good record of which these attributes are otherwise; None takes one out."""
    return record(WITHDRAWN, 3, changed={f"ce_{name}": value for name, value in attributes.items()})


def arrived(at: Record, decoder: Decoder = DECODER) -> Arrival:
    decoded = decoder.decode(at)
    assert isinstance(decoded, Arrival), decoded
    return decoded


@pytest.mark.parametrize("value", NO_EVENTS, ids=shown)
def test_a_structured_record_that_is_no_event_is_illegible(value: bytes) -> None:
    sent = Record(Stream.PROJECTS.topic, 0, 0, None, value, [("content-type", b"application/cloudevents+json")])

    assert isinstance(DECODER.decode(sent), Illegible)


@pytest.mark.parametrize("sequence", NO_SEQUENCES, ids=shown)
def test_a_sequence_that_is_no_whole_number_from_one_is_illegible(sequence: bytes) -> None:
    assert isinstance(DECODER.decode(changed(sequence=sequence)), Illegible)


@pytest.mark.parametrize("sequence", [1, 2**31 - 1])
def test_a_sequence_goes_up_to_what_the_tables_hold(sequence: int) -> None:
    assert arrived(changed(sequence=str(sequence).encode())).sequence == sequence


@pytest.mark.parametrize("name", ["id", "subject", "sequence"])
@pytest.mark.parametrize("value", NO_IDS, ids=shown)
def test_without_a_readable_id_subject_and_sequence_a_record_is_illegible(name: str, value: bytes | None) -> None:
    assert isinstance(DECODER.decode(changed(**{name: value})), Illegible)


@pytest.mark.parametrize("name", ["ce_id", "ce_subject", "ce_sequence"])
def test_a_null_header_where_one_is_needed_is_illegible(name: str) -> None:
    good = record(WITHDRAWN, 3)
    nulled = [(header, None if header == name else value) for header, value in good.headers]

    assert isinstance(DECODER.decode(Record(good.topic, 0, 0, None, good.value, nulled)), Illegible)


@pytest.mark.parametrize(
    "stranger", [("other", None), ("other", b"\xff"), ("", b""), ("ce_", None), ("ce_other", b"\0")]
)
def test_headers_that_we_do_not_know_are_left_alone(stranger: tuple[str, bytes | None]) -> None:
    good = record(WITHDRAWN, 3)

    assert arrived(Record(good.topic, 0, 0, None, good.value, [*good.headers, stranger])).event is not None


def test_a_topic_that_is_no_stream_is_illegible() -> None:
    good = record(WITHDRAWN, 3)

    assert isinstance(DECODER.decode(Record("elsewhere", 0, 0, None, good.value, good.headers)), Illegible)


def test_a_type_that_nothing_reacts_to_is_legible_without_an_event() -> None:
    arrival = arrived(record(WITHDRAWN, 3), Decoder([AdoptionEnded]))

    assert (arrival.entity, arrival.sequence, arrival.event, arrival.fault) == (PROJECT, 3, None, None)


def test_a_type_that_nobody_here_reacts_to_is_legible_without_an_event() -> None:
    arrival = arrived(changed(type=b"nl.schuldhulpprojecten.project-renamed.v1"))

    assert (arrival.sequence, arrival.event, arrival.fault) == (3, None, None)


@pytest.mark.parametrize(
    "kind", [None, b"", b"\xff", b"project-withdrawn", b"nl.schuldhulpprojecten.project-withdrawn.v0"]
)
def test_what_has_no_type_is_a_fault_and_not_passed_over(kind: bytes | None) -> None:
    arrival = arrived(changed(type=kind))

    assert (arrival.sequence, arrival.event) == (3, None)
    assert arrival.fault == "it has no type, or none that can be said here"


def test_a_version_of_a_heard_event_that_is_too_new_is_a_fault_since_its_effect_would_be_lost() -> None:
    arrival = arrived(changed(type=b"nl.schuldhulpprojecten.project-withdrawn.v99"))

    assert (arrival.sequence, arrival.event) == (3, None)
    assert arrival.fault == "version 99 of project-withdrawn is not known here: the newest is 1"


def test_an_event_on_the_topic_of_another_stream_has_a_fault() -> None:
    good = record(WITHDRAWN, 3)

    assert arrived(Record(Stream.ADOPTIONS.topic, 0, 0, None, good.value, good.headers)).fault


def test_a_subject_that_is_not_the_entity_in_the_data_is_a_fault() -> None:
    arrival = arrived(changed(subject=str(UUID(int=8)).encode()))

    assert arrival.entity == UUID(int=8)
    assert arrival.fault == "its subject is not the entity in its data"


@pytest.mark.parametrize("value", NO_DATA, ids=shown)
def test_data_that_cannot_be_used_is_a_fault_of_a_legible_record(value: bytes | None) -> None:
    arrival = arrived(record(WITHDRAWN, 3, value=value))

    assert (arrival.entity, arrival.sequence) == (PROJECT, 3)
    assert arrival.fault


def test_a_fault_names_the_field_and_never_what_it_holds() -> None:
    secret = json.loads(encoded(WITHDRAWN)) | {"withdrawnOn": "123456782 Jan Jansen"}

    fault = arrived(record(WITHDRAWN, 3, value=json.dumps(secret).encode())).fault or ""

    assert "withdrawnOn" in fault
    assert "Jansen" not in fault
    assert "123456782" not in fault


@pytest.mark.parametrize("time", [None, b"", b"\xff", b"yesterday", b"2026-02-30T00:00:00Z", b"2026-11-24T10:00:00"])
def test_a_time_that_is_no_instant_is_a_fault(time: bytes | None) -> None:
    assert arrived(changed(time=time)).fault


@pytest.mark.parametrize("name", ["correlationid", "causationid"])
def test_a_cause_that_is_no_id_is_a_fault(name: str) -> None:
    assert arrived(changed(**{name: b"no id"})).fault
    assert arrived(changed(**{name: b"\xff"})).fault


@pytest.mark.parametrize("trace", NO_TRACES, ids=shown)
def test_a_trace_that_breaks_the_rules_is_dropped_as_the_standard_asks(trace: bytes) -> None:
    arrival = arrived(changed(traceparent=trace))

    assert arrival.fault is None
    assert arrival.event is not None
    assert arrival.event.traceparent is None


@given(headers=st.lists(st.tuples(NAMES, PARTS), max_size=12), value=VALUES, topic=TOPICS)
def test_nothing_that_comes_in_makes_it_raise(
    headers: list[tuple[str, bytes | None]], value: bytes | None, topic: str
) -> None:
    decoded = Decoder([ProjectWithdrawn, OrganisationChanged]).decode(Record(topic, 0, 0, None, value, headers))

    assert decoded is None or isinstance(decoded, (Arrival, Illegible))


@given(name=st.sampled_from([name for name, _ in record(WITHDRAWN, 3).headers]), part=PARTS, value=VALUES)
def test_a_good_record_of_which_one_thing_is_broken_never_makes_it_raise(
    name: str, part: bytes | None, value: bytes | None
) -> None:
    good = record(WITHDRAWN, 3)
    broken = [(header, part if header == name else kept) for header, kept in good.headers]

    assert isinstance(DECODER.decode(Record(good.topic, 0, 0, None, good.value, broken)), (Arrival, Illegible))
    assert isinstance(DECODER.decode(Record(good.topic, 0, 0, None, value, good.headers)), Arrival)
