"""Whether Postgres and Kafka do their part: while they do not, it helps nobody to start anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from shared.messaging.brokers import Servers, client_settings
from shared.messaging.stopping import stopped_within

WITHIN_SECONDS = 8.0
CLOSE_SECONDS = 2.0


async def postgres_answers(dsn: str) -> bool:
    """Whether a new connection gets an answer."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            connection = await asyncpg.connect(dsn)
            try:
                await connection.fetchval("select 1")
            finally:
                await connection.close(timeout=CLOSE_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False
    return True


async def kafka_answers(servers: Servers, group: str, topics: Sequence[str]) -> bool:
    """Whether every partition can be read and written, and the group has somebody who coordinates it."""
    settings = client_settings(servers)
    admin = AIOKafkaAdminClient(**settings, request_timeout_ms=int(WITHIN_SECONDS * 1000))
    reader = AIOKafkaConsumer(**settings, enable_auto_commit=False)
    try:
        async with asyncio.timeout(2 * WITHIN_SECONDS):
            await admin.start()
            described = await admin.describe_topics(list(topics))
            if not await _takes_writes(admin, described) or not await _coordinates(admin, group):
                return False
            await reader.start()
            places = [
                TopicPartition(each["topic"], part["partition"]) for each in described for part in each["partitions"]
            ]
            return len(await reader.end_offsets(places)) == len(places)  # which asks each leader
    except (KafkaError, OSError):
        return False
    finally:
        await stopped_within(CLOSE_SECONDS, reader.stop())
        await stopped_within(CLOSE_SECONDS, admin.close())


async def _takes_writes(admin: AIOKafkaAdminClient, described: Sequence[Mapping[str, Any]]) -> bool:
    """Each partition has a leader, and as many copies in sync as must confirm."""
    least = {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic["topic"]) for topic in described]
    for answer in await admin.describe_configs(asked):
        for _, _, _, name, configs in answer.resources:
            least[name] = int(next((entry[1] for entry in configs if entry[0] == "min.insync.replicas"), 1))
    return all(
        not topic["error_code"]
        and all(part["leader"] >= 0 and len(part["isr"]) >= least[topic["topic"]] for part in topic["partitions"])
        for topic in described
    )


async def _coordinates(admin: AIOKafkaAdminClient, group: str) -> bool:
    answers = await admin.describe_consumer_groups([group])
    return all(not described[0] for answer in answers for described in answer.groups)
