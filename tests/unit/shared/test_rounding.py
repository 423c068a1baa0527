"""Which way does a half go?"""

import pytest

from shared.rounding import half_away


@pytest.mark.parametrize(
    ("value", "whole"),
    [(212.5, 213), (212.49999999999997, 213), (212.49, 212), (0.5, 1), (-0.5, -1), (-2.5, -3), (-2.4, -2), (0, 0)],
)
def test_a_half_goes_away_from_zero_and_floating_point_does_not_decide(value: float, whole: int) -> None:
    assert half_away(value) == whole
