import asyncio
import io
import os
import re
import sys
from uuid import UUID, uuid4

import pytest

from deploy.demo.board import ALREADY_SEATED
from deploy.demo.cast import Cast
from deploy.demo.check import check
from deploy.demo.client import Client
from deploy.demo.failing import DemoFailed
from deploy.demo.follower import Follower
from deploy.demo.journey import DEN_HAAG, today
from deploy.demo.run import play, wired
from deploy.demo.screen import Screen
from deploy.demo.stage import Stage
from deploy.local.settings import ROOT
from shared.contracts.events import ProjectSubmitted
from tests.platform import Platform
from tests.reckoning import faults
from tests.system.test_kill import all_told_and_heard
from tests.waiting import eventually

EVENTS = (
    "ProjectSubmitted",
    "ProjectAssessed",
    "AdoptionStarted",
    "PartnershipFormed",
    "FundingSecured",
    "FundingReopened",
    "ImpactRecorded",
    "ImpactPublished",
)


async def command(platform: Platform, *arguments: str) -> tuple[int, str]:
    """What `python -m deploy.demo` gives back and prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "deploy.demo", *arguments),
        cwd=ROOT,
        env={**os.environ, **platform.variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_it_may_be_played_twice_and_both_readers_see_the_same(platform: Platform) -> None:
    numbers = []
    for _ in range(2):
        code, printed = await command(platform)
        assert code == 0, printed
        numbers += re.findall(r"De demo (\d+) is klaar", printed)
        assert [event for event in EVENTS if event not in printed] == []
        assert "Vlieland" in printed
        assert "verborgen" in printed
        assert "gelijk" in printed
    assert int(numbers[1]) == int(numbers[0]) + 1
    code, printed = await command(platform, "check")
    assert code == 0, printed
    await eventually(lambda: all_told_and_heard(platform), what="everything is told and heard")
    assert await faults(platform) == []


async def test_a_board_that_goes_by_other_names_is_the_same_board(platform: Platform) -> None:
    async with wired(platform.places, Screen(io.StringIO())) as wire:
        manager = await Cast(wire).programme_manager()
        body = {
            "subject": "demo-directeur",
            "name": "Een naam",
            "seat": "directeur",
            "affiliations": [{"organisation": str(uuid4())}],
            "since": today().replace(month=1, day=1).isoformat(),
        }
        await manager.post_unless("assessment", "/board-members", body, ALREADY_SEATED)
        await rename_all(manager, "Een andere naam")
    code, printed = await command(platform)
    assert code == 0, printed
    assert "zetel directeur: was al bezet" in printed


async def rename_all(manager: Client, name: str) -> None:
    """Calls every member of the board so."""
    async for member in manager.items("assessment", "/board-members"):
        body = {field: member[field] for field in ("seat", "affiliations", "since", "until")}
        path = f"/board-members/{member['id']}"
        await manager.put("assessment", path, {**body, "name": name}, member["revision"])


async def test_what_is_too_small_is_nowhere_to_be_seen(platform: Platform) -> None:
    shown = io.StringIO()
    journey = await play(platform.places, Screen(shown))
    project = next(adoption.project for adoption in journey.adoptions if adoption.gemeente == "Vlieland")
    async with wired(platform.places, Screen(shown)) as wire:
        public = Cast(wire).public.items("impact", "/published-figures", project=project.id)
        places = {figure["scope"] async for figure in public}
    assert places == {DEN_HAAG}
    assert re.search(r"doel 6 personen.*\n.*gemeten 4 .*\n.*openbaar verborgen", shown.getvalue())


async def test_an_event_that_does_not_come_stops_it_and_is_named(platform: Platform) -> None:
    screen = Screen(io.StringIO())
    async with wired(platform.places, screen) as wire, Follower(platform.places.kafka) as follower:
        stage = Stage(screen, wire, follower, patience_s=0.2)
        with pytest.raises(DemoFailed, match=r"stap 1, 'Niemand dient in'.* geen ProjectSubmitted .*NAME=submission"):
            async with stage.step("Niemand dient in") as step:
                await step.event(ProjectSubmitted, None, lambda told: told.title)


async def test_the_second_reader_names_what_differs(platform: Platform) -> None:
    shown = io.StringIO()
    adoption = (await play(platform.places, Screen(shown))).adoptions[0]
    async with wired(platform.places, Screen(shown)) as wire:
        await tamper(platform, adoption.id, "mensen", "afspraak-kwijtschelding")
        found = await check(wire, Screen(shown))
        await tamper(platform, adoption.id, "afspraak-kwijtschelding", "mensen")
        assert len(found) == 2
        assert all(str(adoption.id) in difference for difference in found)
        assert await check(wire, Screen(shown)) == []


async def tamper(platform: Platform, adoption: UUID, was: str, becomes: str) -> None:
    """Changes what a partner brings behind the service's back, with the triggers off that would forbid it."""
    async with platform.database("matching") as connection:
        await connection.execute("set session_replication_role = replica")
        sql = "update partnership set role = $3 where adoption = $1 and role = $2"
        assert await connection.execute(sql, adoption, was, becomes) == "UPDATE 1"
