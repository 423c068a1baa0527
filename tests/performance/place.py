"""Where and with what it was measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import timeit
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from deploy.local.jars import KAFKA
from shared.contracts.encoding import encoded
from tests.performance.stage import Stage
from tests.performance.toy import ended, entity_of

PACKAGES = ("faststream", "aiokafka", "asyncpg", "uvloop", "pydantic", "faststream-outbox")
Facts = Mapping[str, object]


async def found(stage: Stage, **measured: float) -> Facts:
    """The machine, the versions and the commit, beside what is `measured`: how much of it, and under which load."""
    postgres = (await stage.room.admin.fetchval("show server_version")).split()[0]
    return {
        "machine": machine(),
        "core_parses_per_s": core_parses(),
        "versions": {
            "python": platform.python_version(),
            "postgres": postgres,
            "kafka": KAFKA.partition("org.apache.kafka:")[2].split(":")[1].split("+")[0],
            **{name: version(name) for name in PACKAGES},
        },
        "commit": commit(),
        "measured_on": datetime.now(UTC).date().isoformat(),
        **measured,
    }


def machine() -> str:
    """Processor, cores, memory, system: what a reader needs to compare."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"


def core_parses(times: int = 20_000) -> int:
    """How often one core parses an event in a second, with `json.loads` alone: tells machines of one name apart."""
    event = encoded(ended(entity_of(1)))
    return round(times / min(timeit.repeat(lambda: json.loads(event), number=times, repeat=5)))


def commit() -> str:
    """The commit that was measured; with "+" when files of the code differed from it."""
    if not (sha := _git("rev-parse", "--short=12", "HEAD")):
        return "unknown"
    return sha + ("+" if _git("status", "--porcelain", "--", "shared", "services", "tests/performance") else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
