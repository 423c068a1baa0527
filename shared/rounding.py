"""One way to round, so that figures that are shown add up the same everywhere."""

from __future__ import annotations

from math import floor

_NOISE = 1e-9  # 212.49999999999997 is 212.5: floating point must not decide a point


def half_away(value: float) -> int:
    """The nearest whole number; a half goes away from zero (methods.md: tenths of a point)."""
    whole = floor(abs(value) + 0.5 + _NOISE)
    return whole if value >= 0 else -whole
