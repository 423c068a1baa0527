"""What do the scores speak for, and when does a verdict depart from them?"""

from dataclasses import replace
from datetime import date

import pytest

from services.assessment.frameworks.model import FIRST, VERSIONS, framework_numbered, framework_on
from shared.contracts.vocabulary import Criterion, Phase, Verdict


def means(
    werkbaar: float | None, herbruikbaar: float | None = 4.0, beschikbaar: float | None = 4.0
) -> dict[Criterion, float | None]:
    return {Criterion.WERKBAAR: werkbaar, Criterion.HERBRUIKBAAR: herbruikbaar, Criterion.BESCHIKBAAR: beschikbaar}


@pytest.mark.parametrize(
    ("weakest", "advice"),
    [
        (4.0, Verdict.ADOPT),
        (3.0, Verdict.ADOPT),
        (2.99, Verdict.ADOPT_WITH_CONDITIONS),
        (2.0, Verdict.ADOPT_WITH_CONDITIONS),
        (1.99, Verdict.NOT_NOW),
        (1.0, Verdict.NOT_NOW),
        (0.99, Verdict.NO),
        (None, Verdict.NOT_NOW),
    ],
)
def test_a_project_is_as_strong_as_its_weakest_criterion(weakest: float | None, advice: Verdict) -> None:
    assert FIRST.advice(means(weakest)) is advice
    assert FIRST.advice(means(4.0, weakest, 4.0)) is advice


@pytest.mark.parametrize(
    ("weakest", "verdict", "against"),
    [
        (4.0, Verdict.ADOPT, False),
        (4.0, Verdict.ADOPT_WITH_CONDITIONS, False),
        (4.0, Verdict.NOT_NOW, True),
        (2.5, Verdict.ADOPT, True),
        (2.5, Verdict.ADOPT_WITH_CONDITIONS, False),
        (2.5, Verdict.NO, True),
        (1.5, Verdict.ADOPT_WITH_CONDITIONS, True),
        (1.5, Verdict.NO, False),
        (0.5, Verdict.NOT_NOW, False),
        (None, Verdict.ADOPT, True),
    ],
)
def test_a_verdict_that_crosses_the_line_or_drops_the_conditions_departs_from_the_scores(
    weakest: float | None, verdict: Verdict, against: bool
) -> None:
    assert FIRST.goes_against(verdict, means(weakest)) is against


def test_a_verdict_holds_for_three_years_the_last_day_included() -> None:
    assert FIRST.valid_until(date(2026, 12, 12)) == date(2029, 12, 12)


def test_the_first_version_weighs_twelve_parts_in_seven_phases_on_five_steps() -> None:
    assert (len(FIRST.parts), FIRST.phases, list(FIRST.scale)) == (12, tuple(Phase), [0, 1, 2, 3, 4])
    assert FIRST.has(Criterion.WERKBAAR, "echte-clienten")
    assert not FIRST.has(Criterion.BESCHIKBAAR, "echte-clienten")


def test_the_newest_version_that_is_valid_holds() -> None:
    second = replace(FIRST, version=2, valid_from=date(2027, 1, 1))
    assert framework_on(date(2026, 12, 31), (FIRST, second)) is FIRST
    assert framework_on(date(2027, 1, 1), (FIRST, second)) is second
    assert framework_on(date(2000, 1, 1), (FIRST, second)) is FIRST


def test_the_versions_count_up_without_gaps_and_are_found_by_number() -> None:
    assert [framework.version for framework in VERSIONS] == list(range(1, len(VERSIONS) + 1))
    assert framework_numbered(1) is FIRST
