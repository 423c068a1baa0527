"""Every pitfall, every rule and each of the sharpest tests is held by a test of its name, and docs/reliability.md names it."""

from __future__ import annotations

from tests.chaos import report

FROM = "## The 39 pitfalls"


def test_each_has_a_test_that_says_what_its_guard_is() -> None:
    assert report.missing() == []


def test_the_page_names_the_tests_and_guards_that_there_are() -> None:
    """What runs found stands before that; whoever records a run writes it anew."""
    _, heading, written = report.PAGE.read_text(encoding="utf-8").partition(FROM)
    assert (heading, written) == (FROM, report.current().partition(FROM)[2]), "run: make reliability"
