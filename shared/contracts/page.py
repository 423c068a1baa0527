"""The page about the events, for people: `docs/events.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from shared.contracts.asyncapi import Hears
from shared.contracts.cloudevents import ATTRIBUTES
from shared.contracts.encoding import encoded
from shared.contracts.example import example_of
from shared.contracts.field_types import field_type
from shared.contracts.registry import EVENTS, TOPICS, Declared, superseded_by
from shared.contracts.schemas import Schema, schema_of

INTRODUCTION = """\
<!-- From shared/contracts. Do not edit: python -m deploy.contracts generate -->
# Events

What the services tell each other over Kafka. An event carries the state of its entity after it, so whoever hears it
needs to ask nobody anything. The same in machine-readable form: [asyncapi.json](asyncapi.json), and a JSON Schema of
every event in `shared/contracts/schemas/`. All examples are invented.

- Delivery is at least once; a `ce_id` that was read before is a duplicate.
- The records of one subject are in order, and their `sequence` rises by one: a gap means that one is still to come.
  Between subjects, and between topics, there is no order.
- Ignore fields that you do not know. A field that may be absent is left out, never null.
- Within a version an event only changes so that old and new readers understand each other. Anything else is a next
  version (`.v2`), said beside the old one for as long as somebody hears that.
- Topics are kept for ever. No event names a person.
"""

ENVELOPE = """\
## Envelope

CloudEvents 1.0 in the NL GOV profile, in Kafka's binary mode: the data is the value of the record, the attributes are its
headers, and the subject is its key.

"""


def events_page(hears: Hears) -> str:
    """The whole page, in Markdown."""
    words = "The values of the fields that have a fixed list.\n\n"
    sections = [
        INTRODUCTION,
        ENVELOPE + _table(("header", "", "meaning"), _envelope()),
        "## Topics\n\n" + _table(("topic", "said by", "partitions", "about"), _topics()),
        "## All events\n\n" + _table(("event", "said by", "heard by", "meaning"), _overview(hears)),
        *(_section(declared, hears) for declared in EVENTS),
        "## Words\n\n" + words + _table(("word", "meaning", "values"), _words()),
    ]
    return "\n".join(sections)


def _envelope() -> Iterator[tuple[str, ...]]:
    for attribute in ATTRIBUTES:
        fixed = attribute.schema.get("const")
        yield (
            f"`{attribute.header}`",
            "always" if attribute.required else "may be absent",
            attribute.meaning + (f" Always `{fixed}`." if fixed else ""),
        )


def _topics() -> Iterator[tuple[str, ...]]:
    for topic in TOPICS.values():
        yield f"`{topic.name}`", topic.owner, str(topic.partitions), topic.summary


def _overview(hears: Hears) -> Iterator[tuple[str, ...]]:
    for declared in EVENTS:
        name = declared.event.__name__
        yield f"[{name}](#{name.lower()})", declared.owner, _listeners(declared, hears), declared.summary


def _listeners(declared: Declared, hears: Hears) -> str:
    return ", ".join(sorted(service for service, events in hears.items() if declared.event in events)) or "nobody yet"


def _section(declared: Declared, hears: Hears) -> str:
    event, schema = declared.event, schema_of(declared.event)
    facts = [
        ("type", f"`{event.ce_type()}`"),
        ("topic", f"`{event.STREAM.topic}`"),
        ("subject and key", f"`{event.ENTITY}`"),
        ("said by", declared.owner),
        ("heard by", _listeners(declared, hears)),
    ]
    if declared.supersedes:
        facts.append(("takes the place of", f"`{declared.supersedes.ce_type()}`"))
    if newer := superseded_by(event):
        facts.append(("superseded by", f"`{newer.ce_type()}`"))
    data = json.dumps(json.loads(encoded(example_of(event).data)), indent=2, ensure_ascii=False)
    return "\n".join(
        [
            f"## {event.__name__}\n\n{declared.summary} {schema['description']}\n",
            *(f"- {name}: {value}" for name, value in facts),
            "",
            _fields(schema),
            *(f"### {name}\n\n{part['description']}\n\n{_fields(part)}" for name, part in _parts(schema)),
            f"Example:\n\n```json\n{data}\n```\n",
        ]
    )


def _parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    return ((name, part) for name, part in schema.get("$defs", {}).items() if "properties" in part)


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = (
        (f"`{name}`", field_type(name, field), _presence(name in required, field), field["description"])
        for name, field in schema["properties"].items()
    )
    return _table(("field", "type", "", "meaning"), rows)


def _presence(required: bool, field: Schema) -> str:
    if required:
        return "always"
    return f"`{json.dumps(field['default'])}` where absent" if "default" in field else "may be absent"


def _words() -> Iterator[tuple[str, ...]]:
    found: dict[str, Any] = {}
    for declared in EVENTS:
        found |= {name: part for name, part in schema_of(declared.event).get("$defs", {}).items() if "enum" in part}
    for name, part in sorted(found.items()):
        yield (
            f'<a id="{name.lower()}"></a>{name}',
            part["description"],
            ", ".join(f"`{value}`" for value in part["enum"]),
        )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
