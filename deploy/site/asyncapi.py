"""The AsyncAPI document as a page that people read: servers, topics, and what each party sends and receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from shared.contracts.markdown import listed, table

Document: TypeAlias = Mapping[str, Any]

PREFIX = "nl.schuldhulpprojecten."


def asyncapi_page(document: Document) -> str:
    """The whole page, in Markdown. What stands in each message is told on the page of its event."""
    info = document["info"]
    return "\n".join(
        [
            f"# AsyncAPI\n\n{info['description']}\n",
            f"Version {info['version']}, as a document: [asyncapi.json](asyncapi.json).\n",
            "## Servers\n\n" + table(("server", "protocol", "log in with", "about"), _servers(document)),
            "## Who does what\n",
            *(f"### {who}\n\n{listed(_operations(document, who))}" for who in _parties(document)),
            "## Topics\n",
            *(_channel(document, channel) for channel in document["channels"].values()),
        ]
    )


def _servers(document: Document) -> Iterator[tuple[str, ...]]:
    schemes = document["components"].get("securitySchemes", {})
    for name, server in document["servers"].items():
        secured = [schemes[_last(one)] for one in server.get("security", ())]
        login = "; ".join(f"`{one['type']}`: {one['description']}" for one in secured)
        yield name, f"`{server['protocol']}`", login or "as the platform's own services do", server["description"]


def _parties(document: Document) -> list[str]:
    return [tag["name"] for tag in document["info"]["tags"]]


def _operations(document: Document, who: str) -> Iterator[tuple[str, str]]:
    for operation in document["operations"].values():
        if {"name": who} in operation["tags"]:
            channel = document["channels"][_last(operation["channel"])]
            messages = ", ".join(_message(document, _last(message)) for message in operation["messages"])
            yield f"{operation['action']}s on `{channel['title']}`", messages


def _channel(document: Document, channel: Document) -> str:
    facts = [
        ("about", channel["summary"]),
        ("who", channel["description"]),
        ("servers", ", ".join(_last(server) for server in channel["servers"])),
        ("messages", ", ".join(_message(document, message) for message in channel["messages"])),
        *((f"`{name}`", parameter["description"]) for name, parameter in channel.get("parameters", {}).items()),
    ]
    settings = channel["bindings"]["kafka"]
    kafka = {"partitions": settings.get("partitions"), **settings.get("topicConfiguration", {})}
    facts += [(f"`{setting}`", _plain(value)) for setting, value in kafka.items() if value is not None]
    return f"### {channel['title']}\n\n{listed(facts)}"


def _message(document: Document, name: str) -> str:
    """A link to the page of the event that it is, or is offered as."""
    kind = document["components"]["messages"][name]["title"].partition(",")[0]
    if not kind.startswith(PREFIX):
        return name
    return f"[{name}](events/{kind.removeprefix(PREFIX)}.md)"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _last(reference: str | Mapping[str, str]) -> str:
    text = reference if isinstance(reference, str) else reference["$ref"]
    return text.rpartition("/")[2]
