"""The JSON Schema (2020-12) of an event's data, from its pydantic model: names as on the wire, texts from the docstrings."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.event import EventData, Wire

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _OnTheWire(GenerateJsonSchema):
    """What is said, not what is understood: a field that is None is left out, so none of them may be null."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's own signature
        """Never: the name of a field says it already."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """As if it could not be None."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """With its default, unless that is None."""
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def schema_of(event: type[EventData]) -> Schema:
    """The schema of one event, with `$id` = its CloudEvents `dataschema`."""
    return schema_named(event.dataschema(), event)


def schema_named(name: str, wire: type[Wire]) -> Schema:
    """The schema of anything that travels, with this `$id`."""
    generated = wire.model_json_schema(by_alias=True, mode="validation", schema_generator=_OnTheWire)
    head = {"$schema": DIALECT, "$id": name}
    body = {key: generated.pop(key) for key in ("title", "description", "type", "properties", "required")}
    written: Schema = _described({**head, **body, **generated})
    return written


def file_name(event: type[EventData]) -> str:
    """What the files about this event are called: "project-submitted.v1.json"."""
    return event.dataschema().rpartition("/")[2]


def inlined(schema: Schema) -> Schema:
    """The same schema on its own: every reference replaced by what it points to, without `$schema` and `$id`."""
    written: Schema = _inlined(schema, schema.get("$defs", {}))
    return {key: value for key, value in written.items() if key not in ("$schema", "$id", "$defs")}


def _inlined(part: Any, definitions: Schema) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = {**definitions[part["$ref"].removeprefix("#/$defs/")], **part}
        del part["$ref"]
    return {key: _inlined(value, definitions) for key, value in part.items()}


def _described(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """Descriptions as a reader of JSON needs them: no line breaks inside a paragraph, names as on the wire."""
    if isinstance(part, list):
        return [_described(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _prose(value) if key == "description" and isinstance(value, str) else _described(value)
        for key, value in part.items()
    }


def _prose(docstring: str) -> str:
    flowing = re.sub(r"(?<!\n)\n(?!\n)", " ", docstring)
    return re.sub(r"`([a-z]\w*)`", lambda name: f"`{to_camel(name[1])}`", flowing)
