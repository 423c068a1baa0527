"""What is generated is the same every time, and what is out of date is found."""

from pathlib import Path

import pytest
import yaml

from shared.contracts.events import FundingSecured, ProjectAssessed
from shared.contracts.generated import PAGES, SCHEMAS, generated, stale, write
from shared.contracts.parties import Parties

PARTIES = Parties({"submission": [ProjectAssessed]}, {FundingSecured: ["commitments.organisation"]})
FILES = generated(PARTIES, "0.1.0")


def test_the_same_code_gives_the_same_bytes() -> None:
    assert generated(PARTIES, "0.1.0") == FILES


def test_in_an_empty_project_everything_is_missing_and_is_written(tmp_path: Path) -> None:
    assert set(stale(tmp_path, FILES)) == set(FILES)

    write(tmp_path, FILES)

    assert stale(tmp_path, FILES) == []
    assert write(tmp_path, FILES) == []


def test_a_file_that_somebody_edited_is_found_and_put_right(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "docs/events.md").write_text("mine", encoding="utf-8")

    assert stale(tmp_path, FILES) == [Path("docs/events.md")]
    assert write(tmp_path, FILES) == [Path("docs/events.md")]
    assert stale(tmp_path, FILES) == []


@pytest.mark.parametrize("left_over", [SCHEMAS / "project-forgotten.v1.json", PAGES / "project-forgotten.v1.md"])
def test_the_schema_and_the_page_of_an_event_that_is_gone_are_found_and_removed(
    tmp_path: Path, left_over: Path
) -> None:
    write(tmp_path, FILES)
    (tmp_path / left_over).write_text("{}", encoding="utf-8")

    assert stale(tmp_path, FILES) == [left_over]
    write(tmp_path, FILES)
    assert not (tmp_path / left_over).exists()


def test_topics_are_kept_for_ever_in_six_partitions() -> None:
    topics = yaml.safe_load(FILES[Path("deploy/kafka/topics.yaml")])["topics"]

    assert [topic["name"].rpartition(".")[2] for topic in topics] == [
        "projects",
        "assessments",
        "organisations",
        "adoptions",
        "observations",
        "releases",
    ]
    for topic in topics:
        assert topic["partitions"] == 6
        assert topic["config"] == {"cleanup.policy": "delete", "max.message.bytes": 262144, "retention.ms": -1}
