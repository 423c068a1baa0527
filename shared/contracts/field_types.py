"""What kind of value a field has, in words, with its limits and unit: from its JSON Schema."""

from __future__ import annotations

from shared.contracts.event import NO_NUL
from shared.contracts.schemas import Schema

FORMATS = {
    "uuid": "UUID",
    "date": "date",
    "date-time": "instant, UTC",
    "uri": "address",
    "uri-reference": "address",
    "binary": "bytes",
}
KINDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "null": "null", "object": "object"}


def field_type(name: str, schema: Schema) -> str:
    """As a reader of the table says it: "whole euros, at least 0"; "list of `Phase`, 1 to 7". A unit stands in the name."""
    if "$ref" in schema:
        return _named(schema["$ref"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(field_type(name, choice) for choice in choices)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join("null" if value is None else f"`{value}`" for value in schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(field_type(name, {**schema, "type": one}) for one in kind)
    return _of_kind(name, str(kind), schema)


def _of_kind(name: str, kind: str, schema: Schema) -> str:
    if kind == "array":
        return f"list of {field_type(name, schema.get('items', {}))}{_number(schema, 'minItems', 'maxItems')}"
    if kind == "string":
        return _text(schema)
    if kind not in ("integer", "number"):
        return KINDS.get(kind, "anything")
    words = "whole euros" if kind == "integer" and name.endswith("Euro") else KINDS[kind]
    step = f", a multiple of {schema['multipleOf']}" if "multipleOf" in schema else ""
    return words + _number(schema, "minimum", "maximum") + step


def _named(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _text(schema: Schema) -> str:
    if "format" in schema:
        return FORMATS.get(schema["format"], str(schema["format"]))
    pattern = schema.get("pattern", NO_NUL)
    like = "" if pattern == NO_NUL else f" like `{pattern}`"
    length = _number(schema, "minLength", "maxLength")
    return f"text{like}{length} characters" if length else f"text{like}"


def _number(schema: Schema, lowest: str, highest: str) -> str:
    low, high = (_plain(schema.get(limit)) for limit in (lowest, highest))
    if low is not None and high is not None:
        return f", {low} to {high}" if low != high else f", {low}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""


def _plain(limit: float | None) -> float | None:
    """Without a point behind which nothing stands."""
    return int(limit) if limit is not None and limit == int(limit) else limit
