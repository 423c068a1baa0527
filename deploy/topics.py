"""Topics made, and changed to what they should be; the admin client never raises for a topic: its answers have to be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

T = TypeVar("T")
WAIT_SECONDS = 30.0
"""How long Kafka and its coordinators may take to be there."""


def new_topic(name: str, partitions: int, config: Mapping[str, str], replication: int, min_insync: int) -> NewTopic:
    """One with so many copies, of which so many must confirm."""
    copies = {"min.insync.replicas": str(min_insync), "unclean.leader.election.enable": "false"}
    return NewTopic(name, partitions, replication, topic_configs={**config, **copies})


async def make(admin: AIOKafkaAdminClient, wanted: Sequence[NewTopic]) -> list[str]:
    """Creates those that are not there and returns their names, once all can be used. Raises: KafkaError."""
    if not wanted:
        return []
    made = []
    for name, code, *detail in (await admin.create_topics(list(wanted))).topic_errors:
        error = for_code(code)
        if code == 0:
            made.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {detail[0] if detail else code}")
    await patiently(lambda: _expect(admin, [topic.name for topic in wanted]))
    return made


async def differing(
    admin: AIOKafkaAdminClient, wanted: Sequence[NewTopic], there: Collection[str]
) -> list[tuple[NewTopic, str]]:
    """Those of the wanted that are `there` with another setting, and what differs, in words. Raises: KafkaError."""
    known = {topic.name: topic for topic in wanted if topic.name in there}
    if not known:
        return []
    found = []
    for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in known]):
        for code, message, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"topic {name}: {message or code}")
            has = {entry[0]: entry[1] for entry in entries}
            if apart := list(_apart(known[name].topic_configs, has)):
                found.append((known[name], ", ".join(apart)))
    return found


def _apart(wanted: Mapping[str, str], has: Mapping[str, str]) -> Iterator[str]:
    return (f"{name} {has.get(name)} -> {value}" for name, value in wanted.items() if has.get(name) != value)


async def change(admin: AIOKafkaAdminClient, topic: NewTopic) -> None:
    """Gives it the settings that it should have. Raises: KafkaError."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.topic_configs)
    for answer in await admin.alter_configs([resource]):
        for code, message, _, name in answer.resources:
            if code:
                raise for_code(code)(f"topic {name}: {message or code}")


async def _expect(admin: AIOKafkaAdminClient, topics: list[str]) -> None:
    """A broker hears of a new topic a moment after it was made; a service that looks sooner would end."""
    for topic in await admin.describe_topics(topics):
        code = topic["error_code"] or max(part["error_code"] for part in topic["partitions"])
        if code:
            raise for_code(code)(f"topic {topic['topic']} cannot be used yet")


async def patiently(question: Callable[[], Awaitable[T]]) -> T:
    """Asks until it is answered, also when the broker closes the connection, to ask again who we are.

    Raises: KafkaError, at once if time does not help.
    """
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            return await question()
        except KafkaError as error:
            if not error.retriable or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)
