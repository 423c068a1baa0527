"""The page about the events, as somebody reads it who wants to listen."""

import re
from pathlib import Path

import pytest

from shared.contracts.registry import EVENTS, TOPICS, Declared

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/events.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """What stands under the heading of one event."""
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("declared", EVENTS, ids=lambda declared: declared.event.__name__)
def test_an_event_has_its_meaning_its_fields_and_an_example(declared: Declared) -> None:
    event = declared.event
    about = section(event.__name__)

    assert declared.summary in about
    assert f"- said by: {TOPICS[event.STREAM].owner}\n" in about
    assert "- heard by: " in about
    assert [field.alias for field in event.model_fields.values() if f"| `{field.alias}` |" not in about] == []
    assert "```json" in about


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    anchors = headings | set(re.findall(r'<a id="([^"]+)">', PAGE))

    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_every_row_of_a_table_has_the_columns_of_its_head() -> None:
    columns = 0
    for line in PAGE.splitlines():
        if not line.startswith("| "):
            columns = 0
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        columns = columns or found
        assert found == columns, line


def test_amounts_are_in_whole_euros() -> None:
    assert "| `gapEuro` | whole euros, at least 0 | always |" in section("FundingSecured")


def test_limits_are_told_in_words() -> None:
    assert "| `title` | text, at most 300 characters | always |" in section("ProjectSubmitted")
    assert "| `phases` | list of [Phase](#phase), 1 to 7 | always |" in section("ProjectSubmitted")
    assert "whole number, at least 0, a multiple of 5" in section("ImpactPublished")
