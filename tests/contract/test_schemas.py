"""The committed schemas tell the truth: what they allow is understood, what is said fits them, and the examples are real."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.example import FOLDER, example_of
from shared.contracts.generated import SCHEMAS
from shared.contracts.registry import EVENTS
from shared.contracts.schemas import file_name, schema_of
from tests.contract.documents import documents

ROOT = Path(__file__).parents[2]
ALL = [declared.event for declared in EVENTS]
every_event = pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)


def validator(event: type[EventData]) -> Draft202012Validator:
    """Of the schema as it is committed."""
    schema = json.loads((ROOT / SCHEMAS / file_name(event)).read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


@every_event
def test_the_committed_schema_is_valid_and_that_of_the_code(event: type[EventData]) -> None:
    schema = validator(event).schema

    Draft202012Validator.check_schema(schema)
    assert schema == schema_of(event)


@every_event
def test_every_field_says_what_it_means(event: type[EventData]) -> None:
    schema = schema_of(event)
    parts = [schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)]

    assert [name for part in parts for name, field in part["properties"].items() if not field.get("description")] == []
    assert all(part["description"].endswith(".") for part in parts)


@every_event
def test_the_example_fits_the_schema_and_is_written_as_it_is_said(event: type[EventData]) -> None:
    example = example_of(event)

    validator(event).validate(json.loads(encoded(example.data)))
    assert json.loads((FOLDER / file_name(event)).read_text(encoding="utf-8"))["data"] == json.loads(
        encoded(example.data)
    )


@every_event
@given(data=st.data())
def test_what_the_schema_allows_is_understood_and_said_again_within_the_schema(
    event: type[EventData], data: st.DataObject
) -> None:
    document = data.draw(documents(schema_of(event)))

    understood = event.model_validate_json(json.dumps(document))
    wire = encoded(understood)

    validator(event).validate(json.loads(wire))
    assert event.model_validate_json(wire) == understood


@every_event
def test_whoever_hears_that_a_field_is_absent_reads_what_the_speaker_left_out(event: type[EventData]) -> None:
    """Only None is left out, so only a field whose default is None may allow None."""
    example = example_of(event).data
    wire = json.loads(encoded(example))

    for name, field in event.model_fields.items():
        if not field.is_required():
            rest = {key: value for key, value in wire.items() if key != field.alias}
            assert getattr(event.model_validate(rest), name) == field.get_default(), name
    assert event.model_validate(wire) == example


def test_there_is_no_schema_and_no_example_of_something_that_is_not_said() -> None:
    names = {file_name(event) for event in ALL}

    assert {file.name for file in (ROOT / SCHEMAS).iterdir()} == names
    assert {file.name for file in FOLDER.iterdir()} == names
