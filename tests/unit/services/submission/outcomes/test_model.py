"""What does the owner of a project see of the board's decisions, in whatever order they are heard?"""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submission.outcomes.model import Outcomes, Standing, assessed, project_of
from shared.contracts.events import Event, ProjectAssessed
from shared.contracts.vocabulary import Criterion, EvidenceLevel, Verdict

TODAY = date(2026, 11, 24)
PROJECT = UUID(int=7)


def verdict(version: int, assessment: int, of: Verdict) -> Event[ProjectAssessed]:
    said = ProjectAssessed(
        assessment=UUID(int=assessment), project=UUID(int=7), project_version=version, framework_version=1, verdict=of,
        evidence_level=EvidenceLevel.WELL_DESCRIBED, decided_on=TODAY, released_on=TODAY, valid_until=date(2029, 11, 24),
        reasons=tuple({"criterion": c, "reason": "Omdat"} for c in Criterion),
    )  # fmt: skip
    return Event(UUID(int=5), said.assessment, 1, datetime(2026, 11, 24, tzinfo=UTC), said)


def test_the_owner_sees_the_same_outcomes_in_whatever_order_they_are_heard() -> None:
    heard = [verdict(1, 21, Verdict.ADOPT), verdict(2, 22, Verdict.NOT_NOW), verdict(3, 23, Verdict.ADOPT)]
    ends = []
    for order in itertools.permutations(heard):
        known: Outcomes | None = None
        for event in order:
            known = assessed(known, event, lambda *_: None)
        assert known is not None
        ends.append({version: said.verdict for version, said in known.of_version.items()})
    assert all(end == {1: Verdict.ADOPT, 2: Verdict.NOT_NOW, 3: Verdict.ADOPT} for end in ends)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(Verdict)), max_size=8).flatmap(
        lambda heard: st.tuples(st.just(heard), st.permutations(range(4)))
    )
)
def test_however_the_streams_of_several_assessments_are_mingled_the_end_is_the_same(
    drawn: tuple[list[tuple[int, Verdict]], list[int]],
) -> None:
    heard, priority = drawn
    events = [verdict(version, 20 + version, of) for version, of in heard]
    mingled = sorted(events, key=lambda event: priority[event.data.project_version - 1])  # stable: each stream in order
    ends = []
    for order in (events, mingled):
        known: Outcomes | None = None
        for event in order:
            assert project_of(event) == PROJECT
            known = assessed(known, event, lambda *_: None)
        ends.append(known)
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("version", "latest", "withdrawn", "standing"),
    [
        (1, 1, False, Standing.UNDER_ASSESSMENT),
        (1, 1, True, Standing.WITHDRAWN),
        (1, 2, False, Standing.SUPERSEDED),
        (1, 2, True, Standing.SUPERSEDED),
    ],
)
def test_a_version_without_a_decision_waits_or_has_had_its_time(
    version: int, latest: int, withdrawn: bool, standing: Standing
) -> None:
    assert Outcomes(PROJECT).standing(version, latest, withdrawn=withdrawn) is standing


def test_a_decision_that_is_known_stays_known() -> None:
    known = assessed(None, verdict(1, 21, Verdict.ADOPT), lambda *_: None)
    assert known.standing(1, 2, withdrawn=True) is Standing.ASSESSED
