"""The JSON Schema of an event, as an outsider reads it."""

import json

from shared.contracts.events import FundingSecured, ImpactPublished, ImpactRecorded, OrganisationChanged
from shared.contracts.schemas import file_name, inlined, schema_of


def test_a_schema_names_itself_by_the_dataschema_of_the_event() -> None:
    schema = schema_of(FundingSecured)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == FundingSecured.dataschema()
    assert schema["title"] == "FundingSecured"
    assert file_name(FundingSecured) == "funding-secured.v1.json"


def test_names_are_those_of_the_wire_in_fields_and_in_texts() -> None:
    schema = schema_of(ImpactPublished)

    assert "shownNumerator" in schema["properties"]
    assert "`shownNumerator`" in schema["description"]
    assert "shown_numerator" not in json.dumps(schema)


def test_texts_flow_and_keep_their_paragraphs() -> None:
    first, _, second = schema_of(ImpactPublished)["description"].partition("\n\n")

    assert first.startswith("The newest release of one block")
    assert "\n" not in second


def test_a_field_that_may_be_absent_is_never_null() -> None:
    schema = schema_of(OrganisationChanged)

    assert "mergedInto" not in schema["required"]
    assert "default" not in schema["properties"]["mergedInto"]
    assert "null" not in json.dumps(schema)


def test_a_default_that_is_not_none_is_told() -> None:
    assert schema_of(OrganisationChanged)["properties"]["active"]["default"] is True


def test_an_exact_figure_is_a_text_of_digits() -> None:
    assert schema_of(ImpactRecorded)["properties"]["value"]["type"] == "string"


def test_an_inlined_schema_stands_on_its_own_and_keeps_what_the_field_means() -> None:
    alone = inlined(schema_of(OrganisationChanged))

    assert "$ref" not in json.dumps(alone)
    assert not {"$id", "$schema", "$defs"} & alone.keys()
    assert alone["properties"]["kind"]["description"] == "What kind of organisation it is."
    assert "fonds" in alone["properties"]["kind"]["enum"]
