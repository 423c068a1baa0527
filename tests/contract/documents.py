"""Random documents that fit a JSON Schema, as a speaker who knows that schema would write them: with no other fields."""

from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from shared.contracts.event import NO_NUL
from shared.contracts.schemas import Schema, inlined

MOST_ITEMS = 3
MOST_CHARACTERS = 12
TEXT = st.characters(codec="utf-8", exclude_characters="\x00")
FORMATS: dict[str, st.SearchStrategy[str]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(lambda day: day.isoformat()),
    "date-time": st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
}


def documents(schema: Schema) -> st.SearchStrategy[Any]:
    """Long texts and lists are kept short, but for the lengths that the schema asks for."""
    return _values(inlined(schema))


def _values(schema: Schema) -> st.SearchStrategy[Any]:
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return KINDS[schema["type"]](schema)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if "format" in schema:
        return FORMATS[schema["format"]]
    shortest = schema.get("minLength", 0)
    longest = min(schema.get("maxLength", MOST_CHARACTERS), max(shortest, MOST_CHARACTERS))
    pattern: str = schema.get("pattern", NO_NUL)
    if pattern == NO_NUL:
        return st.text(TEXT, min_size=shortest, max_size=longest)
    return st.from_regex(pattern, fullmatch=True).filter(
        lambda text: shortest <= len(text) <= schema.get("maxLength", len(text))
    )


def _integers(schema: Schema) -> st.SearchStrategy[int]:
    step = schema.get("multipleOf", 1)
    low, high = schema.get("minimum", -(10**6)), schema.get("maximum", 10**9)
    return st.integers(-(-low // step), high // step).map(lambda number: number * step)


def _numbers(schema: Schema) -> st.SearchStrategy[float]:
    return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)


def _booleans(schema: Schema) -> st.SearchStrategy[bool]:
    return st.booleans()


def _lists(schema: Schema) -> st.SearchStrategy[list[Any]]:
    fewest = schema.get("minItems", 0)
    most = min(schema.get("maxItems", MOST_ITEMS), max(fewest, MOST_ITEMS))
    return st.lists(_values(schema["items"]), min_size=fewest, max_size=most)


def _objects(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: _values(part) for name, part in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    )


KINDS = {
    "string": _texts,
    "integer": _integers,
    "number": _numbers,
    "boolean": _booleans,
    "array": _lists,
    "object": _objects,
}
