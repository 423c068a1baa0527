"""The examples of a publisher: a project that they offer is submitted once, and what is wrong is told in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.platform import Platform
from tests.system.examples.programs import EXAMPLES, command, run
from tests.waiting import eventually

PROGRAMS = ("python/publish.py", "node/publish.mjs")
OWNER = {"CLIENT_ID": "voorbeeld-projecteigenaar"}
SAID = "select count(*) from (select key from told union all select key from outbox) t where key = $1"


def offer(folder: Path, **data: Any) -> tuple[Path, str, str]:
    """The example event with ids of its own: its file, its id, and that of the project."""
    event = json.loads((EXAMPLES / "events/project-submitted.json").read_text(encoding="utf-8"))
    event["id"] = str(uuid4())
    event["data"] |= {"project": str(uuid4()), **data}
    file = folder / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return file, event["id"], event["data"]["project"]


async def said(platform: Platform, project: str) -> int:
    """How many events were said of a project."""
    ((count,),) = await platform.fetch("submission", SAID, project)
    return int(count)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_project_that_is_offered_is_submitted_once(
    platform: Platform, tmp_path: Path, variables: dict[str, str], program: str
) -> None:
    file, name, project = offer(tmp_path)
    tried = await run(command(program, "--dry-run", str(file)), {**variables, **OWNER})
    assert tried[0] == 0, tried[1]
    assert await said(platform, project) == 0

    for _ in range(2):
        code, printed = await run(command(program, str(file)), {**variables, **OWNER})
        assert (code, printed.startswith(f"{name}: accepted as publication")) == (0, True), printed
    assert await said(platform, project) == 1


@pytest.mark.parametrize("program", PROGRAMS)
async def test_what_is_wrong_is_told_with_the_field_and_what_to_do(
    tmp_path: Path, variables: dict[str, str], program: str
) -> None:
    file, name, _ = offer(tmp_path, costEuro=-1, evidence=[])

    code, printed = await run(command(program, str(file)), {**variables, **OWNER})

    assert code == 1
    assert printed.startswith(f"{name}: refused.")
    assert "data.costEuro: " in printed


@pytest.mark.parametrize("program", PROGRAMS)
async def test_who_has_no_right_to_it_is_told_so(tmp_path: Path, variables: dict[str, str], program: str) -> None:
    file, name, _ = offer(tmp_path)

    code, printed = await run(command(program, str(file)), {**variables, "CLIENT_ID": "voorbeeld-fonds"})

    assert code == 1
    assert printed.startswith(f"{name}: refused.")


async def test_over_kafka_the_same_project_is_submitted_and_a_refusal_comes_back(
    platform: Platform, tmp_path: Path, variables: dict[str, str]
) -> None:
    program, heard = "python/publish_kafka.py", {**variables, **OWNER, "LISTEN_SECONDS": "1"}
    file, _, project = offer(tmp_path)
    code, printed = await run(command(program, str(file)), heard)
    assert (code, printed) == (0, "sent 1\n")
    await eventually(lambda: said(platform, project), what="what was sent over Kafka is said")

    wrong, name, _ = offer(tmp_path, costEuro=-1)
    code, printed = await run(command(program, str(wrong)), {**heard, "LISTEN_SECONDS": "60"})
    assert (code, f"{name}: refused." in printed) == (1, True), printed
