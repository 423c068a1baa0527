"""The examples as somebody runs them: programs of their own, with nothing but variables and files."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.ports import answers
from deploy.local.settings import ROOT

EXAMPLES = ROOT / "examples"
WITHDRAWN = "ingetrokken"
NODE = shutil.which("node")


def command(program: str, *arguments: str) -> list[str]:
    """How a program is started, by the name of its file in examples/."""
    run = [str(NODE)] if program.endswith(".mjs") else [sys.executable]
    return [*run, str(EXAMPLES / program), *arguments]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What a program gets: these variables, and how to find programs."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}


async def run(arguments: list[str], variables: Mapping[str, str], within: float = 180) -> tuple[int, str]:
    """The exit code, and everything that was printed."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        env=environment(variables),
        cwd=EXAMPLES / "curl",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), within)
    return process.returncode or 0, output.decode()


@dataclass
class Subscriber:
    """A program that keeps a table, which can be killed and started again."""

    program: str
    folder: Path
    variables: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """As the failure of a test calls it."""
        return self.program

    @property
    def file(self) -> Path:
        """Where it keeps its table and its place."""
        return self.folder / f"{self.program.replace('/', '-')}.json"

    @property
    def printed(self) -> str:
        """What it said."""
        return self.file.with_suffix(".log").read_text(encoding="utf-8")

    async def start(self) -> None:
        """Runs it until `kill`."""
        with self.file.with_suffix(".log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command(self.program, *self.arguments),
                env=environment({**self.variables, "STATE_FILE": str(self.file)}),
                stdout=log,
                stderr=log,
            )

    def listens(self) -> bool:
        """Whether something answers at its PORT: a receiver of webhooks can be sent its challenge from then on."""
        return answers(int(self.variables["PORT"]))

    async def kill(self) -> None:
        """kill -9, at whatever it does."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def table(self, project: str) -> dict[str, tuple[int, Any]]:
        """What it would show of a project: block -> release and number."""
        if not self.file.exists():
            return {}
        rows = json.loads(self.file.read_text(encoding="utf-8"))["rows"].values()
        return {
            row["block"]: (row["release"], row["shown"])
            for row in rows
            if row["project"] == project and row["kind"] != WITHDRAWN
        }


@asynccontextmanager
async def running(*subscribers: Subscriber) -> AsyncIterator[None]:
    """All of them, for as long as the context lasts."""
    try:
        await asyncio.gather(*(each.start() for each in subscribers))
        yield
    finally:
        await asyncio.gather(*(each.kill() for each in subscribers))
