"""The committed AsyncAPI document. `make lint-contracts` runs AsyncAPI's own parser on it, which does not try examples."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from deploy.access.model import INBOUND_KEPT_MS, REFUSALS_KEPT_MS
from deploy.contracts import heard_by_service, parties_of
from shared.access import Publisher, Right
from shared.contracts.registry import EVENTS, TOPICS, said_by

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """As it is committed."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs/asyncapi.json").read_text(encoding="utf-8"))
    return loaded


def at(document: Any, reference: str) -> Any:  # noqa: ANN401 - any JSON
    """What a local reference points to. Raises: KeyError."""
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


def references(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Every reference in a document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for item in part:
            yield from references(item)


def test_every_reference_points_to_something(document: dict[str, Any]) -> None:
    for reference in references(document):
        assert at(document, reference)


def test_whoever_wants_to_ask_or_reuse_finds_contact_licence_and_version(document: dict[str, Any]) -> None:
    info = document["info"]

    assert {"name", "url", "email"} <= info["contact"].keys()
    assert info["license"]["name"] == "EUPL-1.2"
    assert f'version = "{info["version"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def ours(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The channels of the platform's own topics; those of outsiders bear the name of whoever writes or reads them."""
    return [channel for channel in document["channels"].values() if "parameters" not in channel]


def test_the_channels_are_the_topics_that_are_created(document: dict[str, Any]) -> None:
    topics = yaml.safe_load((ROOT / "deploy/kafka/topics.yaml").read_text(encoding="utf-8"))["topics"]
    channels = ours(document)

    assert {(channel["address"], channel["bindings"]["kafka"]["partitions"]) for channel in channels} == {
        (topic["name"], topic["partitions"]) for topic in topics
    }


def test_every_event_is_a_message_on_the_channel_of_its_stream(document: dict[str, Any]) -> None:
    for declared in EVENTS:
        name = declared.event.__name__
        carrying = [channel["address"] for channel in ours(document) if name in channel["messages"]]
        assert carrying == [declared.event.STREAM.topic]


def test_every_example_fits_the_headers_and_the_payload_of_its_message(document: dict[str, Any]) -> None:
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            for part in ("headers", "payload"):
                Draft202012Validator(message[part], format_checker=FormatChecker()).validate(example[part])


def operations(document: dict[str, Any], action: str, service: str) -> set[str]:
    """The messages that a service sends or receives."""
    return {
        message["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == action and operation["tags"] == [{"name": service}]
        for message in operation["messages"]
    }


@pytest.mark.parametrize("service", sorted({topic.owner for topic in TOPICS.values()}))
def test_a_service_sends_what_it_says_and_receives_what_it_hears(document: dict[str, Any], service: str) -> None:
    heard = heard_by_service(ROOT)[service]

    assert operations(document, "send", service) == {event.__name__ for event in said_by(service)}
    assert operations(document, "receive", service) == {event.__name__ for event in heard}


def test_who_publishes_from_outside_finds_its_topics_how_long_they_keep_and_how_to_log_in(
    document: dict[str, Any],
) -> None:
    publisher = Publisher("a-fund", "0" * 20, tuple(Right(event.TYPE) for event in parties_of(ROOT).takes))
    theirs = [channel for channel in document["channels"].values() if "parameters" in channel]

    assert {channel["address"].format(publisher="a-fund") for channel in theirs} == {
        *publisher.inbound_topics,
        publisher.refusals_topic,
    }
    for channel in theirs:
        kept = channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"]
        assert kept == (INBOUND_KEPT_MS if channel["address"].startswith("inbound.") else REFUSALS_KEPT_MS)
        assert channel["servers"] == [{"$ref": "#/servers/outside"}]
    server = document["servers"]["outside"]
    assert server["protocol"] == "kafka-secure"
    assert at(document, server["security"][0]["$ref"])["type"] == "scramSha512"


def test_a_subscriber_receives_published_figures_and_nothing_else(document: dict[str, Any]) -> None:
    assert operations(document, "receive", "subscriber") == {"ImpactPublished"}
    assert operations(document, "send", "subscriber") == set()


def test_an_operation_names_only_messages_of_its_own_channel(document: dict[str, Any]) -> None:
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])
