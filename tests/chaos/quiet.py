"""When a run has come to rest: everything is up, everything said is told, and everything told is heard."""

from __future__ import annotations

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.local.settings import SERVICES
from deploy.setup import declared
from shared.contracts.registry import TOPICS
from shared.messaging.stopping import stopped_within
from tests.chaos.cluster import Cluster

LOOK_EVERY_S, STOP_S = 1.0, 3.0


async def unrest(cluster: Cluster) -> list[str]:
    """What is not at rest yet, one line a thing."""
    late = await cluster.supervisor.ready(within=0)
    lines = [f"{name} is not ready" for name in late]
    try:
        ends = await _ends(cluster)
        for service in SERVICES:
            lines += await _waiting(cluster, service, ends)
    except (KafkaError, asyncpg.PostgresError, OSError) as error:
        lines.append(f"{type(error).__name__}: {error}")
    return lines


async def quiet(cluster: Cluster, within: float) -> list[str]:
    """Waits until it is; returns what is still not so after these seconds."""
    deadline = time.monotonic() + within
    while (lines := await unrest(cluster)) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
    return lines


async def _ends(cluster: Cluster) -> dict[TopicPartition, int]:
    """How far the log of each partition goes."""
    partitions = [TopicPartition(topic.name, part) for topic in TOPICS.values() for part in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.places.kafka)
    try:
        await consumer.start()
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found
    finally:
        await stopped_within(STOP_S, consumer.stop())


async def _waiting(cluster: Cluster, service: str, ends: dict[TopicPartition, int]) -> list[str]:
    async with cluster.database(service) as connection:
        untold = await connection.fetchval("select count(*) from outbox")
        gaps = await connection.fetchval("select count(*) from parked where kind = 'gap'")
        rows = await connection.fetch("select topic, part, next from positions")
    at = {TopicPartition(row["topic"], row["part"]): row["next"] for row in rows}
    behind = {tp: end - at.get(tp, 0) for tp, end in ends.items() if tp.topic in declared(service).topics}
    lines = [f"{service} has {untold} events to tell"] if untold else []
    lines += [f"{service} waits for what is missing before {gaps} records"] if gaps else []
    unheard = sum(behind.values())
    return [*lines, f"{service} has {unheard} records to hear"] if unheard else lines
