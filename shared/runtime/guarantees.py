"""What the promise of exactly one effect rests on outside our code: asserted at start, not hoped for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.record.default_records import DefaultRecordBatch

from shared.contracts.registry import TOPICS
from shared.storage import Transaction


class NotGuaranteed(Exception):
    """The surroundings do not allow us to keep our promise. The message says what is wrong and what to do."""


def assert_fast_client() -> None:
    """aiokafka falls back silently to pure Python, 50 to 100 times slower. Raises: NotGuaranteed."""
    if "_crecords" not in DefaultRecordBatch.__module__:
        raise NotGuaranteed("aiokafka runs without its C extension. Install it from a wheel for this platform.")


async def assert_durable(tx: Transaction) -> None:
    """A commit that Postgres acknowledged must survive a power cut. Raises: NotGuaranteed."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        value = await tx.fetchval("select current_setting($1)", setting)
        if value == "off":
            raise NotGuaranteed(f"Postgres runs with {setting} = off. Switch it on: commits could be lost.")


class TopicMissing(NotGuaranteed):
    """A topic that the set-up makes is not there, or is not known yet to a broker that has just begun."""


async def assert_log_is_kept(admin: AIOKafkaAdminClient, topics: list[str]) -> None:
    """A broker that was behind may not become leader, or acknowledged events vanish. Raises: NotGuaranteed; TopicMissing."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    least: dict[str, int] = {}
    for answer in await admin.describe_configs(resources):
        for error_code, error, _, name, configs in answer.resources:
            if error_code:
                raise TopicMissing(f"Topic {name} is not there ({error or error_code}). Run the set-up first.")
            values = {entry[0]: entry[1] for entry in configs}
            if values.get("unclean.leader.election.enable") == "true":
                raise NotGuaranteed(f"Topic {name} allows unclean.leader.election.enable. Switch it off.")
            if values.get("cleanup.policy") != "delete":
                raise NotGuaranteed(f"Topic {name} does not keep every event. Set cleanup.policy to delete.")
            for limit in ("retention.ms", "retention.bytes"):
                if int(values.get(limit, -1)) != -1:
                    raise NotGuaranteed(f"Topic {name} does not keep its events for ever. Set {limit} to -1.")
            least[name] = int(values.get("min.insync.replicas", 1))
    for topic in await admin.describe_topics(topics):
        assert_keys_are_spread(topic)
        assert_copies_confirm(topic, least[topic["topic"]])


def assert_keys_are_spread(topic: Mapping[str, Any]) -> None:
    """With fewer partitions than the contracts say, keys would move as soon as somebody added one. Raises: NotGuaranteed."""
    wanted = {topic.name: topic.partitions for topic in TOPICS.values()}
    name, count = topic["topic"], len(topic["partitions"])
    if count < wanted.get(name, 0):
        raise NotGuaranteed(f"Topic {name} has {count} partitions, not {wanted[name]}. Make it anew with the set-up.")


def assert_copies_confirm(topic: Mapping[str, Any], least: int) -> None:
    """Where there are copies, at least two must have an event before it counts as told. Raises: NotGuaranteed."""
    copies = min(len(partition["replicas"]) for partition in topic["partitions"])
    if copies > 1 and least < 2:
        raise NotGuaranteed(
            f"Topic {topic['topic']} has {copies} copies, of which one may confirm alone. Set min.insync.replicas to 2."
        )
