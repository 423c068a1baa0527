"""Postgres is killed, restarted, or has no disk left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from deploy.local.postgres import Postgres
from tests.chaos.cluster import START_S, Cluster
from tests.chaos.faults.fault import Fault, Notes, NotRun

POSTGRES = frozenset({"postgres"})


@asynccontextmanager
async def _down(end: Callable[[Postgres], object], cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    notes.add("one server for all services")
    await asyncio.to_thread(end, cluster.postgres)
    try:
        yield
    finally:
        await asyncio.to_thread(cluster.postgres.start, START_S)


def kill9_postgres(random: Random) -> Fault:
    """kill -9 of the server and all its sessions; it recovers from its log."""
    return Fault("kill9_postgres", "postgres", random.uniform(0, 4), POSTGRES, partial(_down, Postgres.kill))


def restart_postgres(random: Random) -> Fault:
    """The server is stopped, which ends every session, and started again."""
    return Fault("restart_postgres", "postgres", random.uniform(0, 2), POSTGRES, partial(_down, Postgres.stop))


@asynccontextmanager
async def _full(left: int, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    disk = cluster.disk
    if not disk.mounted:
        raise NotRun(disk.refused)
    await asyncio.to_thread(disk.fill, left)
    try:
        yield
    finally:
        ended = cluster.postgres.daemon.process() is None
        notes.add("Postgres ended by it" if ended else "Postgres lived on")
        disk.empty()
        await asyncio.to_thread(cluster.postgres.start, START_S)


def disk_full_postgres(random: Random) -> Fault:
    """The file system of Postgres is full. Where it cannot write its own log it ends, and comes back when there is room."""
    left = random.choice([0, 2_000_000, 20_000_000])
    return Fault("disk_full_postgres", f"{left} bytes left", random.uniform(3, 10), POSTGRES, partial(_full, left))
