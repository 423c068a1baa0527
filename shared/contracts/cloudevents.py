"""The envelope: CloudEvents 1.0 in the NL GOV profile, in Kafka's binary mode. One header an attribute, all of them text."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.event import EventData
from shared.contracts.schemas import Schema

UUID_TEXT: Schema = {"type": "string", "format": "uuid"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One context attribute. `name` as CloudEvents has it; `schema` is what its text looks like."""

    name: str
    schema: Schema
    meaning: str
    required: bool = True

    @property
    def header(self) -> str:
        """The Kafka header that carries it (CloudEvents Kafka protocol binding, 3.2)."""
        return "content-type" if self.name == "datacontenttype" else f"ce_{self.name}"


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("specversion", {"type": "string", "const": "1.0"}, "The version of CloudEvents."),
    Attribute("id", UUID_TEXT, "This event, for ever: who reads the same id twice has read a duplicate."),
    Attribute(
        "source",
        {"type": "string", "pattern": "^urn:nld:oin:[0-9]{20}:systeem:[a-z-]+$"},
        "The service that says it, under the OIN of the organisation that runs the platform.",
    ),
    Attribute("type", {"type": "string"}, "What happened, and the version of its schema."),
    Attribute("subject", UUID_TEXT, "The entity that it happened to; also the key of the record."),
    Attribute(
        "time", {"type": "string", "format": "date-time"}, "When it was logged, in UTC. When it happened: see the data."
    ),
    Attribute(
        "sequence",
        {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "Which event of this subject it is: 1, 2, 3 and so on without gaps. Compare as numbers, not as texts.",
    ),
    Attribute("sequencetype", {"type": "string", "const": "Integer"}, "How to compare `sequence`: as a whole number."),
    Attribute("dataschema", {"type": "string", "format": "uri"}, "The `$id` of the JSON Schema of the data."),
    Attribute("datacontenttype", {"type": "string", "const": "application/json"}, "The data is JSON, in UTF-8."),
    Attribute(
        "supersedes",
        {"type": "string"},
        "The older version of this type in which the same fact is also said, under the same sequence.",
        required=False,
    ),
    Attribute(
        "supersededby",
        {"type": "string"},
        "The newer version of this type in which the same fact is said: who knows that one passes this one over.",
        required=False,
    ),
    Attribute("correlationid", UUID_TEXT, "What all events share that follow from one request.", required=False),
    Attribute("causationid", UUID_TEXT, "The event that led to this one.", required=False),
    Attribute(
        "traceparent",
        {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
        "The trace it belongs to (W3C Trace Context).",
        required=False,
    ),
)


def headers_schema(event: type[EventData]) -> Schema:
    """What the headers of one event look like; `type` and `dataschema` are the same for all of its records."""
    fixed = {"type": event.ce_type(), "dataschema": event.dataschema()}
    return {
        "type": "object",
        "required": [attribute.header for attribute in ATTRIBUTES if attribute.required],
        "properties": {
            attribute.header: {
                **attribute.schema,
                "description": attribute.meaning,
                **({"const": fixed[attribute.name]} if attribute.name in fixed else {}),
            }
            for attribute in ATTRIBUTES
        },
    }
