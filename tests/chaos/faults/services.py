"""Replicas that are killed, stopped, frozen, joined by others, or whose clock is wrong."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random

import psutil

from deploy.local.errors import RunnerError
from deploy.local.settings import SERVICES
from tests.chaos.cluster import Cluster
from tests.chaos.faults.fault import Fault, Notes, NotRun
from tests.chaos.supervisor import READY_WITHIN_S, Replica
from tests.waiting import eventually

JOINING = 3
"""The replica of a service that only comes and goes."""
BACK_WITHIN_S = 45.0
LOOK_EVERY_S = 0.1


def _one_of(cluster: Cluster, service: str, nth: int) -> Replica:
    replicas = cluster.supervisor.of(service)
    if not replicas:
        raise NotRun(f"no replica of {service} runs")
    return replicas[nth % len(replicas)]


async def _back(replica: Replica, before: psutil.Process | None) -> None:
    """Waits until another process than this one is ready; not for ever, as another fault may keep it from that."""

    async def is_ready() -> bool:
        process = replica.process
        return process is not None and process != before and await asyncio.to_thread(replica.program.ready)

    with suppress(AssertionError):
        await eventually(is_ready, within=BACK_WITHIN_S, what=f"{replica.name} is back")


def _told_to_stop(replica: Replica) -> psutil.Process | None:
    """Sends SIGTERM, and gives the process that got it."""
    before, replica.spared = replica.process, True
    replica.send(signal.SIGTERM)
    return before


@asynccontextmanager
async def _killed(service: str, nth: int, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replica = _one_of(cluster, service, nth)
    notes.add(replica.name)
    before = replica.process
    await asyncio.to_thread(replica.kill)
    yield
    await _back(replica, before)


def kill9_service(random: Random) -> Fault:
    """kill -9 of a replica; its supervisor starts it again."""
    service, nth = random.choice(SERVICES), random.randrange(4)
    during = partial(_killed, service, nth)
    return Fault("kill9_service", f"{service}-{nth}", random.uniform(0.5, 2), frozenset({service}), during)


@asynccontextmanager
async def _stopped(service: str, nth: int, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replica = _one_of(cluster, service, nth)
    notes.add(replica.name)
    before = _told_to_stop(replica)
    yield
    await _back(replica, before)


def stop_service(random: Random) -> Fault:
    """SIGTERM to a replica, as a deploy does; it is started again."""
    service, nth = random.choice(SERVICES), random.randrange(4)
    during = partial(_stopped, service, nth)
    return Fault("stop_service", f"{service}-{nth}", random.uniform(0.5, 2), frozenset({service}), during)


async def _in_turn(cluster: Cluster, service: str) -> None:
    for replica in cluster.supervisor.of(service):
        await _back(replica, _told_to_stop(replica))


@asynccontextmanager
async def _rolled(cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    notes.add("all services at once, the replicas of each in turn")
    await asyncio.gather(*(_in_turn(cluster, service) for service in SERVICES))
    yield


def rolling_restart(random: Random) -> Fault:
    """SIGTERM to every replica of every service, one after another within a service."""
    return Fault("rolling_restart", "all services", random.uniform(0, 1), frozenset(SERVICES), _rolled)


@asynccontextmanager
async def _frozen(service: str, nth: int, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replica = _one_of(cluster, service, nth)
    notes.add(replica.name)
    if not replica.send(signal.SIGSTOP):
        raise NotRun(f"{replica.name} was not there")
    try:
        yield
    finally:
        replica.send(signal.SIGCONT)


def sigstop_service(random: Random) -> Fault:
    """A replica stands still for longer than the session time-out of 10 s, and goes on as if nothing had been."""
    service, nth = random.choice(SERVICES), random.randrange(4)
    during = partial(_frozen, service, nth)
    return Fault("sigstop_service", f"{service}-{nth}", random.uniform(11, 15), frozenset({service}), during)


@asynccontextmanager
async def _joined(service: str, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replica = cluster.supervisor.replicas[f"{service}-{JOINING}"]
    notes.add(f"{replica.name} comes and goes")
    try:
        await cluster.supervisor.start([replica])
        yield
    except RunnerError:
        notes.add(f"not ready within {READY_WITHIN_S:.0f} s")
        yield
    finally:
        await cluster.supervisor.stop([replica])


def rebalance(random: Random) -> Fault:
    """A replica joins and leaves while batches are in flight."""
    service = random.choice(SERVICES)
    return Fault("rebalance", service, random.uniform(1, 3), frozenset({service}), partial(_joined, service))


@asynccontextmanager
async def _behind(service: str, seconds: float, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replicas = cluster.supervisor.of(service)
    notes.add(f"{len(replicas)} replicas, {seconds:.0f} s back")
    for replica in replicas:
        replica.clock_file.write_text(f"{-seconds:.3f}", encoding="utf-8")
    try:
        yield
    finally:
        for replica in replicas:
            replica.clock_file.unlink(missing_ok=True)


def clock_back(random: Random) -> Fault:
    """The clock of a service goes back, by seconds or by more than an hour, and later jumps forward again."""
    service, back = random.choice(SERVICES), random.choice([2.0, 60.0, 900.0, 5400.0]) * random.uniform(0.5, 1)
    needs, during = frozenset({f"clock of {service}"}), partial(_behind, service, back)
    return Fault("clock_back", f"{service}, {back:.0f} s", random.uniform(4, 10), needs, during)


@asynccontextmanager
async def _dead_after_confirmation(service: str, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    replicas = cluster.supervisor.of(service)
    for replica in replicas:
        replica.spared = True
        replica.death_file.touch()
    try:
        died = await _first_death(replicas)
        if died is None:
            raise NotRun(f"{service} told nothing")
        notes.add(died.name)
        yield
        await _back(died, None)
    finally:
        for replica in replicas:
            replica.death_file.unlink(missing_ok=True)
            replica.spared = False


async def _first_death(replicas: list[Replica]) -> Replica | None:
    for _ in range(int(20 / LOOK_EVERY_S)):
        for replica in replicas:
            if not replica.death_file.exists():
                return replica
        await asyncio.sleep(LOOK_EVERY_S)
    return None


def relay_killed_after_confirm(random: Random) -> Fault:
    """The relay dies after the broker has confirmed and before it has written that down: it will tell the same again."""
    service = random.choice(SERVICES)
    during = partial(_dead_after_confirmation, service)
    return Fault("relay_killed_after_confirm", service, random.uniform(0.5, 1), frozenset({service}), during)
