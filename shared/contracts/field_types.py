"""What kind of value a field has, in words, with its limits and unit: from its JSON Schema."""

from __future__ import annotations

from shared.contracts.event import NO_NUL
from shared.contracts.schemas import Schema

FORMATS = {"uuid": "UUID", "date": "date", "date-time": "instant, UTC"}


def field_type(name: str, schema: Schema) -> str:
    """As a reader of the table says it: "whole euros, at least 0"; "list of `Phase`, 1 to 7". A unit stands in the name."""
    if "$ref" in schema:
        return _named(schema["$ref"])
    kind = schema.get("type")
    if kind == "array":
        return f"list of {field_type(name, schema['items'])}{_number(schema, 'minItems', 'maxItems')}"
    if kind == "string":
        return _text(schema)
    if kind == "boolean":
        return "true or false"
    words = {"integer": "whole euros" if name.endswith("Euro") else "whole number", "number": "number"}[str(kind)]
    step = f", a multiple of {schema['multipleOf']}" if "multipleOf" in schema else ""
    return words + _number(schema, "minimum", "maximum") + step


def _named(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _text(schema: Schema) -> str:
    if "format" in schema:
        return FORMATS[schema["format"]]
    pattern = schema.get("pattern", NO_NUL)
    like = "" if pattern == NO_NUL else f" like `{pattern}`"
    length = _number(schema, "minLength", "maxLength")
    return f"text{like}{length} characters" if length else f"text{like}"


def _number(schema: Schema, lowest: str, highest: str) -> str:
    low, high = schema.get(lowest), schema.get(highest)
    if low is not None and high is not None:
        return f", {low} to {high}" if low != high else f", {low}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""
