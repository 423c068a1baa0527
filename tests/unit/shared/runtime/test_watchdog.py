"""What stood still for too long is stuck, unless somebody else is away; time in which nobody lived does not count."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable

import pytest

from shared.runtime.stillness import Awake, Stillness
from shared.runtime.watchdog import Patience, Stuck, standing_at


class Replica:
    """Something that can stand still, in surroundings that can be away."""

    def __init__(self) -> None:
        self.marks: dict[str, Hashable] = {"topic/0": 7}
        self.answers, self.asked, self.dead = True, 0, False
        self.patience = Patience(10, lambda: self.marks, self.answering, lambda: self.dead)

    async def answering(self) -> bool:
        self.asked += 1
        return self.answers

    async def looks(self, times: int) -> None:
        """So often, a second apart."""
        for _ in range(times):
            await self.patience.look(1.0)


@pytest.fixture
def replica() -> Replica:
    return Replica()


async def test_what_moves_is_never_stuck_and_nobody_is_asked(replica: Replica) -> None:
    for offset in range(30):
        replica.marks["topic/0"] = offset
        await replica.looks(1)
    assert (await replica.patience.problem(), replica.asked) == (None, 0)


async def test_what_stands_still_is_stuck_when_its_time_is_over(replica: Replica) -> None:
    await replica.looks(10)
    assert await replica.patience.problem() is None
    with pytest.raises(Stuck, match="topic/0 stood still for 10 s, though Kafka and Postgres answer"):
        await replica.looks(1)


async def test_time_in_which_others_are_away_does_not_count(replica: Replica) -> None:
    replica.answers = False
    await replica.looks(40)
    replica.answers = True
    await replica.looks(5)
    assert await replica.patience.problem() is None
    with pytest.raises(Stuck):
        await replica.looks(6)


async def test_what_has_nothing_to_do_any_more_is_forgotten(replica: Replica) -> None:
    await replica.looks(9)
    replica.marks = {}
    await replica.looks(1)
    replica.marks = {"topic/0": 7}
    await replica.looks(9)
    assert await replica.patience.problem() is None


async def test_a_sender_that_is_replaced_at_once_is_no_trouble_and_one_that_stays_dead_is(replica: Replica) -> None:
    replica.marks, replica.dead = {}, True
    await replica.looks(2)
    replica.dead = False
    await replica.looks(1)
    replica.dead = True
    with pytest.raises(Stuck, match="the task that sends to Kafka has ended"):
        await replica.looks(3)


def test_a_process_that_was_stopped_counts_only_the_time_that_it_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    awake = Awake(0.5)
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    assert awake.passed() == 1.0


def test_stillness_grows_by_what_passed_and_is_gone_with_a_move() -> None:
    stillness = Stillness()
    for mark in (1, 1, 1):
        stillness.look({"a": mark, "b": 0}, 2.0)
    assert (stillness.seconds, stillness.longest()) == ({"a": 4.0, "b": 4.0}, 4.0)
    stillness.look({"a": 2}, 2.0)
    assert (stillness.seconds, stillness.longest()) == ({"a": 0.0}, 0.0)


def test_where_a_thread_stands_is_told_by_place_and_without_values() -> None:
    secret, told = "930000013", threading.Event()
    waiting = threading.Thread(target=lambda value: told.wait(), args=(secret,))
    waiting.start()
    try:
        place = standing_at(waiting.ident or 0)
    finally:
        told.set()
        waiting.join()
    assert "threading.py" in place
    assert " wait" in place
    assert secret not in place
