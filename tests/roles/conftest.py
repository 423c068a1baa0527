"""A platform of its own, with two of everything in it, of which every route has been asked by everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from shared.web.logins import Role
from tests.platform import Platform, platform_up
from tests.roles.asking import Asker
from tests.roles.cast import GEMEENTEN, cast, subject_of
from tests.roles.marks import NUMBERS, Mark, marks
from tests.roles.matrix import Expected, Report, cells, in_order, run
from tests.roles.policy import Line, Route, Whose, table
from tests.roles.wire import Wire
from tests.roles.world import SERVICES, World, organisation, seed

READERS = (Role.SUBMITTER, Role.PARTNER, Role.GEMEENTE, Role.BOARD_MEMBER, Role.PROGRAMME_MANAGER)
OF_A_DRAFT = {Route("submission", "GET", "/projects/{project}"): Line(dict.fromkeys(READERS, Whose.OWN))}
"""Nothing of a draft is anybody's but its own organisation's; the board sees what was submitted."""


@dataclass
class Asked:
    """What was asked, and how all stood before and after everything that is refused."""

    world: World
    marks: list[Mark]
    report: Report = field(default_factory=Report)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="package")
def platform() -> Iterator[Platform]:
    """Its own, as what is asked here changes things."""
    with platform_up(secured=True) as running:
        yield running


@pytest.fixture(scope="package")
async def world(platform: Platform) -> AsyncIterator[World]:
    """Two of everything."""
    wire = Wire()
    try:
        asker = Asker(wire, {service: platform.settings.port(service) for service in SERVICES})
        made = World(asker, cast(platform, {}))
        organisations: dict[str, UUID] = {}
        for n, code in GEMEENTEN.items():
            partner = await organisation(made, "Partner", n, NUMBERS["capacity"][n])
            submitter = await organisation(made, "Indiener", n)
            gemeente = await made.seen("visitor", "matching", f"/gemeenten/{code}")
            organisations |= {f"partner-{n}": UUID(partner), f"submitter-{n}": UUID(submitter)}
            organisations[f"gemeente-{n}"] = UUID(gemeente["organisation"])
            made.keep(n, "organisation", partner)
            made.keep(n, "submitter", submitter)
        made.cast = cast(platform, organisations)
        await seed(made)
        yield made
    finally:
        await wire.close()


@pytest.fixture(scope="package")
async def asked(world: World) -> Asked:
    """Every cell: what reads first, then what is refused, then what is done."""
    result = Asked(world, list(marks([subject_of(name) for name in world.cast])))
    drafts = replace(world, objects={n: {("submission", "project"): draft} for n, draft in world.drafts.items()})
    todo = list(cells(table(), world))
    await run(world, [cell for cell in todo if cell.route.method == "GET"], result.marks, result.report)
    await run(drafts, cells(OF_A_DRAFT, drafts), result.marks, result.report)
    changing = [cell for cell in todo if cell.route.method != "GET"]
    result.before = await _standing(world)
    refused = [cell for cell in changing if cell.expected is not Expected.ALLOWED]
    await run(world, refused, result.marks, result.report)
    result.after = await _standing(world)
    allowed = in_order(cell for cell in changing if cell.expected is Expected.ALLOWED)
    await run(world, allowed, result.marks, result.report, at_once=1)
    return result


async def _standing(world: World) -> dict[str, Any]:
    """How everything stands that somebody might have changed who may not."""
    pm, found = world.cast["programme-manager"], {}
    for path, service in _places(world):
        found[f"{service} {path}"] = (await world.asker.ask(pm, service, "GET", path)).body
    for n, draft in world.drafts.items():
        own = world.cast[f"submitter-{n}"]
        found[f"draft {n}"] = (await world.asker.ask(own, "submission", "GET", f"/projects/{draft}")).body
    return found


def _places(world: World) -> Iterator[tuple[str, str]]:
    for n in (1, 2):
        known = world.objects[n]
        yield f"/projects/{known['submission', 'project']}", "submission"
        yield f"/assessments/{known['assessment', 'assessment']}", "assessment"
        yield f"/adoptions/{known['matching', 'adoption']}", "matching"
        yield f"/adoptions/{known['matching', 'adoption']}/funding", "matching"
        yield f"/gemeenten/{GEMEENTEN[n]}/situation", "matching"
        yield f"/gemeenten/{GEMEENTEN[n]}/feedback", "matching"
        yield f"/organisations/{known['matching', 'organisation']}", "matching"
        yield f"/adoptions/{known['impact', 'adoption']}/plan", "impact"
        yield f"/observations/{known['impact', 'observation']}", "impact"
    yield "/board-members", "assessment"
    yield "/board-settings", "assessment"
