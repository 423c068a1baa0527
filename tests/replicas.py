"""The toy service as processes of their own: its commands as an operator gives them, and replicas that run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from deploy.local.ports import HOST
from deploy.local.settings import ROOT
from shared.runtime.commands import commands
from shared.runtime.migrating import migrate
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from tests.integration.shared.runtime.toy.service import toy
from tests.messaging import PASSWORD, Schema, empty_schema
from tests.ports import free_port
from tests.servers import PostgresServer
from tests.waiting import eventually

COMMAND = (sys.executable, "-m", "tests.integration.shared.runtime.toy")
OURS = {name.upper() for name in Settings.model_fields}
READY_SECONDS, STOP_SECONDS = 180, 120


@dataclass(frozen=True)
class Toy:
    """A toy on a schema of its own, and the environment in which its commands find it."""

    schema: Schema
    folder: Path
    variables: Mapping[str, str]

    @property
    def service(self) -> Service:
        """Its declaration."""
        return toy(self.schema.name, grown="TOY_GROWN" in self.variables)

    @property
    def settings(self) -> Settings:
        """The same settings, for this process."""
        given = {name.lower(): value for name, value in self.variables.items() if name in OURS}
        return Settings.model_validate(given)

    def but(self, **changed: str) -> Toy:
        """With some variables changed."""
        return replace(self, variables={**self.variables, **changed})

    def without(self, name: str) -> Toy:
        """With one variable not set."""
        return replace(self, variables={key: value for key, value in self.variables.items() if key != name})

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of its processes; none of the settings that this one may have."""
        own = {name: value for name, value in os.environ.items() if name not in OURS}
        return {**own, **self.variables}

    async def ask(self, *arguments: str) -> tuple[int, str, str]:
        """The same within this process, which is ten times as fast."""
        environment = {**dict.fromkeys(OURS), **self.variables}
        result = await asyncio.to_thread(CliRunner().invoke, commands(self.service), arguments, env=environment)
        ended = result.exception
        if isinstance(ended, SystemExit) and isinstance(
            ended.code, str
        ):  # the runner prints it; Python itself complains
            return 1, result.stdout.removesuffix(f"{ended.code}\n"), f"{ended.code}\n"
        if ended is not None and not isinstance(ended, SystemExit):
            raise ended
        return result.exit_code, result.stdout, result.stderr

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """A command to its end, as a process: exit code, what it printed, and what it complained of."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            cwd=ROOT,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, complaint = await asyncio.wait_for(process.communicate(), READY_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, out.decode(), complaint.decode()


async def toy_on(postgres: PostgresServer, servers: str, folder: Path) -> Toy:
    """A new one, of which nothing is migrated yet."""
    schema = await empty_schema(postgres)
    for name in ("password", "owner-password"):
        (folder / name).write_text(PASSWORD, encoding="utf-8")
    variables = {
        "TOY": schema.name,
        "DATABASE_HOST": postgres.host,
        "DATABASE_PORT": str(postgres.port),
        "DATABASE_NAME": "postgres",
        "DATABASE_PASSWORD_FILE": str(folder / "password"),
        "DATABASE_OWNER_PASSWORD_FILE": str(folder / "owner-password"),
        "KAFKA_SERVERS": servers,
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_JWKS_URL": f"http://{HOST}:1/jwks",
    }
    return Toy(schema, folder, variables)


async def migrated(postgres: PostgresServer, servers: str, folder: Path) -> Toy:
    """A new one that can run."""
    made = await toy_on(postgres, servers, folder)
    await migrate(made.service, made.settings)
    return made


@dataclass
class Replica:
    """A process that serves."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path
    http: httpx.AsyncClient = field(repr=False)

    def lines(self, level: str | None = None) -> list[dict[str, Any]]:
        """What it logged, all or of one level. Raises: ValueError when a line is no JSON."""
        whole = self.output.read_text(encoding="utf-8")
        complete = whole[: whole.rfind("\n") + 1]
        found = [json.loads(line) for line in complete.splitlines()]
        return [line for line in found if level in (None, line["level"])]

    async def health(self, path: str = "ready") -> tuple[int, list[str]]:
        """The status of its health, and its problems; 0 when nobody answers."""
        try:
            answer = await self.http.get(f"/health/{path}")
        except httpx.TransportError:
            return 0, []
        return answer.status_code, answer.json()["problems"]

    async def ready(self) -> None:
        """Waits until it is."""

        async def is_ready() -> bool:
            assert self.process.poll() is None, self.output.read_text(encoding="utf-8")
            return (await self.health())[0] == 200

        await eventually(is_ready, within=READY_SECONDS, what="the replica is ready")

    async def exit_code(self) -> int:
        """Waits for its end."""
        await eventually(lambda: self.process.poll() is not None, within=STOP_SECONDS, what="the replica ends")
        return self.process.returncode

    async def stop(self) -> int:
        """SIGTERM; returns its exit code."""
        self.process.terminate()
        return await self.exit_code()


@asynccontextmanager
async def replica(of: Toy, port: int | None = None) -> AsyncIterator[Replica]:
    """A replica that was started, ready or not. What still runs in the end is killed."""
    at = port or free_port()
    output = of.folder / f"replica-{at}.log"
    with output.open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 -- outlives event loops, and starting takes a moment
            [*COMMAND, "serve"],
            cwd=ROOT,
            env={**of.environment, "HTTP_PORT": str(at)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{at}", timeout=30, trust_env=False) as http:
            yield Replica(process, at, output, http)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
