"""The doctor says that all is well while it is; and names what somebody broke, with the command that helps."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from deploy.local.settings import ROOT
from tests.platform import Platform
from tests.waiting import eventually

LETTER = """
insert into dead_letter (topic, part, off, headers, size, bytes_kept, reason) values ('t', 0, 1, '[]', 0, false, 'a test')
"""


async def examined(platform: Platform, **variables: str) -> tuple[int, list[str]]:
    """What `make doctor` gives back and prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local", "doctor"),
        cwd=ROOT,
        env={**os.environ, **platform.variables, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode().splitlines()


def wrong(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.startswith("WRONG")]


@asynccontextmanager
async def all_well_again(platform: Platform) -> AsyncIterator[None]:
    """What was broken is whole when the next test begins."""
    try:
        yield
    finally:
        await eventually(lambda: all(state.ready for state in platform.stack.states()))


async def test_all_is_well_with_what_make_up_started(platform: Platform) -> None:
    code, lines = -1, list[str]()

    async def is_well() -> bool:
        nonlocal code, lines
        code, lines = await examined(platform)
        return code == 0

    with suppress(AssertionError):  # for a moment something may be late, or take longer than the doctor waits
        await eventually(is_well)
    assert wrong(lines) == []
    assert code == 0
    assert lines[-1].endswith("things looked at: all is well")


async def test_a_service_that_does_not_run_is_named_with_the_command_that_starts_it(platform: Platform) -> None:
    async with all_well_again(platform):
        platform.kill("matching")
        code, lines = await examined(platform)
        await platform.start("matching")

    assert code == 1
    assert any(
        "matching is ready and moves: it does not answer" in line and "-> make up" in line for line in wrong(lines)
    )


async def test_kafka_that_stands_still_is_named(platform: Platform) -> None:
    async with all_well_again(platform):
        with platform.kafka_held():
            code, lines = await examined(platform)

    assert code == 1
    assert any(line.startswith("WRONG  Kafka") for line in wrong(lines))


async def test_a_right_too_many_and_a_password_that_does_not_do_are_named(platform: Platform) -> None:
    password = platform.settings.passwords / "assessment"
    right = password.read_text(encoding="utf-8")
    async with platform.database("impact") as admin:
        await admin.execute("grant usage on schema impact to matching")
        password.write_text("something else", encoding="utf-8")
        try:
            _, lines = await examined(platform)
        finally:
            password.write_text(right, encoding="utf-8")
            await admin.execute("revoke usage on schema impact from matching")

    found = wrong(lines)
    assert any("the role matching" in line and "it can see the schema of impact" in line for line in found)
    assert any("the role assessment" in line and "cannot log in" in line for line in found)
    assert right not in "\n".join(lines)


async def test_what_waits_for_an_operator_is_counted_with_the_question_to_ask(platform: Platform) -> None:
    asked = 'make ask SERVICE=matching ARGS="dead-letters list"'

    async def named() -> bool:
        _, lines = await examined(platform)
        return any("1 records could not be read" in line and asked in line for line in wrong(lines))

    async with platform.database("matching") as admin:
        await admin.execute(LETTER)
        try:
            await eventually(named)  # figures of the database are a few seconds old
        finally:
            await admin.execute("delete from dead_letter where reason = 'a test'")
