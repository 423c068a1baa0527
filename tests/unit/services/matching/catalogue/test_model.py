"""What can be taken over, and does the catalogue end alike whatever order topics deliver in?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.catalogue import model
from services.matching.catalogue.model import Entry, ProjectNotOffered, attainment
from services.matching.scoring.model import Attainment
from shared.contracts.events import Event, EventData, ProjectAssessed, ProjectSubmitted, ProjectWithdrawn
from shared.contracts.vocabulary import Verdict
from tests.told import DAY, assessed, published, submitted, withdrawn

PROJECT = UUID(int=1)
STEPS: dict[type[EventData], Callable[..., Entry]] = {
    ProjectSubmitted: model.submitted,
    ProjectAssessed: model.assessed,
    ProjectWithdrawn: model.withdrawn,
}


def heard(*said: EventData) -> Entry:
    """What the catalogue holds once these were heard, in this order."""
    entry = reduce(lambda known, data: STEPS[type(data)](known, event(data), print), said, None)
    assert entry is not None
    return entry


def event(data: EventData) -> Event[Any]:
    return Event(UUID(int=9), data.entity, 1, datetime(2026, 11, 24, tzinfo=UTC), data)


def test_a_project_is_offered_in_the_version_that_the_board_allowed() -> None:
    assert heard(submitted(PROJECT)).offer is None
    entry = heard(submitted(PROJECT), assessed(PROJECT))
    assert entry.adoptable_by("GM0518", DAY).project_version == 1
    assert heard(submitted(PROJECT), assessed(PROJECT, verdict=Verdict.ADOPT_WITH_CONDITIONS)).offered_version == 1
    assert heard(submitted(PROJECT), assessed(PROJECT, verdict=Verdict.NOT_NOW)).offered_version is None


def test_version_1_stays_on_offer_while_version_2_is_weighed_and_when_it_is_turned_down() -> None:
    weighed = (submitted(PROJECT), assessed(PROJECT), submitted(PROJECT, 2))
    assert heard(*weighed).offered_version == 1
    assert heard(*weighed, assessed(PROJECT, 2, Verdict.NO)).offered_version == 1
    assert heard(*weighed, assessed(PROJECT, 2)).offered_version == 2


def test_a_verdict_whose_version_was_not_heard_yet_offers_nothing() -> None:
    assert heard(assessed(PROJECT, 2)).offer is None
    assert heard(assessed(PROJECT, 2), submitted(PROJECT), assessed(PROJECT)).offered_version == 1


@pytest.mark.parametrize(
    ("description", "verdict", "on", "why"),
    [
        ({"available_from": date(2027, 1, 1)}, {}, DAY, "vanaf 01-01-2027"),
        ({"regions": ["PV20"]}, {}, DAY, "niet beschikbaar in uw gemeente"),
        ({}, {"valid_until": date(2026, 12, 31)}, date(2027, 1, 1), "gold tot en met 31-12-2026"),
    ],
)
def test_a_project_that_cannot_be_taken_over_says_why(
    description: dict[str, Any], verdict: dict[str, Any], on: date, why: str
) -> None:
    entry = heard(submitted(PROJECT, **description), assessed(PROJECT, **verdict))
    with pytest.raises(ProjectNotOffered, match=why):
        entry.adoptable_by("GM0518", on)


def test_the_last_day_of_a_verdict_counts_and_a_region_may_be_a_province() -> None:
    entry = heard(submitted(PROJECT, regions=["PV28"]), assessed(PROJECT, valid_until=DAY))
    assert entry.adoptable_by("GM0518", DAY).project == PROJECT


def test_a_withdrawn_project_comes_back_with_its_next_version() -> None:
    entry = heard(submitted(PROJECT), assessed(PROJECT), withdrawn(PROJECT))
    with pytest.raises(ProjectNotOffered, match="ingetrokken"):
        entry.adoptable_by("GM0518", DAY)
    back = heard(submitted(PROJECT), assessed(PROJECT), withdrawn(PROJECT), submitted(PROJECT, 2))
    assert back.adoptable_by("GM0518", DAY).project_version == 1


@st.composite
def interleaved(draw: st.DrawFn, streams: Sequence[Sequence[EventData]]) -> list[EventData]:
    """One order in which these streams can come in: each keeps its own."""
    left, order = [list(stream) for stream in streams], []
    while any(left):
        stream = draw(st.sampled_from([stream for stream in left if stream]))
        order.append(stream.pop(0))
    return order


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    interleaved(
        [
            [submitted(PROJECT), withdrawn(PROJECT), submitted(PROJECT, 2), submitted(PROJECT, 3)],
            [assessed(PROJECT), assessed(PROJECT, verdict=Verdict.NOT_NOW)],
            [assessed(PROJECT, 2, Verdict.ADOPT_WITH_CONDITIONS)],
            [assessed(PROJECT, 3, Verdict.NO)],
        ]
    )
)
def test_every_interleaving_of_projects_and_assessments_ends_alike(order: list[EventData]) -> None:
    entry = heard(*order)
    assert (entry.withdrawn, entry.offered_version, sorted(entry.versions)) == (False, 2, [1, 2, 3])
    assert {n: v.verdict for n, v in entry.verdicts.items()} == {
        1: Verdict.NOT_NOW, 2: Verdict.ADOPT_WITH_CONDITIONS, 3: Verdict.NO,
    }  # fmt: skip


@settings(derandomize=True, deadline=None)
@given(st.permutations([1, 2, 3]))
def test_the_newest_release_of_a_block_holds_whatever_comes_last(order: list[int]) -> None:
    block = UUID(int=2)
    said = [event(published(PROJECT, block, release, shown=10 * release)) for release in order]
    known = reduce(lambda known, each: model.published(known, each, print), said, None)
    assert known is not None
    assert (known.release, known.shown) == (3, 30)


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        ({"shown": 60, "target_shown": 100}, Attainment(0.6, 100)),
        ({"shown": 120, "target_shown": 100}, Attainment(1.0, 120)),
        ({"shown": None, "shown_numerator": 30, "shown_denominator": 60, "target_shown": 80,
          "indicator": "werk_of_opleiding_pct"}, Attainment(0.625, 60)),
        ({"shown": None, "shown_numerator": 20, "shown_denominator": 100, "target_shown": 10,
          "indicator": "recidive_pct"}, Attainment(0.5, 100)),
        ({"shown": None, "shown_numerator": 0, "shown_denominator": 50, "target_shown": 0,
          "indicator": "recidive_pct"}, Attainment(1.0, 50)),
        ({"shown": 60, "target_shown": 0}, None),
        ({"shown": 0, "target_shown": 0}, None),
        ({"shown": 60, "target_shown": None}, None),
        ({"shown": None, "target_shown": 100}, None),
        ({"shown": 60, "target_shown": 100, "indicator": "aanmeldingen"}, None),
        ({"shown": 60, "target_shown": 100, "indicator": "onbekend"}, None),
    ],
)  # fmt: skip
def test_attainment_rests_on_what_is_shown(figure: dict[str, Any], reached: Attainment | None) -> None:
    assert attainment(published(PROJECT, **figure)) == reached


def test_an_entry_is_a_value_that_no_step_changes() -> None:
    before = heard(submitted(PROJECT), assessed(PROJECT))
    model.withdrawn(before, event(withdrawn(PROJECT)), print)
    assert before == replace(before, withdrawn=False)
