"""What is known of an adoption once it is heard of, in whatever order topics deliver?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from shared.contracts.event import EventData
from shared.contracts.events import (
    FundingReopened,
    FundingSecured,
    OrganisationChanged,
    ProjectAssessed,
    ReopenedBecause,
)
from shared.contracts.vocabulary import Criterion, EvidenceLevel, PartnerKind, Verdict
from shared.web import Role
from tests.integration.services.impact.sample import DELFT, Adopted, Adopts, started, stopped
from tests.standing import Record, Standing, record_of

DAY, STOP = date(2026, 11, 24), date(2026, 12, 31)


def money(adoption: UUID) -> dict[str, Any]:
    return {"adoption": adoption, "budget_euro": 100, "firm_euro": 100, "gap_euro": 0, "on": DAY}


def verdict(project: UUID, version: int, of: Verdict) -> ProjectAssessed:
    return ProjectAssessed.model_validate({
        "assessment": uuid5(project, str(version)), "project": project, "project_version": version,
        "framework_version": 1, "verdict": of, "evidence_level": EvidenceLevel.WELL_FOUNDED,
        "reasons": [{"criterion": c, "reason": "Het werkt"} for c in Criterion],
        "decided_on": DAY, "released_on": DAY, "valid_until": STOP,
    })  # fmt: skip


def organisation(of: UUID, name: str) -> OrganisationChanged:
    return OrganisationChanged(organisation=of, name=name, kind=PartnerKind.GEMEENTE, gemeente="GM0518")


def lives(adoption: UUID, project: UUID, town: UUID) -> list[list[EventData]]:
    """What is told of four entities, each in its own order."""
    begun = started(adoption, project, project_version=2, gemeente_organisation=town)
    return [
        [
            begun,
            FundingSecured(**money(adoption)),
            FundingReopened(**money(adoption), because=ReopenedBecause.LAPSED),
            begun.model_copy(update={"may_be_named": False}),
            FundingSecured(**money(adoption)),
            stopped(adoption, project, STOP),
        ],
        [verdict(project, 1, Verdict.ADOPT)],
        [verdict(project, 2, Verdict.NOT_NOW), verdict(project, 2, Verdict.ADOPT_WITH_CONDITIONS)],
        [organisation(town, "Den Haag"), organisation(town, "Gemeente Den Haag")],
    ]


def interleaved(order: tuple[int, ...], of: list[list[EventData]]) -> Iterator[Record]:
    """The first half of each life in this order of entities, then the other half in the reverse order."""
    records = [[record_of(data, nth) for nth, data in enumerate(life, 1)] for life in of]
    for nth in order:
        yield from records[nth][: len(records[nth]) // 2]
    for nth in reversed(order):
        yield from records[nth][len(records[nth]) // 2 :]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_any_interleaving_with_duplicates_ends_alike(
    impact: Standing, manager: httpx.AsyncClient, order: tuple[int, ...]
) -> None:
    adoption, project, town = uuid4(), uuid4(), uuid4()
    for record in (records := list(interleaved(order, lives(adoption, project, town)))):
        await impact.hear_records(record, record)
    await impact.hear_records(*records)
    known = (await manager.get(f"/adoptions/{adoption}")).json()
    assert known == {
        "id": str(adoption), "gemeente": "GM0518", "gemeenteName": "Gemeente Den Haag", "project": str(project),
        "projectVersion": 2, "verdict": "overnemen-onder-voorwaarden", "evidenceLevel": "goed-onderbouwd",
        "funded": True, "mayBeNamed": False, "startedOn": "2026-01-01", "endedOn": "2026-12-31",
    }  # fmt: skip


async def test_before_anything_else_is_heard_the_gemeente_goes_by_its_own_name(adopted: Adopted) -> None:
    known = (await adopted.own.get(adopted.address)).json()
    assert (known["gemeenteName"], known["verdict"], known["funded"]) == ("Den Haag", None, False)


async def test_an_adoption_that_was_not_heard_of_yet_is_not_found_and_may_be_under_way(
    impact: Standing, manager: httpx.AsyncClient
) -> None:
    adoption = uuid4()
    async with impact.client_for(Role.GEMEENTE, gemeente="GM0518") as own:
        for somebody in (manager, own):
            answer = await somebody.get(f"/adoptions/{adoption}/progress")
            assert answer.status_code == 404
            assert "nog onderweg" in answer.json()["detail"]
        await impact.hear(started(adoption, uuid4()))
        assert (await own.get(f"/adoptions/{adoption}/progress")).status_code == 200


@pytest.mark.parametrize("path", ["", "/plan", "/observations", "/progress"])
async def test_only_the_gemeente_and_programme_managers_look(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient, manager: httpx.AsyncClient, path: str
) -> None:
    delft, other = await adopts(DELFT), await adopts()
    address = delft.address + path
    assert (await anyone.get(address)).status_code == 401
    async with impact.client_for(Role.PARTNER, Role.SUBMITTER, organisation=uuid4()) as partner:
        assert (await partner.get(address)).status_code == 403
    assert (await other.own.get(address)).status_code == 404
    assert (await delft.own.get(address)).status_code == (await manager.get(address)).status_code == 200
