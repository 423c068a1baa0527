"""When something that could not be delivered is tried again, and when nobody believes in it any more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
)
"""After each attempt of one message; the last one goes on (Standard Webhooks: growing, over days, with jitter)."""
TRIED_FOR = timedelta(days=3)
"""For at least so long from its first attempt on. Then it is a dead letter."""
JITTER = 0.25
"""A delay becomes up to so much longer, so that what failed at once does not come back at once."""

DOUBTED_AFTER = 5
"""So many failures without a success between them, and it is not the message but the receiver: it rests as a whole."""
RESTS = (timedelta(seconds=5), timedelta(seconds=15), MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)
"""Between single attempts at a receiver that is doubted. An hour at most, so that it is found back soon."""
GIVEN_UP_AFTER = timedelta(days=4)
"""Of nothing but failures: then it is paused, and its owner reads why."""


def next_attempt(attempts: int, first_at: datetime, now: datetime, chance: float) -> datetime | None:
    """When to try again after so many attempts, the first of which was at `first_at`; None: it is a dead letter.

    `chance` is a number from 0 to 1, drawn anew each time.
    """
    if now - first_at >= TRIED_FOR:
        return None
    return now + DELAYS[min(attempts, len(DELAYS)) - 1] * (1 + JITTER * chance)


def rests_until(setbacks: int, now: datetime, chance: float) -> datetime | None:
    """Until when a receiver rests that failed so many times in a row; None: it is not doubted."""
    if setbacks < DOUBTED_AFTER:
        return None
    return now + RESTS[min(setbacks - DOUBTED_AFTER, len(RESTS) - 1)] * (1 + JITTER * chance)


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Whether it has done nothing but fail for so long that its owner must look."""
    return failing_since is not None and now - failing_since >= GIVEN_UP_AFTER
