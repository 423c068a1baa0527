"""The fields of something that is said, as tables for people: with their types, their parts, and the words they may have."""

from __future__ import annotations

import json
from collections.abc import Iterator

from shared.contracts.field_types import field_type
from shared.contracts.markdown import table
from shared.contracts.schemas import Schema


def fields_of(schema: Schema) -> Iterator[str]:
    """Sections in Markdown: all fields, those of each part, and the values of those that have a fixed list."""
    yield f"## Fields\n\n{_fields(schema)}"
    for name, part in _nested(schema):
        yield f"### {name}\n\n{part['description']}\n\n{_fields(part)}"
    yield from _words(schema)


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = (
        (f"`{name}`", field_type(name, field), _presence(name in required, field), field["description"])
        for name, field in schema["properties"].items()
    )
    return table(("field", "type", "presence", "meaning"), rows)


def _presence(required: bool, field: Schema) -> str:
    if required:
        return "always"
    return f"`{json.dumps(field['default'])}` where absent" if "default" in field else "may be absent"


def _nested(schema: Schema) -> Iterator[tuple[str, Schema]]:
    return ((name, part) for name, part in schema.get("$defs", {}).items() if "properties" in part)


def _words(schema: Schema) -> Iterator[str]:
    """The fields that have a fixed list of values."""
    for name, part in schema.get("$defs", {}).items():
        if "enum" in part:
            values = "".join(f"- `{value}`\n" for value in part["enum"])
            yield f"### {name}\n\n{part['description']} One of:\n\n{values}"
