"""A whole platform that can be broken: three brokers, Postgres on a disk of its own, replicas, and proxies between them."""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.local import passwords, variables
from deploy.local.errors import RunnerError
from deploy.local.kafka import Kafka
from deploy.local.ports import HOST
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.programs import Program
from deploy.local.settings import ROLES, ROOT, SERVICES
from deploy.local.stack import SETUP, Part
from tests.chaos.disk import Disk
from tests.chaos.places import MOST_REPLICAS, NODES, Places
from tests.chaos.proxy import Path
from tests.chaos.replica import CLOCK_FILE, DEATH_FILE
from tests.chaos.supervisor import Replica, Supervisor

DATABASE = "platform"
CONNECTIONS = "5"
"""Of a replica's pool: with twelve replicas, relays and an operator they stay below Postgres's 100."""
START_S = 120.0


@dataclass
class Cluster:
    """All parts, by name. Paths are named kafka/SERVICE/NODE, postgres/SERVICE and http/SERVICE/NTH.

    `size`: how many replicas each service has.
    """

    places: Places
    disk: Disk
    postgres: Postgres
    brokers: dict[int, Kafka]
    issuer: Program
    supervisor: Supervisor
    paths: dict[str, Path]
    size: int = 0

    @classmethod
    def at(cls, places: Places) -> Cluster:
        """One that is not started yet."""
        folder = places.folder
        replicas = [_replica(places, service, nth) for service in SERVICES for nth in range(MOST_REPLICAS)]
        return cls(
            places,
            Disk(folder / "postgres"),
            Postgres(folder / "postgres", places.settings.port("postgres"), with_parent=True),
            {node: _broker(places, node) for node in NODES},
            _issuer(places),
            Supervisor({each.name: each for each in replicas}),
            {path.name: path for path in _paths(places)},
        )

    async def up(self, replicas: int) -> None:
        """Starts everything, with so many replicas of each service. Raises: RunnerError, with the end of a log."""
        self.size = replicas
        await asyncio.to_thread(self.disk.mount)
        for path in self.paths.values():
            await path.start()
        await asyncio.to_thread(self._start_servers)
        await asyncio.to_thread(self._set_up)
        await self.supervisor.start(each for each in self.supervisor.replicas.values() if each.nth < replicas)

    def _start_servers(self) -> None:
        parts: list[Part] = [self.postgres, *self.brokers.values(), self.issuer]
        for part in parts:
            part.begin()
        for part in parts:
            part.wait(START_S)

    def _set_up(self) -> None:
        settings = self.places.settings
        passwords.ensure(settings.passwords, ROLES)
        environment = {
            **variables.for_setup(settings),
            "KAFKA_SERVERS": self.places.kafka,
            "KAFKA_REPLICATION": "3",
            "KAFKA_MIN_INSYNC": "2",
        }
        command = [sys.executable, "-m", *SETUP]
        done = subprocess.run(command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise RunnerError(f"The set-up failed: {done.stdout}{done.stderr}")

    async def down(self) -> None:
        """Stops everything."""
        for path in self.paths.values():
            path.heal()
        replicas = list(self.supervisor.replicas.values())
        for each in replicas:
            each.wanted = False
        await asyncio.gather(*(asyncio.to_thread(each.program.daemon.kill) for each in replicas))
        for path in self.paths.values():
            await path.stop()
        parts: list[Part] = [self.issuer, *self.brokers.values(), self.postgres]
        await asyncio.gather(*(asyncio.to_thread(part.stop) for part in parts))
        await asyncio.to_thread(self.disk.unmount)

    def paths_to(self, server: str, service: str) -> list[Path]:
        """The paths between a service and kafka, postgres or (http) its clients."""
        return [path for name, path in self.paths.items() if f"{name}/".startswith(f"{server}/{service}/")]

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection of the superuser that sees one service's tables, past all proxies."""
        dsn = self.postgres.dsn(SUPERUSER, self.postgres.password, DATABASE)
        connection = await asyncpg.connect(dsn, timeout=10, server_settings={"search_path": service})
        try:
            yield connection
        finally:
            await connection.close()

    async def fetchval(self, service: str, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - any column
        """One value of a service's tables."""
        async with self.database(service) as connection:
            return await connection.fetchval(sql, *arguments)

    async def ask(
        self, service: str, *arguments: str, within: float = 120.0, home: pathlib.Path = ROOT
    ) -> tuple[int, str]:
        """An operator's command: its exit code, and what it printed. `home` holds the code that runs it.

        Raises: TimeoutError.
        """
        environment = {
            **variables.for_operator(self.places.settings, service, arguments[0]),
            "KAFKA_SERVERS": self.places.kafka,
            "LOG_LEVEL": "WARNING",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}", *arguments),
            cwd=home,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), within)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, printed.decode()


def _broker(places: Places, node: int) -> Kafka:
    return Kafka(
        places.folder / f"kafka-{node}",
        places.broker(node),
        places.controller(node),
        node,
        places.voters,
        {**places.listeners(node), "num.network.threads": "2"},
        with_parent=True,
    )


def _issuer(places: Places) -> Program:
    settings = places.settings
    folder = places.folder / "programs"
    return Program(
        "issuer", ("tests.chaos.issuer",), settings.port("issuer"), variables.for_issuer(settings), folder, ROOT
    )


def _replica(places: Places, service: str, nth: int) -> Replica:
    folder, name = places.folder / "programs", f"{service}-{nth}"
    environment = {
        **variables.for_service(places.settings, service),
        "KAFKA_SERVERS": places.kafka_of(service),
        "DATABASE_PORT": str(places.postgres_path(service)),
        "DATABASE_CONNECTIONS": CONNECTIONS,
        "HTTP_PORT": str(places.http(service, nth)),
        CLOCK_FILE: str(folder / f"{name}.clock"),
        DEATH_FILE: str(folder / f"{name}.death"),
    }
    program = Program(name, ("tests.chaos.replica", service), places.http(service, nth), environment, folder, ROOT)
    return Replica(service, nth, program)


def _paths(places: Places) -> list[Path]:
    kafka = [
        Path(f"kafka/{name}/{node}", places.kafka_path(node, name), places.listener(node, name))
        for name in SERVICES
        for node in NODES
    ]
    postgres = [
        Path(f"postgres/{name}", places.postgres_path(name), places.settings.port("postgres")) for name in SERVICES
    ]
    http = [
        Path(f"http/{name}/{nth}", places.http_path(name, nth), places.http(name, nth))
        for name in SERVICES
        for nth in range(MOST_REPLICAS)
    ]
    return [*kafka, *postgres, *http]


@asynccontextmanager
async def cluster_up(places: Places, replicas: int = 2) -> AsyncIterator[Cluster]:
    """A cluster for as long as the context lasts; what ends in it is started again."""
    cluster = Cluster.at(places)
    stop = asyncio.Event()
    try:
        await cluster.up(replicas)
        supervising = asyncio.create_task(cluster.supervisor.run(stop))
        try:
            yield cluster
        finally:
            stop.set()
            await supervising
    finally:
        await cluster.down()


def url(port: int) -> str:
    """An HTTP address of this machine."""
    return f"http://{HOST}:{port}"
