"""The AsyncAPI 3 document: topics as channels, events as messages, and what each service sends and receives."""

from __future__ import annotations

import json
from collections.abc import Iterable

from shared.contracts.asyncapi_outside import (
    KAFKA_BINDING,
    OUTSIDE_SERVER,
    SECURITY_SCHEMES,
    Document,
    channels_outside,
    messages_outside,
    operations_outside,
)
from shared.contracts.cloudevents import UUID_TEXT, headers_schema
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData, Stream
from shared.contracts.example import example_of
from shared.contracts.parties import OPEN_STREAMS, Parties
from shared.contracts.registry import EVENTS, TOPIC_SETTINGS, TOPICS, Declared, Topic, events_of, said_by, superseded_by
from shared.contracts.schemas import inlined, schema_of

INFO: Document = {
    "title": "Schuldhulpprojecten: events",
    "description": (
        "What the services of the platform tell each other: a project is submitted, assessed, taken over by a gemeente, "
        "funded, and its impact is measured. CloudEvents 1.0 in the NL GOV profile, in Kafka's binary mode.\n\n"
        "Delivery is at least once. The records of one subject are in order and their `sequence` has no gaps; between "
        "subjects there is no order. A record whose `ce_id` was read before is a duplicate. Fields that a reader does not "
        "know are to be ignored. Topics are kept for ever. All examples are invented."
    ),
    "contact": {
        "name": "Schuldhulpprojecten",
        "url": "https://schuldhulpprojecten.nl",
        "email": "techniek@schuldhulpprojecten.nl",
    },
    "license": {"name": "EUPL-1.2", "url": "https://spdx.org/licenses/EUPL-1.2.html"},
}
SERVERS: Document = {
    "kafka": {
        "host": "{address}",
        "protocol": "kafka",
        "description": "The platform's own Kafka; its address is a setting of the place where it runs.",
        "variables": {"address": {"description": "host:port", "default": "127.0.0.1:9092"}},
    },
    **OUTSIDE_SERVER,
}
OUTSIDERS = ("publisher", "subscriber")


def asyncapi(parties: Parties, version: str) -> Document:
    """The whole document. `version` is that of the platform."""
    services = sorted({topic.owner for topic in TOPICS.values()} | parties.hears.keys())
    return {
        "asyncapi": "3.0.0",
        "id": "https://schuldhulpprojecten.nl/asyncapi",
        "info": {**INFO, "version": version, "tags": [{"name": name} for name in (*services, *OUTSIDERS)]},
        "defaultContentType": "application/json",
        "servers": SERVERS,
        "channels": {
            **{_channel_name(topic.stream): _channel(topic) for topic in TOPICS.values()},
            **channels_outside(parties),
        },
        "operations": {**_operations_inside(services, parties), **operations_outside(parties)},
        "components": {
            "messages": {
                **{declared.event.__name__: _message(declared) for declared in EVENTS},
                **messages_outside(parties),
            },
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _operations_inside(services: Iterable[str], parties: Parties) -> Document:
    return {
        name: operation
        for service in services
        for name, operation in (
            *_operations(service, "send", said_by(service)),
            *_operations(service, "receive", parties.hears.get(service, ())),
        )
    }


def _channel_name(stream: Stream) -> str:
    return stream.name.lower()


def _channel(topic: Topic) -> Document:
    settings = {**TOPIC_SETTINGS, "cleanup.policy": [TOPIC_SETTINGS["cleanup.policy"]]}
    return {
        "address": topic.name,
        "title": topic.name,
        "summary": topic.summary,
        "description": f"Said by {topic.owner} alone.",
        "servers": [{"$ref": f"#/servers/{name}"} for name in _servers(topic.stream)],
        "messages": {
            event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in events_of(topic.stream)
        },
        "tags": [{"name": topic.owner}],
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": settings,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _servers(stream: Stream) -> tuple[str, ...]:
    return ("kafka", *OUTSIDE_SERVER) if stream in OPEN_STREAMS else ("kafka",)


def _operations(service: str, action: str, events: Iterable[type[EventData]]) -> Iterable[tuple[str, Document]]:
    """One operation for each topic: what the service does with the events of it that it knows."""
    events = frozenset(events)
    verb = f"{action.capitalize()}s"
    for stream in Stream:
        messages = [event.__name__ for event in events_of(stream) if event in events]
        if messages:
            channel = f"#/channels/{_channel_name(stream)}"
            yield (
                f"{service}{verb}{stream.name.capitalize()}",
                {
                    "action": action,
                    "channel": {"$ref": channel},
                    "title": f"{service} {verb.lower()} {', '.join(messages)}",
                    "tags": [{"name": service}],
                    "messages": [{"$ref": f"{channel}/messages/{message}"} for message in messages],
                },
            )


def _message(declared: Declared) -> Document:
    event = declared.event
    payload = inlined(schema_of(event))
    example = example_of(event)
    data = json.loads(encoded(example.data))
    return {
        "name": event.__name__,
        "title": event.ce_type(),
        "summary": declared.summary,
        "description": payload["description"],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "tags": [{"name": declared.owner}],
        "headers": headers_schema(event),
        "payload": payload,
        "bindings": {
            "kafka": {
                "key": {**UUID_TEXT, "description": f"The subject: the `{event.ENTITY}` in the data."},
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "examples": [{"name": "invented", "headers": dict(example.headers), "payload": data}],
        **_versions(declared),
    }


def _versions(declared: Declared) -> Document:
    """Two versions of one fact name each other: they share a sequence, and the newest that one knows counts."""
    newer = superseded_by(declared.event)
    return {
        **({"x-supersedes": declared.supersedes.ce_type()} if declared.supersedes else {}),
        **({"x-superseded-by": newer.ce_type()} if newer else {}),
    }
