"""The pages about the events, as somebody reads them who wants to publish or to listen."""

import re
from pathlib import Path

import pytest

from deploy.contracts import parties_of
from shared.contracts.event_page import event_page, page_name
from shared.contracts.events import FundingSecured, ImpactPublished
from shared.contracts.parties import Parties
from shared.contracts.registry import EVENTS, TOPICS, Declared

ROOT = Path(__file__).parents[2]
OVERVIEW = ROOT / "docs/events.md"
PAGES = sorted((ROOT / "docs/events").glob("*.md"))
every_event = pytest.mark.parametrize("declared", EVENTS, ids=lambda declared: declared.event.__name__)
every_page = pytest.mark.parametrize("page", [OVERVIEW, *PAGES], ids=lambda page: page.name)


def declared_as(name: str) -> Declared:
    """The event with this name."""
    return next(declared for declared in EVENTS if declared.event.__name__ == name)


def page_of(declared: Declared) -> str:
    """As it is committed."""
    return (ROOT / "docs/events" / page_name(declared)).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Where a link into a page may lead."""
    text = page.read_text(encoding="utf-8")
    return {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@every_event
def test_an_event_has_its_meaning_its_fields_and_an_example(declared: Declared) -> None:
    event, about = declared.event, page_of(declared)

    assert declared.summary in about
    assert f"- said by: {TOPICS[event.STREAM].owner}\n" in about
    assert "- heard by: " in about
    assert [field.alias for field in event.model_fields.values() if f"| `{field.alias}` |" not in about] == []
    assert "```json" in about
    assert f"[`{event.ce_type()}`]" in about.partition("## Versions")[2]


@every_event
def test_an_event_is_found_from_the_overview(declared: Declared) -> None:
    assert f"[{declared.event.__name__}](events/{page_name(declared)})" in OVERVIEW.read_text(encoding="utf-8")


@every_event
def test_a_page_says_whether_outsiders_may_publish_it_as_the_services_declare(declared: Declared) -> None:
    taken = declared.event in parties_of(ROOT).takes

    assert (f"`inbound.<publisher>.{declared.event.TYPE}`" in page_of(declared)) == taken
    assert ("Nobody outside may publish it" in page_of(declared)) == (not taken)


def test_what_may_come_from_outside_says_with_which_right_and_where_it_is_sent() -> None:
    about = event_page(
        declared_as("FundingSecured"), Parties({}, {FundingSecured: ["commitments.organisation"]})
    ).partition("## From outside")[2]

    for words in (
        "the right `funding-secured`",
        "`POST /v1/events` of matching",
        "`refusals.<publisher>`",
        "names: `commitments.organisation`.",
    ):
        assert words in about


def test_only_published_figures_are_open_to_every_subscriber() -> None:
    open_to_all = [declared.event for declared in EVENTS if "Every subscriber may read it" in page_of(declared)]

    assert open_to_all == [ImpactPublished]


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.is_file(), target
        assert not anchor or anchor in anchors(found), target


@every_page
def test_every_row_of_a_table_has_the_columns_of_its_head(page: Path) -> None:
    columns = 0
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("| "):
            columns = 0
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        columns = columns or found
        assert found == columns, line


def test_amounts_are_in_whole_euros() -> None:
    assert "| `gapEuro` | whole euros, at least 0 | always |" in page_of(declared_as("FundingSecured"))


def test_limits_and_allowed_values_are_told_in_words() -> None:
    submitted = page_of(declared_as("ProjectSubmitted"))

    assert "| `title` | text, at most 300 characters | always |" in submitted
    assert "| `phases` | list of [Phase](#phase), 1 to 7 | always |" in submitted
    assert "One of:\n\n- `bewustwording`\n" in submitted.partition("### Phase\n")[2]
    assert "whole number, at least 0, a multiple of 5" in page_of(declared_as("ImpactPublished"))


def test_readers_are_told_how_two_versions_of_one_event_are_read() -> None:
    words = " ".join(OVERVIEW.read_text(encoding="utf-8").partition("## Two versions of one event")[2].split())

    assert "passes over a record whose `ce_supersededby` is a type that it knows" in words
    assert "Both bear the same subject and the same `ce_sequence`" in words
