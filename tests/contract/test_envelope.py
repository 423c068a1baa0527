"""What the outbox puts on Kafka is what the AsyncAPI document promises, and what our own consumer reads."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.cloudevents import ATTRIBUTES, headers_schema
from shared.contracts.event import EventData
from shared.contracts.example import example_of
from shared.contracts.registry import EVENTS, TOPICS
from shared.messaging.envelope import Arrival, Decoder, headers_of
from shared.messaging.outbox import Outbox
from shared.storage import Cause, Said

ID = UUID("019f37bc-c550-7000-8000-000000000001")
LOGGED = datetime(2026, 7, 6, 14, 2, 26, 123456, tzinfo=UTC)
BECAUSE = Cause(ID, ID, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
every_event = pytest.mark.parametrize(
    "event", [declared.event for declared in EVENTS], ids=lambda event: event.__name__
)


def told(data: EventData, cause: Cause | None) -> SimpleNamespace:
    """The Kafka record of an event, the fourth of its entity."""
    source = f"urn:nld:oin:00000099000000000001:systeem:{TOPICS[data.STREAM].owner}"
    spoken = Outbox(source, [type(data)]).spoken([Said(data, cause)])
    (topic,), (key,), (headers,), (value,) = spoken.topics, spoken.keys, spoken.headers, spoken.values
    return SimpleNamespace(
        topic=topic,
        partition=0,
        offset=0,
        key=key.encode(),
        value=value,
        headers=headers_of(headers, ID, key, 4, LOGGED),
    )


@every_event
@pytest.mark.parametrize("cause", [None, BECAUSE], ids=["of itself", "with a cause"])
def test_the_headers_on_kafka_are_those_of_the_document(event: type[EventData], cause: Cause | None) -> None:
    headers = {name: value.decode() for name, value in told(example_of(event).data, cause).headers}

    Draft202012Validator(headers_schema(event), format_checker=FormatChecker()).validate(headers)
    assert headers.keys() <= {attribute.header for attribute in ATTRIBUTES}
    assert headers["ce_dataschema"] == event.dataschema()
    assert ("ce_causationid" in headers) == (cause is not None)


@every_event
def test_what_was_told_is_heard_as_the_same_event(event: type[EventData]) -> None:
    data = example_of(event).data

    arrival = Decoder([event]).decode(told(data, BECAUSE))

    assert isinstance(arrival, Arrival)
    assert arrival.fault is None
    assert arrival.event is not None
    assert arrival.event.data == data
    assert (arrival.event.id, arrival.event.subject, arrival.event.sequence) == (ID, data.entity, 4)
    assert (arrival.event.time, arrival.event.causation_id) == (LOGGED, ID)
