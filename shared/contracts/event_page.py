"""A page for each version of an event, for people outside: `docs/events/<name>.v<n>.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from shared.contracts import refusal
from shared.contracts.encoding import encoded
from shared.contracts.example import example_of
from shared.contracts.field_tables import fields_of
from shared.contracts.markdown import GENERATED, listed, table
from shared.contracts.parties import OPEN_STREAMS, Parties
from shared.contracts.registry import EVENTS, TOPICS, Declared, superseded_by
from shared.contracts.schemas import file_name, schema_of

VERSIONS_LINK = "[two versions of one event](../events.md#two-versions-of-one-event)"


def page_name(declared: Declared) -> str:
    """What its page is called: "funding-secured.v1.md"."""
    return file_name(declared.event).replace(".json", ".md")


def event_page(declared: Declared, parties: Parties) -> str:
    """The whole page, in Markdown."""
    event, schema = declared.event, schema_of(declared.event)
    parts = [
        f"{GENERATED}\n# {event.__name__}\n\n{declared.summary} {schema['description']}\n",
        listed(_facts(declared, parties)),
        *fields_of(schema),
        f"## Example\n\nInvented.\n\n```json\n{_example(declared)}\n```\n",
        f"## Versions\n\n{_versions(declared)}",
        f"## From outside\n\n{_from_outside(declared, parties)}",
        f"## To outside\n\n{_to_outside(declared)}",
    ]
    return "\n".join(parts)


def _facts(declared: Declared, parties: Parties) -> Iterator[tuple[str, str]]:
    event = declared.event
    yield "type", f"`{event.ce_type()}`"
    yield "topic", f"`{event.STREAM.topic}`"
    yield "subject and key", f"`{event.ENTITY}`"
    yield "said by", declared.owner
    yield "heard by", ", ".join(parties.listeners(event)) or "nobody yet"
    yield "JSON Schema", f"`shared/contracts/schemas/{file_name(event)}`"
    yield "envelope", "[the same for all events](../events.md#envelope)"


def _example(declared: Declared) -> str:
    return json.dumps(json.loads(encoded(example_of(declared.event).data)), indent=2, ensure_ascii=False)


def _versions(declared: Declared) -> str:
    siblings = [other for other in EVENTS if other.event.TYPE == declared.event.TYPE]
    rows = ((f"[`{one.event.ce_type()}`]({page_name(one)})", *_place_in_line(one)) for one in siblings)
    return table(("type", "takes the place of", "superseded by"), rows) + (
        f"\nHow to read {VERSIONS_LINK}: who knows the newer one passes the older one over.\n" if siblings[1:] else ""
    )


def _place_in_line(declared: Declared) -> tuple[str, str]:
    newer = superseded_by(declared.event)
    return (
        f"`{declared.supersedes.ce_type()}`" if declared.supersedes else "nothing",
        f"`{newer.ce_type()}`" if newer else "nothing: this is the newest",
    )


def _from_outside(declared: Declared, parties: Parties) -> str:
    event = declared.event
    if event not in parties.takes:
        return f"Nobody outside may publish it: only {declared.owner} says it.\n"
    return (
        f"A publisher whose declaration (`deploy/kafka/access.yaml`) names the right `{event.TYPE}`, and covers what the "
        f"event names: {_places(parties.takes[event])}. It sends the data above, and gets an answer:\n\n"
        f"- over HTTP: `POST /v1/events` of {declared.owner};\n"
        f"- over Kafka: the topic `inbound.<publisher>.{event.TYPE}`, answered on `refusals.<publisher>` where it is "
        f"refused ([PublicationRefused]({refusal.PAGE})).\n\n"
        f"{declared.owner} holds it against its own rules, and says it anew with an id, a source and a sequence of ours. "
        "How to send it, and all that may be answered: [publishing](../publishing.md).\n"
    )


def _places(fields: Sequence[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields) or "nothing"


def _to_outside(declared: Declared) -> str:
    stream = declared.event.STREAM
    if stream in OPEN_STREAMS:
        return (
            f"Every subscriber may read it: on the topic `{stream.topic}`, and over HTTP as a feed, a stream of "
            "server-sent events, a webhook, a snapshot or an export: [subscribing](../subscribing.md).\n"
        )
    return (
        f"Only a subscriber whose declaration (`deploy/kafka/access.yaml`) names the stream `{stream.name.lower()}`, on "
        f"the topic `{stream.topic}`. {TOPICS[stream].summary}\n"
    )
