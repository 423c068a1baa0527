"""How long what failed is left alone."""

from __future__ import annotations

from shared.messaging.setbacks import FIRST_SECONDS, LONGEST_SECONDS, Setbacks


def rest_after(failures: int) -> float:
    """How long it rests after so many failures in a row, each tried as soon as its rest is over."""
    setbacks, now = Setbacks(), 100.0
    for _ in range(failures):
        setbacks.failed("it", now)
        began = now
        while setbacks.resting(now):
            now += FIRST_SECONDS / 2
    return now - began


def test_each_failure_doubles_the_rest_up_to_a_limit() -> None:
    assert [rest_after(failures) for failures in (1, 2, 3, 7, 20)] == [0.5, 1.0, 2.0, LONGEST_SECONDS, LONGEST_SECONDS]


def test_after_a_success_the_rest_is_short_again() -> None:
    setbacks = Setbacks()
    setbacks.failed("it", 0)
    setbacks.failed("it", 1)
    setbacks.succeeded("it")
    assert setbacks.resting(1) == []
    setbacks.failed("it", 10)
    assert setbacks.resting(10 + FIRST_SECONDS) == []


def test_only_what_failed_rests() -> None:
    setbacks = Setbacks()
    setbacks.failed("it", 0)
    setbacks.succeeded("other")
    assert setbacks.resting(0) == ["it"]


def test_what_nobody_tried_for_long_is_forgotten() -> None:
    setbacks = Setbacks()
    for now in (0, 1, 3):
        setbacks.failed("it", now)
    assert setbacks.resting(2 * LONGEST_SECONDS) == []
    setbacks.failed("it", 100)
    assert setbacks.resting(100 + FIRST_SECONDS) == []
