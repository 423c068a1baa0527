"""Brokers that are killed, restarted or frozen: the one that leads a partition, coordinates a group, or controls all."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random

import psutil
from aiokafka.errors import KafkaError

from deploy.local.kafka import Kafka
from deploy.local.settings import SERVICES
from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS
from shared.runtime.starting import administering
from tests.chaos.cluster import START_S, Cluster
from tests.chaos.faults.fault import Fault, Notes, NotRun
from tests.chaos.places import NODES
from tests.waiting import eventually

BROKER = frozenset({"a broker"})
"""One at a time: two of three must be there, or nothing is confirmed at all."""
FOUND_WITHIN_S, IN_SYNC_WITHIN_S, LOOK_EVERY_S = 60.0, 180.0, 0.5


async def _leader(cluster: Cluster, topic: str, partition: int) -> int:
    async with administering(cluster.places.kafka, within=20) as admin:
        parts = (await admin.describe_topics([topic]))[0]["partitions"]
    return int(next((part["leader"] for part in parts if part["partition"] == partition), -1))


async def _coordinator(cluster: Cluster, group: str) -> int:
    async with administering(cluster.places.kafka, within=20) as admin:
        return int(await admin.find_coordinator(group))


def _controller(cluster: Cluster) -> int:
    """The leader of the quorum, as the brokers' own files tell it: no client can ask."""
    newest = (0, NODES[0])
    for broker in cluster.brokers.values():
        with suppress(OSError, ValueError):
            state = json.loads((broker.folder / "data/__cluster_metadata-0/quorum-state").read_text())
            newest = max(newest, (state["leaderEpoch"], state["leaderId"]))
    return newest[1]


async def _node(cluster: Cluster, role: str) -> int:
    what, _, which = role.partition(" of ")
    if what == "controller":
        return _controller(cluster)
    if what == "coordinator":
        return await _coordinator(cluster, which)
    topic, _, partition = which.rpartition("/")
    return await _leader(cluster, topic, int(partition))


async def _find(cluster: Cluster, role: str) -> Kafka:
    """Waits until there is one: for a moment nobody leads, while brokers choose."""

    async def found() -> Kafka | None:
        with suppress(KafkaError):
            return cluster.brokers.get(await _node(cluster, role))
        return None

    try:
        broker: Kafka = await eventually(found, within=FOUND_WITHIN_S)
    except AssertionError:
        raise NotRun(f"no broker says who is {role}") from None
    return broker


def _role(random: Random) -> str:
    what = random.choice(["leader", "coordinator", "controller"])
    if what == "controller":
        return what
    if what == "coordinator":
        return f"coordinator of {random.choice(SERVICES)}"
    topic = TOPICS[random.choice(list(Stream))]
    return f"leader of {topic.name}/{random.randrange(topic.partitions)}"


async def in_sync(cluster: Cluster) -> None:
    """Waits until every partition has all its replicas again. Raises: AssertionError, after three minutes."""
    deadline = time.monotonic() + IN_SYNC_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(KafkaError, OSError):
            async with administering(cluster.places.kafka, within=5) as admin:
                while time.monotonic() < deadline:
                    topics = await admin.describe_topics([topic.name for topic in TOPICS.values()])
                    parts = [part for topic in topics for part in topic["partitions"]]
                    if all(len(part["isr"]) == len(part["replicas"]) for part in parts):
                        return
                    await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.sleep(LOOK_EVERY_S)
    raise AssertionError(f"not all partitions have all their replicas within {IN_SYNC_WITHIN_S:.0f} s")


@asynccontextmanager
async def _down(role: str, end: Callable[[Kafka], object], cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    broker = await _find(cluster, role)
    notes.add(f"broker {broker.node_id}")
    await asyncio.to_thread(end, broker)
    try:
        yield
    finally:
        await asyncio.to_thread(broker.start, START_S)
        await in_sync(cluster)


def kill9_broker(random: Random) -> Fault:
    """kill -9 of the broker that has a certain part to play; it comes back after a few seconds."""
    role = _role(random)
    return Fault("kill9_broker", role, random.uniform(1, 8), BROKER, partial(_down, role, Kafka.kill))


def restart_broker(random: Random) -> Fault:
    """A broker is stopped in an orderly way, and started again."""
    role = _role(random)
    return Fault("restart_broker", role, random.uniform(0, 2), BROKER, partial(_down, role, Kafka.stop))


@asynccontextmanager
async def _frozen(role: str, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    broker = await _find(cluster, role)
    process = broker.daemon.process()
    if process is None:
        raise NotRun(f"broker {broker.node_id} was not there")
    notes.add(f"broker {broker.node_id}")
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)
        await in_sync(cluster)


def sigstop_broker(random: Random) -> Fault:
    """A broker stands still for longer than its own session (3 s) and perhaps its clients' (10 s), and goes on."""
    role = _role(random)
    return Fault("sigstop_broker", role, random.uniform(4, 14), BROKER, partial(_frozen, role))


@asynccontextmanager
async def _all_down(cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    brokers = list(cluster.brokers.values())
    notes.add(f"{len(brokers)} brokers")
    await asyncio.gather(*(asyncio.to_thread(broker.kill) for broker in brokers))
    try:
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(broker.begin) for broker in brokers))
        await asyncio.gather(*(asyncio.to_thread(broker.wait, START_S) for broker in brokers))
        await in_sync(cluster)


def kill9_all_brokers(random: Random) -> Fault:
    """kill -9 of the whole cluster while it is told things: what was not confirmed may stand in the log all the same."""
    return Fault("kill9_all_brokers", "all three", random.uniform(0, 6), BROKER, _all_down)
