"""A seed is a sequence of faults: the same one each time."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.chaos import plan


def first(seed: int, number: int) -> list[tuple[str, str, float, float]]:
    return [(fault.kind, fault.victim, fault.seconds, pause) for fault, pause in islice(plan.faults(seed), number)]


def test_the_same_seed_gives_the_same_faults_victims_and_times() -> None:
    assert first(7, 200) == first(7, 200)
    assert first(7, 200) != first(8, 200)


def test_every_kind_comes_once_before_any_comes_twice() -> None:
    kinds = [kind for kind, *_ in first(7, len(plan.SHARES))]
    assert sorted(kinds) == sorted({plan.kind_of(draw) for draw in plan.SHARES})


def test_a_run_can_be_of_some_kinds_only() -> None:
    shares = plan.chosen(["kill9_broker", "cut_kafka_drop"])
    assert {fault.kind for fault, _ in islice(plan.faults(7, shares), 20)} == {"kill9_broker", "cut_kafka_drop"}


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="There is no fault flood"):
        plan.chosen(["kill9_broker", "flood"])


def test_a_fault_that_needs_all_waits_for_every_other() -> None:
    faults = {fault.kind: fault for fault, _ in islice(plan.faults(7), len(plan.SHARES))}
    assert faults["log_tail_cut"].collides(faults["clock_back"].needs)
    assert faults["clock_back"].collides(faults["log_tail_cut"].needs)
    assert faults["kill9_broker"].collides(faults["sigstop_broker"].needs)
    assert not faults["kill9_broker"].collides(faults["kill9_postgres"].needs)
