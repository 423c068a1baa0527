"""A service whose schema comes back from an older back-up, as its owner's database or as that of somebody who listens."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from deploy.local.postgres import PROGRAMS, SUPERUSER
from deploy.local.settings import SERVICES
from tests.chaos.cluster import DATABASE, Cluster
from tests.chaos.faults.fault import EVERYTHING, Fault, Notes, NotRun
from tests.chaos.findings import Forgiven
from tests.waiting import eventually

HELD_BACK_WITHIN_S = 90.0
READY_WITHIN_S = 120.0
SETTLED_S = 2.0
"""How long requests that were on their way may still commit once no new ones come."""
ACT = ("--actor", "chaos", "--reason", "restored from an older back-up")
LISTENERS = ("assessment", "matching", "impact")


@dataclass(frozen=True)
class BackUp:
    """A schema as it was: kept in a file by pg_dump, put back by pg_restore."""

    cluster: Cluster
    service: str

    @property
    def file(self) -> Path:
        """Where it is."""
        return self.cluster.places.folder / f"{self.service}.dump"

    async def take(self) -> None:
        """Takes it. Raises: NotRun."""
        await self._run("pg_dump", "--format=custom", f"--schema={self.service}", f"--file={self.file}")

    async def put_back(self) -> None:
        """Replaces what is there. Raises: NotRun."""
        async with self.cluster.database(self.service) as connection:
            await connection.execute(f"drop schema {self.service} cascade")
        await self._run("pg_restore", "--exit-on-error", f"--dbname={DATABASE}", str(self.file))

    async def _run(self, program: str, *arguments: str) -> None:
        postgres = self.cluster.postgres
        at = [f"--host={postgres.host}", f"--port={postgres.port}", f"--username={SUPERUSER}"]
        named = [] if program == "pg_restore" else [f"--dbname={DATABASE}"]
        done = await asyncio.to_thread(
            subprocess.run,
            [str(PROGRAMS / program), *at, *named, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PGPASSWORD": postgres.password},
        )
        if done.returncode != 0:
            raise NotRun(f"{program}: {done.stderr.strip()[:300]}")

    async def said(self) -> dict[tuple[int, str], int]:
        """The version that each entity has reached."""
        async with self.cluster.database(self.service) as connection:
            rows = await connection.fetch("select stream, entity, sequence from said")
        return {(row["stream"], str(row["entity"])): row["sequence"] for row in rows}


@asynccontextmanager
async def _nobody_asks(cluster: Cluster, service: str) -> AsyncIterator[None]:
    """Clients do not reach this service, and what they asked is done or lost."""
    paths = cluster.paths_to("http", service)
    for path in paths:
        path.cut()
    await asyncio.sleep(SETTLED_S)
    try:
        yield
    finally:
        for path in paths:
            path.heal()


@asynccontextmanager
async def _restored(service: str, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    back_up, since = BackUp(cluster, service), time.time()
    await back_up.take()
    yield
    async with cluster.supervisor.down(service):
        until, before = time.time(), await back_up.said()
        await back_up.put_back()
        after = await back_up.said()
        gone = {entity for (stream, entity), version in before.items() if after.get((stream, entity), 0) < version}
        notes.add(f"{until - since:.1f} s were lost, and versions of {len(gone)} entities")
        # Also where no version is gone: a review that was acknowledged meanwhile says nothing, and is gone as well.
        reason = "what was acknowledged after a back-up is not in it"
        notes.losses.append(Forgiven("a restore", reason, service, since, until, frozenset(gone)))
        await _look_after(cluster, service, notes)
    late = await cluster.supervisor.ready(READY_WITHIN_S)
    if late:
        raise AssertionError(f"not ready after the restore: {', '.join(late)}")


async def _look_after(cluster: Cluster, service: str, notes: Notes) -> None:
    """Starts one replica; if it ends because the log is ahead, does what its last words ask of an operator."""
    replica = next(each for each in cluster.supervisor.replicas.values() if each.service == service)
    await asyncio.to_thread(replica.begin)

    async def knows() -> bool:
        return replica.process is None or await asyncio.to_thread(replica.program.ready)

    await eventually(knows, within=HELD_BACK_WITHIN_S, what=f"{service} is ready, or says why not")
    if replica.process is not None:
        notes.add("it went on by itself")
        await asyncio.to_thread(replica.program.stop)
        return
    notes.add(f"it ended: {replica.last_words()}")
    code, printed = await cluster.ask(service, "said", "adopt-log", *ACT)
    notes.add(f"said adopt-log: {code}, {_last_line(printed)}")
    if code != 0:
        raise AssertionError(f"said adopt-log of {service}: {printed[-1000:]}")


def _last_line(printed: str) -> str:
    with suppress(IndexError):
        return printed.strip().splitlines()[-1].strip()
    return ""


def owner_restored(random: Random) -> Fault:
    """An owner comes back from a back-up that is some seconds old: the log knows more than it does."""
    service = random.choice(SERVICES)
    during = partial(_restored, service)
    return Fault("owner_restored", service, random.uniform(3, 8), frozenset({EVERYTHING}), during)


@asynccontextmanager
async def _restored_in_silence(service: str, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
    async with _nobody_asks(cluster, service), _restored(service, cluster, notes):
        yield


def listener_restored(random: Random) -> Fault:
    """A service that nobody asks anything goes on listening, and then comes back from an older back-up."""
    service = random.choice(LISTENERS)
    during = partial(_restored_in_silence, service)
    return Fault("listener_restored", service, random.uniform(5, 12), frozenset({EVERYTHING}), during)
