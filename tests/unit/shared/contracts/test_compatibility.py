"""Which changes let old and new understand each other, and which do not."""

from copy import deepcopy
from typing import Any

import pytest

from shared.contracts.compatibility import breaks

SCHEMA: dict[str, Any] = {
    "$id": "https://voorbeeld.example/v1.json",
    "type": "object",
    "description": "An adoption.",
    "properties": {
        "name": {"type": "string", "maxLength": 300, "pattern": "^[a-z]*$"},
        "budgetEuro": {"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 5},
        "stage": {"$ref": "#/$defs/Stage"},
        "score": {"type": "number"},
        "startedOn": {"type": "string", "format": "date"},
        "named": {"type": "boolean", "default": False},
        "partners": {"type": "array", "items": {"$ref": "#/$defs/Partner"}, "maxItems": 9},
    },
    "required": ["name", "budgetEuro"],
    "$defs": {
        "Stage": {"type": "string", "enum": ["intentie", "toezegging"]},
        "Partner": {"type": "object", "properties": {"role": {"type": "string"}}, "required": ["role"]},
    },
}


def changed(place: str, **keywords: Any) -> dict[str, Any]:
    """SCHEMA with these keywords at one place; None takes a keyword away."""
    schema = deepcopy(SCHEMA)
    part = schema
    for step in place.split("/") if place else []:
        part = part[step]
    for name, value in keywords.items():
        if value is None:
            del part[name]
        else:
            part[name] = value
    return schema


HARMLESS = {
    "nothing": SCHEMA,
    "another description": changed("", description="Something."),
    "another $id": changed("", **{"$id": "https://voorbeeld.example/v2.json"}),
    "a new field that may be absent": changed("properties", since={"type": "string"}),
    "a field that may be absent goes": changed("properties", score=None),
    "another order": {
        **SCHEMA,
        "properties": dict(reversed(SCHEMA["properties"].items())),
        "required": ["budgetEuro", "name"],
    },
    "an example": changed("properties/name", examples=["jpf"]),
    "a new part that is written inline": changed("properties/stage", **{"$ref": None, **SCHEMA["$defs"]["Stage"]}),
}

BREAKING = {
    "a required field goes": (
        changed("", properties={**SCHEMA["properties"], "name": None}, required=["budgetEuro"]),
        "name",
    ),
    "a new required field": (
        changed(
            "", properties={**SCHEMA["properties"], "city": {"type": "string"}}, required=["name", "budgetEuro", "city"]
        ),
        "city",
    ),
    "a field is required from now on": (changed("", required=["name", "budgetEuro", "score"]), "score"),
    "a field is required no longer": (changed("", required=["name"]), "budgetEuro"),
    "another type": (changed("properties/score", type="string"), "score"),
    "a narrower type": (changed("properties/score", type="integer"), "score"),
    "a wider type": (changed("properties/budgetEuro", type="number"), "budgetEuro"),
    "any type": (changed("properties/score", type=None), "score"),
    "a value more": (changed("$defs/Stage", enum=["intentie", "toezegging", "ontvangen"]), "stage"),
    "a value less": (changed("$defs/Stage", enum=["intentie"]), "stage"),
    "any value": (changed("$defs/Stage", enum=None), "stage"),
    "one fixed value": (changed("properties/score", const=3), "score"),
    "a shorter text": (changed("properties/name", maxLength=299), "name"),
    "a longer text": (changed("properties/name", maxLength=301), "name"),
    "a text without a limit": (changed("properties/name", maxLength=None), "name"),
    "a text that may not be empty": (changed("properties/name", minLength=1), "name"),
    "a higher minimum": (changed("properties/budgetEuro", minimum=5), "budgetEuro"),
    "a lower maximum": (changed("properties/budgetEuro", maximum=95), "budgetEuro"),
    "an exclusive minimum": (changed("properties/budgetEuro", exclusiveMinimum=0), "budgetEuro"),
    "coarser steps": (changed("properties/budgetEuro", multipleOf=10), "budgetEuro"),
    "no steps": (changed("properties/budgetEuro", multipleOf=None), "budgetEuro"),
    "another pattern": (changed("properties/name", pattern="^[A-Z]*$"), "name"),
    "another format": (changed("properties/startedOn", format="date-time"), "startedOn"),
    "fewer items": (changed("properties/partners", maxItems=8), "partners"),
    "another kind of item": (changed("properties/partners", items={"type": "string"}), "partners[]"),
    "a new required field in a part": (
        changed(
            "$defs/Partner", properties={"role": {"type": "string"}, "id": {"type": "string"}}, required=["role", "id"]
        ),
        "partners[].id",
    ),
    "a required field of a part goes": (changed("$defs/Partner", properties={}, required=[]), "partners[].role"),
    "another default": (changed("properties/named", default=True), "named"),
    "no more fields allowed": (changed("", additionalProperties=False), ""),
    "a keyword that is not judged": (changed("properties/partners", uniqueItems=True), "partners"),
}


@pytest.mark.parametrize("new", HARMLESS.values(), ids=HARMLESS)
def test_this_breaks_nothing_in_either_direction(new: dict[str, Any]) -> None:
    assert breaks(SCHEMA, new) == []
    assert breaks(new, SCHEMA) == []


@pytest.mark.parametrize(("new", "path"), BREAKING.values(), ids=BREAKING)
def test_this_breaks_and_is_found_at_its_place_whichever_way_it_changes(new: dict[str, Any], path: str) -> None:
    new = without_gaps(new)

    assert path in {found.path for found in breaks(SCHEMA, new)}
    assert path in {found.path for found in breaks(new, SCHEMA)}


def test_a_closed_schema_takes_no_new_field() -> None:
    closed = changed("", additionalProperties=False)
    wider = {**closed, "properties": {**closed["properties"], "since": {"type": "string"}}}

    assert [found.path for found in breaks(closed, wider)] == ["since"]


def test_a_break_says_who_cannot_read_what() -> None:
    (found,) = breaks(SCHEMA, changed("$defs/Stage", enum=["intentie", "toezegging", "ontvangen"]))

    assert str(found) == (
        "stage: only one version has the value 'ontvangen', so whoever knows only the old version cannot read the other"
    )


def test_every_break_is_told_at_once() -> None:
    new = changed("properties/name", maxLength=10)
    new["properties"]["score"] = {"type": "string"}

    assert [found.path for found in breaks(SCHEMA, new)] == ["name", "score", "score"]


def without_gaps(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without the properties that were set to None."""
    return {**schema, "properties": {name: part for name, part in schema["properties"].items() if part is not None}}
