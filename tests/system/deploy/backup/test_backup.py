"""What was backed up comes back whole: the demo closes with the same table. A back-up that cannot be used changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.settings import ROOT
from tests.platform import Platform, platform_up


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One of its own: it is stopped, wiped and put back."""
    with platform_up() as platform:
        yield platform


async def command(platform: Platform, module: str, *arguments: str) -> tuple[int, str]:
    """What one of our commands gives back and prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        cwd=ROOT,
        env={**os.environ, **platform.variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def printed_by(platform: Platform, module: str, *arguments: str) -> str:
    code, printed = await command(platform, module, *arguments)
    assert code == 0, printed
    return printed


def wipe_postgres(platform: Platform) -> None:
    """Everything that Postgres had is gone; Kafka has what it had."""
    shutil.rmtree(platform.settings.data / "postgres")


async def test_after_a_wipe_a_restored_platform_closes_with_the_same_table(platform: Platform, tmp_path: Path) -> None:
    await printed_by(platform, "deploy.demo")
    before = await printed_by(platform, "deploy.demo", "table")
    assert "Vlieland" in before
    made = await printed_by(platform, "deploy.backup", "make", str(tmp_path / "kept"))
    assert "platform.dump" in made
    assert (tmp_path / "kept" / "platform.dump").stat().st_mode & 0o077 == 0, "nobody else may read it"

    await asyncio.to_thread(platform.stack.down)
    wipe_postgres(platform)
    await printed_by(platform, "deploy.backup", "restore", str(tmp_path / "kept"))
    await asyncio.to_thread(platform.stack.up)

    assert await printed_by(platform, "deploy.demo", "table") == before
    assert "gelijk" in await printed_by(platform, "deploy.demo", "check")
    assert "is klaar" in await printed_by(platform, "deploy.demo"), "the journey goes on"


async def test_nothing_is_put_back_while_the_platform_runs(platform: Platform, tmp_path: Path) -> None:
    code, printed = await command(platform, "deploy.backup", "restore", str(tmp_path))

    assert code == 1
    assert "stop it first, with `make down`" in printed


async def test_a_backup_never_overwrites_another(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "platform.dump").write_bytes(b"of last week")

    code, printed = await command(platform, "deploy.backup", "make", str(tmp_path))

    assert code == 1
    assert "is not empty: choose a new folder" in printed
    assert (tmp_path / "platform.dump").read_bytes() == b"of last week"


async def test_a_dump_that_is_broken_leaves_everything_as_it_is(platform: Platform, tmp_path: Path) -> None:
    before = await printed_by(platform, "deploy.demo", "table")
    await printed_by(platform, "deploy.backup", "make", str(tmp_path / "kept"))
    dump = tmp_path / "kept" / "platform.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    await asyncio.to_thread(platform.stack.down)

    code, printed = await command(platform, "deploy.backup", "restore", str(tmp_path / "kept"))
    assert (code, "pg_restore failed" in printed) == (1, True), printed
    code, printed = await command(platform, "deploy.backup", "restore", str(tmp_path / "nothing"))
    assert (code, "holds no back-up" in printed) == (1, True), printed

    await asyncio.to_thread(platform.stack.up)
    assert await printed_by(platform, "deploy.demo", "table") == before
