"""The end of a partition's log is gone, on all brokers: what was told is to be told again, and nobody may lose his place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from deploy.local.settings import SERVICES
from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS, Topic
from tests.chaos.cluster import START_S, Cluster
from tests.chaos.faults import segments
from tests.chaos.faults.brokers import in_sync
from tests.chaos.faults.fault import EVERYTHING, Fault, Notes, NotRun

READY_WITHIN_S = 180.0
LOOK_EVERY_S = 1.0
ACT = ("--actor", "chaos", "--reason", "the log was cut")
CHANGED = "LogChanged"


async def _cut(cluster: Cluster, topic: Topic, first: int, count: int, notes: Notes) -> int:
    """Stops all brokers, cuts the same records on each, and starts them; returns the partition.

    That is `first`, or the next one in which something stands. Raises: NotRun when there is none.
    """
    brokers = list(cluster.brokers.values())
    await asyncio.gather(*(asyncio.to_thread(broker.stop) for broker in brokers))
    data = [broker.folder / "data" for broker in brokers]
    numbers = [(first + nth) % topic.partitions for nth in range(topic.partitions)]
    partition = next((n for n in numbers if segments.end_of(data[0], f"{topic.name}-{n}")), None)
    if partition is not None:
        folder = f"{topic.name}-{partition}"
        offset, end = segments.place_to_cut(data[0], folder, count), segments.end_of(data[0], folder)
        for each in data:
            segments.cut(each, folder, offset)
        notes.add(f"{folder}: offsets {offset} to {end - 1}")
    await asyncio.gather(*(asyncio.to_thread(broker.begin) for broker in brokers))
    for broker in brokers:
        await asyncio.to_thread(broker.wait, START_S)
    if partition is None:
        raise NotRun(f"{topic.name} is empty")
    await in_sync(cluster)
    return partition


@asynccontextmanager
async def _tail_cut(topic: Topic, first: int, count: int, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    async with cluster.supervisor.down(*SERVICES):
        partition = await _cut(cluster, topic, first, count, notes)
    yield
    deadline, seen = time.monotonic() + READY_WITHIN_S, len(cluster.supervisor.ended)
    while late := await cluster.supervisor.ready(LOOK_EVERY_S):
        ended = cluster.supervisor.ended[seen:]
        seen += len(ended)
        for service in {each.name.rpartition("-")[0] for each in ended if CHANGED in each.words}:
            await _rewind(cluster, service, topic.name, partition, notes)
        if time.monotonic() > deadline:
            raise AssertionError(f"not ready after the cut: {', '.join(late)}")


async def _rewind(cluster: Cluster, service: str, topic: str, partition: int, notes: Notes) -> None:
    """What an operator does with a listener that stood beyond the end of the log."""
    async with cluster.supervisor.down(service):
        code, printed = await cluster.ask(service, "places", "rewind", topic, str(partition), *ACT)
    notes.add(f"{service}: places rewind: {code}")
    if code != 0:
        raise AssertionError(f"places rewind of {service}: {printed[-1000:]}")


def log_tail_cut(random: Random) -> Fault:
    """The last records of a partition are gone from the disks of all brokers; every event in them had been confirmed."""
    topic = TOPICS[random.choice(list(Stream))]
    first, count = random.randrange(topic.partitions), random.randint(1, 6)
    during = partial(_tail_cut, topic, first, count)
    victim = f"{topic.name}/{first} or the next that has any, {count} records or a few more"
    return Fault("log_tail_cut", victim, random.uniform(2, 5), frozenset({EVERYTHING}), during)
