"""What comes of a figure that an outside system records, corrects or withdraws for a gemeente?"""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.impact.adoptions.model import UnknownAdoption
from services.impact.observations.model import (
    AlreadyRecorded,
    AlreadyWithdrawn,
    InvalidObservation,
    NothingCorrected,
)
from services.impact.observations.operations import take_recorded
from shared.contracts.events import ImpactRecorded
from shared.refusals import Refusal, UnknownEntity
from tests.integration.services.impact.sample import DELFT, Q2, Q3, SOURCE, Adopted, Adopts, count, shown
from tests.offered import Outsider, anew, places
from tests.standing import Standing

LATER = date(2030, 1, 1)


def figure(
    adopted: Adopted, value: Decimal | int | None = 43, period: tuple[str, str] = Q3, **more: Any
) -> ImpactRecorded:
    """A count as the gemeente's own system tells of it."""
    told = {
        "observation": uuid4(), "adoption": adopted.id, "gemeente": adopted.gemeente, "project": adopted.project,
        "indicator": "aanmeldingen", "period_start": period[0], "period_end": period[1], "value": value,
        "provenance": SOURCE, "recorded_on": LATER,
    }  # fmt: skip
    return ImpactRecorded.model_validate({**told, **more})


@pytest.fixture
def outsider(impact: Standing) -> Outsider:
    """The system of a gemeente."""
    return Outsider(impact, take_recorded)


async def test_a_figure_is_told_exactly_and_what_may_be_shown_of_it_is_shown(
    impact: Standing, outsider: Outsider, adopted: Adopted
) -> None:
    offered = figure(adopted)
    entity, publication = await outsider.says(offered)
    assert entity == offered.observation
    (said,) = await impact.said(entity)
    told = anew(offered, recorded_on="2026-11-24").model_dump(mode="json", by_alias=True, exclude_none=True)
    assert (said.topic, said.sequence, said.data) == ("nl.schuldhulpprojecten.observations", 1, told)
    caused = [each for each in await impact.said() if each.headers.get("ce_causationid") == str(publication)]
    assert {each.type.split(".")[2] for each in caused} == {"impact-recorded", "impact-published"}
    assert (await adopted.own.get(f"/observations/{entity}")).json()["provenance"] == SOURCE
    assert [each["shown"] for each in await shown(impact, adopted.project)] == [45]


async def test_a_figure_that_is_there_is_corrected_by_its_id_or_by_its_place(
    impact: Standing, outsider: Outsider, adopted: Adopted
) -> None:
    (mine,) = await adopted.records(count(43))
    by_place = figure(adopted, 44, correction_reason="Een dossier vergeten")
    assert (await outsider.says(by_place))[0] == UUID(mine["id"])
    by_id = figure(adopted, 45, observation=mine["id"], correction_reason="Nog een")
    assert (await outsider.says(by_id))[0] == UUID(mine["id"])
    said = await impact.said(mine["id"])
    assert [(each.sequence, each.data["value"]) for each in said] == [(1, "43"), (2, "44"), (3, "45")]
    assert said[-1].data["correctionReason"] == "Nog een"


async def test_nobody_writes_over_a_figure_without_saying_why(outsider: Outsider, adopted: Adopted) -> None:
    (mine,) = await adopted.records(count(43))
    refusal = await outsider.is_refused(figure(adopted, 44), AlreadyRecorded)
    assert (places(refusal), mine["id"] in refusal.detail) == ({"correctionReason"}, True)
    same = figure(adopted, 43, correction_reason="Zomaar")
    await outsider.is_refused(same, NothingCorrected)
    blank = figure(adopted, 44, correction_reason=" ")
    assert places(await outsider.is_refused(blank, InvalidObservation)) == {"correctionReason"}


async def test_a_figure_is_withdrawn_once_and_brought_back_by_a_correction(
    impact: Standing, outsider: Outsider, adopted: Adopted
) -> None:
    offered = figure(adopted)
    await outsider.says(offered)
    gone = anew(offered, value=None, withdrawn=True, correction_reason="Dubbel geteld")
    await outsider.says(gone)
    await outsider.is_refused(gone, AlreadyWithdrawn)
    await outsider.says(anew(offered, correction_reason="Toch niet"))
    said = await impact.said(offered.observation)
    assert [each.data["withdrawn"] for each in said] == [False, True, False]


async def test_there_must_be_a_figure_to_correct_or_withdraw(outsider: Outsider, adopted: Adopted) -> None:
    nothing = figure(adopted, correction_reason="Waarom", withdrawn=True)
    assert places(await outsider.is_refused(nothing, InvalidObservation)) == {"correctionReason", "withdrawn"}


async def test_everything_that_is_wrong_is_named_at_once(outsider: Outsider, adopted: Adopted) -> None:
    wrong = figure(
        adopted,
        period=("2026-12-31", "2026-12-01"),
        project=uuid4(),
        value=Decimal("42.5"),
        provenance={"source": " ", "method": ""},
        breakdown=" ",
    )
    assert places(await outsider.is_refused(wrong, InvalidObservation)) == {
        "project", "value", "periodEnd", "provenance.source", "provenance.method", "breakdown",
    }  # fmt: skip


async def test_a_figure_may_not_overlap_with_another_nor_change_its_place(outsider: Outsider, adopted: Adopted) -> None:
    offered = figure(adopted)
    await outsider.says(offered)
    half = figure(adopted, 20, ("2026-07-01", "2026-08-31"))
    assert places(await outsider.is_refused(half, InvalidObservation)) == {"periodStart"}
    moved = anew(offered, period_start=Q2[0], period_end=Q2[1], correction_reason="Andere periode")
    assert places(await outsider.is_refused(moved, InvalidObservation)) == {"observation"}


async def test_what_is_anothers_is_refused_as_what_is_unknown(
    outsider: Outsider, adopted: Adopted, adopts: Adopts
) -> None:
    theirs = await adopts(DELFT)
    for adoption in (theirs.id, uuid4()):
        refusal = await outsider.is_refused(anew(figure(adopted), adoption=adoption), UnknownAdoption)
        assert refusal.detail == UnknownAdoption(adoption).detail
    (measured,) = await theirs.records(count(43))
    taken = figure(adopted, observation=measured["id"], correction_reason="Van mij")
    refusal = await outsider.is_refused(taken, UnknownEntity)
    assert refusal.detail == UnknownEntity("meting", measured["id"]).detail


async def test_of_twenty_that_record_one_figure_at_once_one_does(
    impact: Standing, outsider: Outsider, adopted: Adopted
) -> None:
    offered = figure(adopted)
    became = await asyncio.gather(*(outsider.says(offered) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in became) == 1
    assert all(isinstance(each, tuple | Refusal) for each in became), became
    assert len(await impact.said(offered.observation)) == 1


async def test_one_id_for_figures_of_two_gemeenten_at_once_is_one_figure(
    impact: Standing, outsider: Outsider, adopted: Adopted, adopts: Adopts
) -> None:
    theirs, observation = await adopts(DELFT), uuid4()
    offered = [figure(each, observation=observation) for each in (adopted, theirs)]
    became = await asyncio.gather(*(outsider.says(each) for each in offered), return_exceptions=True)
    assert sorted(type(each).__name__ for each in became) == ["UnknownEntity", "tuple"]
    assert len(await impact.said(observation)) == 1
