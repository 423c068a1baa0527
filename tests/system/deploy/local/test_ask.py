from __future__ import annotations

import asyncio
import os
import sys

from deploy.local.settings import ROOT
from tests.platform import Platform

WHY = ("--reason", "proef", "--actor", "operator")


async def ask(platform: Platform, *arguments: str) -> tuple[int, str]:
    """What `make ask SERVICE=matching ARGS=...` gives back and prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "deploy.local", "ask", "matching", *arguments),
        cwd=ROOT,
        env={**os.environ, **platform.variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode().strip()


async def test_an_operator_sees_what_waits_and_may_migrate_on_what_make_up_started(platform: Platform) -> None:
    assert await ask(platform, "parked", "list") == (0, "Parked: none")
    assert await ask(platform, "dead-letters", "list") == (0, "Dead letters: none")
    code, printed = await ask(platform, "migrate")
    assert code == 0, printed


async def test_an_operator_may_rebuild_on_what_make_up_started(platform: Platform) -> None:
    code, printed = await ask(platform, "rebuild", "catalogue.projects", "--dry-run", *WHY)
    assert code == 0, printed
    assert "0 added, 0 changed, 0 removed" in printed


async def test_what_a_service_refuses_is_the_answer(platform: Platform) -> None:
    code, printed = await ask(platform, "outbox", "release", "no-topic", "no-key", *WHY)
    assert code == 1
    assert printed == "no-key is not stopped on no-topic. See `outbox list`."
