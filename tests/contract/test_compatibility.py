"""When the gate lets a change through, old and new really read each other: tried on random schemas and documents."""

from copy import deepcopy

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.compatibility import breaks
from shared.contracts.event import EventData
from shared.contracts.registry import EVENTS
from shared.contracts.schemas import Schema, inlined, schema_of
from tests.contract.documents import documents

every_event = pytest.mark.parametrize(
    "event", [declared.event for declared in EVENTS], ids=lambda event: event.__name__
)

INTEGERS: st.SearchStrategy[Schema] = st.fixed_dictionaries(
    {"type": st.just("integer")},
    optional={"minimum": st.integers(0, 2), "maximum": st.integers(20, 22), "multipleOf": st.sampled_from([5, 10])},
)
TEXTS: st.SearchStrategy[Schema] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": st.integers(0, 2), "maxLength": st.integers(3, 5)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("string"), "enum": st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)}
    ),
    st.sampled_from([{"type": "string", "format": "date"}, {"type": "string", "pattern": "^[a-c]+$"}]),
)
LEAVES = st.one_of(st.just({"type": "boolean"}), st.just({"type": "number"}), INTEGERS, TEXTS)


def lists_of(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries(
        {"type": st.just("array"), "items": schemas},
        optional={"minItems": st.integers(0, 1), "maxItems": st.integers(2, 3)},
    )


def objects_of(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from("pqrs"), schemas, max_size=4)
    return fields.flatmap(
        lambda properties: st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.just(properties),
                "required": st.lists(st.sampled_from(sorted(properties)), unique=True) if properties else st.just([]),
            }
        )
    )


def alike(schema: Schema) -> st.SearchStrategy[Schema]:
    """Schemas of the same type with other limits."""
    if schema["type"] == "array":
        return lists_of(alike(schema["items"]))
    return {"integer": INTEGERS, "string": TEXTS}.get(schema["type"], st.just(schema))


SCHEMAS = objects_of(st.one_of(LEAVES, lists_of(LEAVES), objects_of(LEAVES)))


@st.composite
def later_versions(draw: st.DrawFn, old: Schema) -> Schema:
    """The same schema after up to three changes, each of which may be harmless or not."""
    new = deepcopy(old)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from("pqrs"))
        change = draw(st.sampled_from(("goes", "comes", "has other limits", "is required", "is not required")))
        if change == "goes":
            new["properties"].pop(name, None)
        elif change == "comes":
            new["properties"].setdefault(name, draw(LEAVES))
        elif change == "has other limits" and name in new["properties"]:
            new["properties"][name] = draw(alike(new["properties"][name]))
        elif change == "is required" and name in new["properties"]:
            new["required"] = sorted({*new["required"], name})
        elif change == "is not required":
            new["required"] = [other for other in new["required"] if other != name]
    new["required"] = [name for name in new["required"] if name in new["properties"]]
    return new


def assert_reads(schema: Schema, document: object) -> None:
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(document)


def assert_each_reads_the_other(old: Schema, new: Schema, data: st.DataObject) -> None:
    for document in data.draw(st.lists(documents(old), min_size=3, max_size=3)):
        assert_reads(new, document)
    for document in data.draw(st.lists(documents(new), min_size=3, max_size=3)):
        assert_reads(old, document)


@given(data=st.data())
@settings(max_examples=200)
def test_when_fields_that_come_and_go_pass_the_gate_each_version_reads_the_other(data: st.DataObject) -> None:
    old = data.draw(SCHEMAS)
    new = data.draw(later_versions(old))
    assume(not breaks(old, new))

    assert_each_reads_the_other(old, new, data)


@given(data=st.data())
@settings(max_examples=400)
def test_when_other_limits_of_a_field_pass_the_gate_each_version_reads_the_other(data: st.DataObject) -> None:
    field = data.draw(st.one_of(INTEGERS, TEXTS, lists_of(INTEGERS), lists_of(TEXTS)))
    other = data.draw(alike(field))
    old, new = ({"type": "object", "properties": {"p": part}, "required": ["p"]} for part in (field, other))

    if not breaks(old, new):  # one in ten: too few for `assume`
        assert_each_reads_the_other(old, new, data)


@given(data=st.data())
def test_the_gate_judges_alike_in_whichever_direction_a_change_is_made(data: st.DataObject) -> None:
    old = data.draw(SCHEMAS)
    new = data.draw(later_versions(old))

    assert {found.path for found in breaks(old, new)} == {found.path for found in breaks(new, old)}


@given(old=SCHEMAS)
def test_a_schema_is_compatible_with_itself(old: Schema) -> None:
    assert breaks(old, deepcopy(old)) == []


@every_event
def test_no_required_field_of_an_event_can_go_or_become_optional(event: type[EventData]) -> None:
    schema = schema_of(event)

    for name in schema["required"]:
        optional = {**schema, "required": [other for other in schema["required"] if other != name]}
        gone = {
            **optional,
            "properties": {other: part for other, part in schema["properties"].items() if other != name},
        }
        assert [found.path for found in breaks(schema, optional)] == [name]
        assert [found.path for found in breaks(schema, gone)] == [name]


@every_event
def test_no_field_of_an_event_can_change_its_type(event: type[EventData]) -> None:
    schema = inlined(schema_of(event))

    for name in schema["properties"]:
        other = with_field(schema, name, {"type": "null"})
        assert name in {found.path for found in breaks(schema, other)}


@every_event
def test_an_event_may_learn_a_new_optional_field(event: type[EventData]) -> None:
    schema = schema_of(event)

    assert breaks(schema, with_field(schema, "somethingNew", {"type": "string"})) == []


def with_field(schema: Schema, name: str, field: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], name: field}}
