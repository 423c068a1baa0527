"""The page about speed says what the figures say: also where a target was missed, or nothing was measured."""

from typing import Any

from tests.performance.lines import LINES, Line
from tests.performance.measuring import compared
from tests.performance.page import page

FACTS: dict[str, Any] = {
    "machine": "a machine", "versions": {"python": "3.11"}, "commit": "abc", "measured_on": "2026-11-25", "rounds": 3,
    "more_rounds": 9,
    "events": 60_000, "load": 0.1, "core_parses_per_s": 125_000,
}  # fmt: skip
RATIO = Line("hear", "some_ratio", "x", 0.9)
WAIT = Line("wait", "some_ms", "ms", 8)


def test_a_target_that_is_reached_is_met() -> None:
    assert RATIO.verdict({"some_ratio": 0.9}) == "met"
    assert WAIT.verdict({"some_ms": 8.0}) == "met"


def test_a_target_that_is_missed_is_said_to_be_missed_and_by_how_much() -> None:
    assert RATIO.verdict({"some_ratio": 0.81}) == "**missed by 10%**"
    assert WAIT.verdict({"some_ms": 12.0}) == "**missed by 50%**"


def test_what_was_not_measured_is_not_run() -> None:
    assert RATIO.verdict({}) == "not run"
    assert page([FACTS]).count("not run") == len(LINES)


def test_the_page_names_machine_versions_and_commit() -> None:
    text = page([FACTS])
    assert "## a machine\n" in text
    assert "| one core | parses 125,000 small events" in text
    assert "| versions | python 3.11 |" in text
    assert "| commit | abc |" in text
    assert "The machine did nothing else." in text


def test_the_page_says_that_somebody_else_used_the_machine() -> None:
    assert "only ratios say anything" in page([{**FACTS, "load": 5.0}])


def test_of_each_machine_it_says_which_targets_were_missed_the_newest_run_first() -> None:
    slow = {
        **FACTS,
        "machine": "a slow one",
        "measured_on": "2026-12-01",
        "effect_p50_ms": 9.0,
        "effect_100_p50_ms": 5.0,
    }
    text = page([{**FACTS, "effect_p50_ms": 8.0}, slow])
    newest, older = text.split("## a machine")
    assert "Targets met: 1 of 2. Missed: commit to effect, 1,000/s, p50." in newest
    assert "Targets met: 1 of 1.\n" in older


def test_each_row_has_a_key_of_its_own() -> None:
    keys = [line.key for line in LINES]
    assert len(keys) == len(set(keys))


def test_a_round_in_which_all_were_slow_takes_nothing_from_the_ratio() -> None:
    found = compared({"bare": [100.0, 10.0, 100.0], "ours": [90.0, 9.0, 90.0]})
    assert found.ratios == {"bare": 1.0, "ours": 0.9}
    assert found.rates == {"bare": 100.0, "ours": 90.0}
