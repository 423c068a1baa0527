"""The envelope keeps the NL GOV profile for CloudEvents 1.0 (Logius, "Context Attributes"), and CloudEvents itself."""

import re
from datetime import datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.cloudevents import ATTRIBUTES, headers_schema
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.example import example_of
from shared.contracts.registry import EVENTS, TOPICS

every_event = pytest.mark.parametrize(
    "event", [declared.event for declared in EVENTS], ids=lambda event: event.__name__
)


@pytest.mark.parametrize("name", [attribute.name for attribute in ATTRIBUTES])
def test_attribute_names_are_lower_case_letters_and_digits_at_most_twenty(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]{1,20}", name)


def test_the_required_attributes_are_required() -> None:
    required = {attribute.name for attribute in ATTRIBUTES if attribute.required}

    assert {"id", "source", "specversion", "type"} <= required


@every_event
def test_a_type_is_reverse_dns_without_an_organisation_and_with_one_version(event: type[EventData]) -> None:
    name = event.ce_type()

    assert re.fullmatch(r"nl\.schuldhulpprojecten\.[a-z]+(-[a-z]+)+\.v[1-9][0-9]*", name)
    assert len(re.findall(r"\bv[0-9]+\b", name)) == 1
    assert "schuldenlab" not in name


@every_event
def test_the_source_is_a_urn_of_the_owner_under_a_test_oin(event: type[EventData]) -> None:
    source = example_of(event).headers["ce_source"]

    assert source == f"urn:nld:oin:00000099000000000001:systeem:{TOPICS[event.STREAM].owner}"


@every_event
def test_the_headers_of_the_example_fit_the_published_schema(event: type[EventData]) -> None:
    Draft202012Validator(headers_schema(event), format_checker=FormatChecker()).validate(
        dict(example_of(event).headers)
    )


@every_event
def test_the_official_library_reads_the_example_as_the_event_it_is(event: type[EventData]) -> None:
    example = example_of(event)
    headers = {name: value.encode() for name, value in example.headers.items()}

    read = from_binary_event(
        KafkaMessage(headers, str(example.data.entity).encode(), encoded(example.data)), JSONFormat()
    )

    assert read.get_type() == event.ce_type()
    assert read.get_subject() == str(example.data.entity)
    assert read.get_dataschema() == event.dataschema()
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("sequence") == str(example.sequence)


@every_event
def test_no_attribute_tells_more_than_ids_names_and_moments(event: type[EventData]) -> None:
    """No sensitive data in context attributes: intermediaries may log them."""
    told = {name: value for name, value in example_of(event).headers.items() if name.startswith("ce_")}
    kinds = r"1\.0|Integer|[0-9]+|[0-9a-f-]{36,55}|urn:nld:oin:.*|nl\.schuldhulp.*|https://schuldhulp.*"

    assert [name for name, value in told.items() if not re.fullmatch(kinds, value) and not _is_moment(value)] == []


def _is_moment(text: str) -> bool:
    return text.endswith("Z") and datetime.fromisoformat(text).utcoffset() is not None
