"""When is a message tried again, and when is it given up?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.feeds.delivering_schedule import DOUBTED_AFTER, TRIED_FOR, is_given_up, next_attempt, rests_until

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_message_is_tried_with_growing_delays_for_at_least_three_days(chance: float) -> None:
    now, attempts, delays = NOW, 0, []
    while True:
        attempts += 1
        again = next_attempt(attempts, NOW, now, chance)
        if again is None:
            break
        delays.append(again - now)
        now = again
    assert now - NOW >= TRIED_FOR == timedelta(days=3)
    assert now - NOW < timedelta(days=4)
    assert delays == sorted(delays)
    assert delays[0] < timedelta(seconds=10)
    assert 10 < attempts < 25


def test_jitter_only_makes_it_later_and_by_a_quarter_at_most() -> None:
    (least, most) = (next_attempt(4, NOW, NOW, chance) for chance in (0.0, 1.0))
    assert least
    assert most
    assert (least - NOW, most - NOW) == (timedelta(minutes=10), timedelta(minutes=12, seconds=30))


def test_a_receiver_rests_after_a_few_failures_in_a_row_and_never_for_much_more_than_an_hour() -> None:
    assert rests_until(DOUBTED_AFTER - 1, NOW, 0) is None
    rests = [rests_until(setbacks, NOW, 1.0) for setbacks in range(DOUBTED_AFTER, 100)]
    assert rests[0]
    assert rests[0] - NOW < timedelta(seconds=10)
    assert max(rest - NOW for rest in rests if rest) == timedelta(minutes=75)


def test_a_receiver_is_given_up_after_four_days_of_nothing_but_failures() -> None:
    assert not is_given_up(None, NOW)
    assert not is_given_up(NOW, NOW + timedelta(days=3, hours=23))
    assert is_given_up(NOW, NOW + timedelta(days=4))
