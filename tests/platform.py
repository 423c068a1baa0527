"""The whole platform on this machine, as `make up` starts it: for tests that look at it from outside, and kill parts of it."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from deploy.demo.places import Places
from deploy.local.programs import Program
from deploy.local.settings import OFFSETS, Settings
from deploy.local.stack import Stack, our_programs
from tests.ports import free_base

DATABASE = "platform"


@dataclass(frozen=True)
class Platform:
    """All that runs. `variables` is what a command of ours needs in its environment to find it."""

    stack: Stack

    @property
    def settings(self) -> Settings:
        """Where it is."""
        return self.stack.settings

    @property
    def variables(self) -> dict[str, str]:
        """PORT_BASE and DATA_DIR."""
        return {"PORT_BASE": str(self.settings.port_base), "DATA_DIR": str(self.settings.data)}

    @property
    def places(self) -> Places:
        """The addresses of services, issuer and Kafka."""
        return Places.load(self.variables)

    def program(self, name: str) -> Program:
        """A service or the issuer."""
        return next(program for program in self.stack.programs if program.name == name)

    def kill(self, name: str) -> None:
        """kill -9."""
        self.program(name).daemon.kill()

    async def start(self, name: str) -> None:
        """Starts it again, and returns when it is ready."""
        program = self.program(name)
        program.begin()
        await asyncio.to_thread(program.wait)

    @contextmanager
    def kafka_held(self) -> Iterator[None]:
        """Kafka stands still: it takes nothing and confirms nothing, so that an outbox cannot be emptied."""
        kafka = self.stack.kafka.daemon.process()
        assert kafka is not None
        kafka.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            kafka.send_signal(signal.SIGCONT)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection of the superuser that sees one service's tables."""
        postgres = self.stack.postgres
        connection = await asyncpg.connect(
            postgres.dsn("postgres", postgres.password, DATABASE), server_settings={"search_path": service}
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def fetch(self, service: str, sql: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """What a query finds in one service's tables."""
        async with self.database(service) as connection:
            return await connection.fetch(sql, *arguments)


@contextmanager
def platform_up(*, secured: bool = False) -> Iterator[Platform]:
    """The platform with data and ports of its own, for as long as the context lasts; `secured`: with users in Kafka."""
    with tempfile.TemporaryDirectory(prefix="platform-") as folder:  # pytest's own folder lets no other account pass
        settings = Settings(data=Path(folder) / "data", port_base=free_base(OFFSETS.values()), secured=secured)
        stack = Stack(settings, lambda _: None, our_programs(settings))
        try:
            stack.up()
            yield Platform(stack)
        finally:
            stack.down()
