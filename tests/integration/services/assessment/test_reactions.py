"""Does the service end alike in whatever order its topics deliver, and with whatever comes twice?"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.event import EventData
from shared.contracts.events import (
    AdoptionStarted,
    ImpactPublished,
    OrganisationChanged,
    ReleaseKind,
)
from shared.contracts.vocabulary import PartnerKind, RelationKind
from tests.integration.services.assessment.sample import DAY, submitted, withdrawn
from tests.standing import Record, Standing, record_of

TABLES = {
    "assessment": "select project_version, state, offered, dossier->>'title' from assessment where project = $1 order by 1",
    "adoption": "select gemeente from adoption where project = $1 order by 1",
    "figure": "select release, withdrawn from figure where project = $1 order by 1",
    "relation": "select nth, kind, other, name from relation join organisation on id = organisation where id = $1 order by 1",
}


def streams(project: UUID, organisation: UUID) -> list[list[Record]]:
    """The life of each entity in its own order."""
    block, adoption = uuid4(), uuid4()
    other = UUID(int=2)

    def changed(*kinds: RelationKind) -> OrganisationChanged:
        relations = [{"organisation": other, "kind": kind} for kind in kinds]
        return OrganisationChanged.model_validate({
            "organisation": organisation, "name": f"Fonds {len(kinds)}", "kind": PartnerKind.FONDS, "relations": relations,
        })  # fmt: skip

    def figure(release: int, kind: ReleaseKind) -> ImpactPublished:
        return ImpactPublished(
            block=block, release=release, kind=kind, project=project, indicator="bereik", period_start=DAY,
            period_end=DAY, scope="NL", released_at=datetime(2026, 11, 24, tzinfo=UTC),
        )  # fmt: skip

    lives: list[list[EventData]] = [
        [
            submitted(project, 1),
            submitted(project, 2),
            withdrawn(project, 2),
            submitted(project, 3),
        ],
        [changed(RelationKind.FINANCIERT), changed(), changed(RelationKind.EIGENAAR, RelationKind.LID_VAN)],
        [
            AdoptionStarted(
                adoption=adoption, gemeente="GM0518", gemeente_organisation=other, project=project, project_version=1,
                budget_euro=1, may_be_named=True, started_on=DAY,
            )
        ],
        [figure(1, ReleaseKind.PUBLISHED), figure(2, ReleaseKind.WITHDRAWN), figure(3, ReleaseKind.CORRECTED)],
    ]  # fmt: skip
    return [[record_of(data, place) for place, data in enumerate(life, 1)] for life in lives]


async def hear_mingled(assessment: Standing, lives: list[list[Record]], seed: int) -> None:
    """Any interleaving that keeps each entity's own order, in batches of any size, with old records once more."""
    chance = random.Random(seed)
    left, heard = [list(life) for life in lives], list[Record]()
    batch: list[Record] = []
    while any(left):
        life = chance.choice([life for life in left if life])
        batch.append(life.pop(0))
        if heard and chance.random() < 0.4:
            batch.append(chance.choice(heard))
        if chance.random() < 0.5 or not any(left):
            await assessment.hear_records(*batch)
            heard += batch
            batch = []


async def ends(assessment: Standing, project: UUID, organisation: UUID) -> dict[str, Any]:
    async with assessment.database.reading() as tx:
        return {
            table: [tuple(row) for row in await tx.fetch(sql, organisation if table == "relation" else project)]
            for table, sql in TABLES.items()
        }


@pytest.mark.parametrize("seed", range(25))
async def test_any_interleaving_with_duplicates_ends_alike(assessment: Standing, seed: int) -> None:
    project, organisation = uuid4(), uuid4()
    await hear_mingled(assessment, streams(project, organisation), seed)
    assert await ends(assessment, project, organisation) == {
        "assessment": [
            (1, "vervangen", True, "Plan 1"),
            (2, "ingetrokken", True, "Plan 2"),
            (3, "open", True, "Plan 3"),
        ],
        "adoption": [("GM0518",)],
        "figure": [(3, False)],
        "relation": [(0, "eigenaar", UUID(int=2), "Fonds 2"), (1, "lid-van", UUID(int=2), "Fonds 2")],
    }


async def test_one_version_has_one_assessment_however_often_it_is_heard(assessment: Standing) -> None:
    project = uuid4()
    record = record_of(submitted(project, 1), 1)
    await assessment.hear_records(record, record)
    await assessment.hear_records(record)
    async with assessment.database.reading() as tx:
        assert await tx.fetchval("select count(*) from assessment where project = $1", project) == 1
        assert await tx.fetchval("select revision from assessment where project = $1", project) == 1
