"""Faults are told in Dutch, at the place that the sender knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import Field, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from deploy.setup import SERVICES, declared
from shared.contracts.event import GemeenteCode, IndicatorCode, Line, Link, RegionCode, Text
from shared.web.bodies import Body
from shared.web.faults import IN_DUTCH, OF_A_PATTERN, faults_of


class Cat(Body):
    kind: Literal["cat"]
    lives_left: int


class Dog(Body):
    kind: Literal["dog"]
    lives_left: int


class Home(Body):
    by_kind: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    by_shape: int | Cat | None = None
    own: str = ""
    named: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value == "fout":
            raise ValueError("Dit woord mag niet.")
        return value

    @field_validator("named")
    @classmethod
    def _named(cls, value: str) -> str:
        if value == "fout":
            raise PydanticCustomError("our_own_type", "Ook dit woord mag niet.")
        return value


def faults(sent: dict[str, object]) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        Home.model_validate(sent)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    return {fault.field: fault.message for fault in faults_of(errors, sent)}


def test_a_choice_between_shapes_adds_no_names_of_ours_to_the_place() -> None:
    assert set(faults({"byKind": {"kind": "cat", "livesLeft": "x"}})) == {"byKind.livesLeft"}
    assert "byShape.livesLeft" in faults({"byShape": {"kind": "cat", "livesLeft": "x"}})


def test_a_missing_field_is_placed_where_it_should_stand() -> None:
    assert faults({"byKind": {"kind": "dog"}}) == {"byKind.livesLeft": "Dit is verplicht."}


def test_an_unknown_kind_is_told_the_known_ones() -> None:
    assert faults({"byKind": {"kind": "vis"}}) == {"byKind": "Deze soort kennen wij niet. Kies uit: cat, dog."}


def test_validators_of_ours_speak_for_themselves() -> None:
    assert faults({"own": "fout", "named": "fout"}) == {
        "own": "Dit woord mag niet.",
        "named": "Ook dit woord mag niet.",
    }


@pytest.mark.parametrize("kind", sorted(get_args(ErrorType)))
def test_no_error_of_pydantic_is_told_in_english(kind: str) -> None:
    context: defaultdict[str, str] = defaultdict(lambda: "7")
    for text in IN_DUTCH.values():
        text.format_map(context)
    context["error"] = "Niet goed."
    error = {"type": kind, "loc": ("query", "limit"), "msg": "Something English", "ctx": context}
    (fault,) = faults_of([error], None)
    assert fault.field == "limit"
    assert "English" not in fault.message
    assert fault.message


def test_every_translation_is_of_an_error_that_exists() -> None:
    assert IN_DUTCH.keys() <= set(get_args(ErrorType))


def patterns_of(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from patterns_of(list(schema.values()))
    elif isinstance(schema, list):
        for part in schema:
            yield from patterns_of(part)


def in_requests(service: str) -> set[str]:
    """The patterns of all bodies that a service takes. Headers have words of their own."""
    routes = [route for router in declared(service).answers for route in router.routes if isinstance(route, APIRoute)]
    bodies: list[Any] = [route.body_field.field_info.annotation for route in routes if route.body_field]
    return {pattern for body in bodies for pattern in patterns_of(TypeAdapter(body).json_schema())}


def in_events() -> set[str]:
    types = (GemeenteCode, RegionCode, IndicatorCode, Line, Text, Link)
    return {pattern for each in types for pattern in patterns_of(TypeAdapter(each).json_schema())}


def test_each_pattern_of_ours_is_told_in_words() -> None:
    used = in_events().union(*(in_requests(service) for service in SERVICES))
    assert r"^[ -~]+$" in used
    assert used <= OF_A_PATTERN.keys()
    for pattern in (*used, "^of any other kind$"):
        error = {"type": "string_pattern_mismatch", "loc": ("body", "x"), "msg": "", "ctx": {"pattern": pattern}}
        (fault,) = faults_of([error], {})
        assert fault.message.endswith(".")
        assert not set(fault.message) & set("^$[]{}*\\|")


@pytest.mark.parametrize("kind", ["bool_type", "bool_parsing"])
def test_true_and_false_are_explained(kind: str) -> None:
    (fault,) = faults_of([{"type": kind, "loc": ("query", "running"), "msg": "", "ctx": {}}], None)
    assert fault.message == "Geef true (ja) of false (nee)."


def test_the_body_as_a_whole_is_called_body() -> None:
    (fault,) = faults_of([{"type": "missing", "loc": ("body",), "msg": "", "ctx": {}}], None)
    assert fault.field == "body"


def test_a_list_as_body_is_placed_by_number() -> None:
    sent = [{"kind": "cat", "livesLeft": 1}, {"kind": "cat"}]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[Cat]).validate_python(sent)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    assert [fault.field for fault in faults_of(errors, sent)] == ["1.livesLeft"]
