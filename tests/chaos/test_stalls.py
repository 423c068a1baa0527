"""How long things stood still in a run that can be worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.ledger import Ledger
from tests.chaos.stalls import figures


@dataclass
class Fault:
    kind: str
    at: float
    until: float


def run() -> Ledger:
    """Commands sent at 0, 1 and 2; answered at 0.5, 9 and 3; the last was heard at 7."""
    moments = iter((0.0, 0.5, 1.0, 2.0, 3.0, 9.0))
    ledger = Ledger(clock=lambda: next(moments))
    first = ledger.sent("submission", "submit", "a", "POST", "/projects")
    ledger.answered(first, 201, {})
    second = ledger.sent("submission", "submit", "b", "POST", "/projects")
    third = ledger.sent("submission", "submit", "c", "POST", "/projects")
    ledger.answered(third, 201, {})
    ledger.answered(second, 201, {})
    ledger.seen("submission to assessment", "c", 3.0, 7.0)
    return ledger


def test_the_longest_answer_and_the_longest_hearing_are_told() -> None:
    found = figures(run(), [])
    assert found["answer_s"] == {"count": 3, "p50": 1.0, "p99": 8.0, "max": 8.0}
    assert found["heard_s"] == {"submission to assessment": {"count": 1, "p50": 4.0, "p99": 4.0, "max": 4.0}}


def test_a_silence_counts_only_while_a_command_waits() -> None:
    assert figures(run(), [])["longest_without_an_answer_s"] == 6.0


def test_what_overlaps_with_a_fault_is_told_with_its_kind() -> None:
    faults = [Fault("kill9_broker", 4.0, 5.0), Fault("clock_back", 0.0, 0.9)]
    assert figures(run(), faults)["by_kind"] == {
        "clock_back": {"answer_s": 0.5, "heard_s": 0.0},
        "kill9_broker": {"answer_s": 8.0, "heard_s": 4.0},
    }
