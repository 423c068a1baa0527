"""The part of the AsyncAPI document that outside systems see: another listener of Kafka, inbound topics, refusals, releases."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.example import example_of
from shared.contracts.parties import OPEN_STREAMS, Parties
from shared.contracts.refusal import refusal_message
from shared.contracts.registry import Declared, events_of
from shared.contracts.schemas import Schema, inlined, schema_of

Document: TypeAlias = dict[str, Any]

KAFKA_BINDING = "0.5.0"
DAY_MS = 86_400_000
SECURITY: list[Document] = [{"$ref": "#/components/securitySchemes/scram"}]
SECURITY_SCHEMES: Document = {
    "scram": {
        "type": "scramSha512",
        "description": "The name under which one is declared in deploy/kafka/access.yaml, and its password.",
    }
}
OUTSIDE_SERVER: Document = {
    "outside": {
        "host": "{address}",
        "protocol": "kafka-secure",
        "title": "Kafka for publishers and subscribers",
        "description": "SASL_SSL with SCRAM-SHA-512. Its address is told to who is declared, with the certificate to trust.",
        "variables": {"address": {"description": "host:port", "default": "kafka.example.nl:9094"}},
        "security": SECURITY,
    }
}
SERVERS = [{"$ref": "#/servers/outside"}]
PUBLISHER: Document = {
    "publisher": {
        "description": "The publisher's own name. Nobody else may write or read here: the topic tells who it is.",
        "examples": ["voorbeeld-fonds"],
    }
}
REFUSALS: Document = {
    "address": "refusals.{publisher}",
    "title": "refusals.<publisher>",
    "summary": "What was refused of what a publisher offered: why, which field, and what to do.",
    "description": "Said by whoever refused it, and read by that publisher alone. A record is kept for 30 days.",
    "servers": SERVERS,
    "parameters": PUBLISHER,
    "messages": {"PublicationRefused": {"$ref": "#/components/messages/PublicationRefused"}},
    "tags": [{"name": "publisher"}],
    "bindings": {"kafka": {"topicConfiguration": {"retention.ms": 30 * DAY_MS}, "bindingVersion": KAFKA_BINDING}},
}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
GIVEN: Schema = {
    "ce_specversion": {"type": "string", "const": "1.0", "description": "The version of CloudEvents."},
    "ce_id": {
        **TEXT,
        "description": "Of this event, by the publisher: the same `source` and `id` again changes nothing.",
    },
    "ce_source": {**TEXT, "description": "The publisher's own system; it says nothing about who publishes."},
}


def channels_outside(parties: Parties) -> Document:
    """The inbound topic of each event that may come from outside, and the one on which refusals are told."""
    inbound = {_inbound(declared): _inbound_channel(declared) for declared in parties.taken}
    return {**inbound, "refusals": REFUSALS} if inbound else {}


def messages_outside(parties: Parties) -> Document:
    """What a publisher sends, the data of the event under attributes of its own; and what it reads."""
    offered = {f"Offered{declared.event.__name__}": _offered(declared) for declared in parties.taken}
    return {**offered, "PublicationRefused": refusal_message()} if offered else {}


def operations_outside(parties: Parties) -> Document:
    """What publishers and subscribers do."""
    sending = {
        f"publisherSends{declared.event.__name__}": _operation(
            "publisher", "send", _inbound(declared), f"Offered{declared.event.__name__}"
        )
        for declared in parties.taken
    }
    if sending:
        sending["publisherReceivesRefusals"] = _operation("publisher", "receive", "refusals", "PublicationRefused")
    receiving = {
        f"subscriberReceives{stream.name.capitalize()}": _operation(
            "subscriber", "receive", stream.name.lower(), *(event.__name__ for event in events_of(stream))
        )
        for stream in OPEN_STREAMS
    }
    return {**sending, **receiving}


def _inbound(declared: Declared) -> str:
    return f"inbound{declared.event.__name__}"


def _inbound_channel(declared: Declared) -> Document:
    message = f"Offered{declared.event.__name__}"
    return {
        "address": f"inbound.{{publisher}}.{declared.event.TYPE}",
        "title": f"inbound.<publisher>.{declared.event.TYPE}",
        "summary": f"What a publisher offers: {declared.event.__name__}.",
        "description": f"Read by {declared.owner} alone. A record is kept for 24 hours.",
        "servers": SERVERS,
        "parameters": PUBLISHER,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "tags": [{"name": "publisher"}],
        "bindings": {
            "kafka": {"topicConfiguration": {"retention.ms": DAY_MS}, "bindingVersion": KAFKA_BINDING},
        },
    }


def _offered(declared: Declared) -> Document:
    event = declared.event
    return {
        "name": f"Offered{event.__name__}",
        "title": f"{event.ce_type()}, from outside",
        "summary": declared.summary,
        "description": (
            "The data of the event, and no attributes but these. What else stands there is not believed: sequence, trace "
            "and causation are ours. CloudEvents' structured mode will do as well."
        ),
        "contentType": "application/json",
        "tags": [{"name": "publisher"}],
        "headers": _given(event),
        "payload": inlined(schema_of(event)),
        "examples": [_example(event)],
    }


def _given(event: type[EventData]) -> Schema:
    kind = {"type": "string", "const": event.ce_type(), "description": "What happened, and the version of its schema."}
    return {"type": "object", "required": [*GIVEN, "ce_type"], "properties": {**GIVEN, "ce_type": kind}}


def _example(event: type[EventData]) -> Document:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "2026-0042",
        "ce_source": "https://subsidies.voorbeeld-fonds.nl",
        "ce_type": event.ce_type(),
    }
    return {"name": "invented", "headers": headers, "payload": json.loads(encoded(example_of(event).data))}


def _operation(who: str, action: str, channel: str, *messages: str) -> Document:
    verb = f"{action.capitalize()}s".lower()
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"a {who} {verb} {', '.join(messages)}",
        "tags": [{"name": who}],
        "security": SECURITY,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"} for message in messages],
    }
