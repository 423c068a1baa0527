"""docs/reliability.md from two runs and two tests that were made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.chaos.report import page
from tests.chaos.report_guards import held, missing
from tests.chaos.report_runs import Runs

GUARDED = '''
async def test_pitfall_07_a_row_waits_for_its_confirmation(database):
    """It was marked on enqueue.

    Guard: marked with the broker's word for it
    (shared/messaging/relay.py)

    More words.
    """


def test_rule_02_nothing_holds_this():
    """No line of that name."""
'''


def result(seed: int, **more: Any) -> dict[str, Any]:
    figures = {"commands": 10, "acknowledged": 9, "unknown": 1, "events": 5, "forgiven": 0, "raw_duplicates": 2}
    clean = dict.fromkeys(("lost", "doubled", "reordered", "phantom", "states_that_differ", "left_over"), 0)
    told = {"began": f"2026-11-25T0{seed}:00:00", "minutes": 15, "replicas": 2, "commit": "abc", "machine": "Linux"}
    spans = {"count": 9, "p50": 0.1, "p99": 1.0, "max": 4.5}
    stalls = {
        "answer_s": spans,
        "heard_s": {"a to b": spans},
        "by_kind": {"kill9_broker": {"answer_s": 4.5, "heard_s": 3.0}},
    }
    rest = {"faults": 3, "kinds": {"kill9_broker": 3}, "not_run": {}, "findings": [], "longest_stall_s": 4.5}
    return {"seed": seed, **figures, **clean, **told, **rest, "stalls": stalls, **more}


def guarded(folder: Path) -> Path:
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_some.py").write_text(GUARDED, encoding="utf-8")
    return tests


def test_runs_are_added_up(tmp_path: Path) -> None:
    text = page(Runs([result(1), result(2, kinds={"clock_back": 2}, faults=2)]), [], [])
    assert "**5 faults** of 2 kinds in 2 runs, with 18 acknowledged commands and 10 events." in text
    assert "| kill9_broker | 3 | 4.5 | 3.0 |" in text
    assert "came twice on the log, which is allowed: 4." in text


def test_a_finding_is_never_left_out() -> None:
    text = page(Runs([result(1, lost=1, findings=["lost: matching.adoption x: it is not there"])]), [], [])
    assert "| lost | 1 |" in text
    assert "- seed 1: lost: matching.adoption x: it is not there" in text


def test_a_fault_that_a_machine_cannot_produce_is_named_with_its_reason() -> None:
    text = page(Runs([result(1, not_run={"disk_full_postgres": "mount is not allowed here"})]), [], [])
    assert "- disk_full_postgres: mount is not allowed here" in text


def test_bugs_that_were_mended_are_told() -> None:
    text = page(Runs([]), [], [{"found": "seed 7, kill9_broker", "bug": "It hung.", "mended": "abc: it waits"}])
    assert "| seed 7, kill9_broker | It hung. | abc: it waits |" in text


def test_each_pitfall_stands_with_its_guard_and_its_test(tmp_path: Path) -> None:
    text = page(Runs([]), held(guarded(tmp_path)), [])
    guard = "marked with the broker's word for it (shared/messaging/relay.py)"
    assert f"| 7 | a row waits for its confirmation | {guard} | `tests/test_some.py` |" in text


def test_what_has_no_test_or_no_guard_is_missing(tmp_path: Path) -> None:
    lines = missing(held(guarded(tmp_path)))
    assert len(lines) == 39 - 1 + 23 - 1 + 10 + 1
    assert "no test_pitfall_06_*" in lines
    assert "no test_pitfall_07_*" not in lines
    assert "tests/test_some.py: 'nothing holds this' names no guard" in lines
