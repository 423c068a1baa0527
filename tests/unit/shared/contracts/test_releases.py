"""What was released stays readable, and keeps reading."""

import json
from pathlib import Path

import pytest

from shared.contracts.event import EventData
from shared.contracts.events import AdoptionEnded, AdoptionStarted
from shared.contracts.generated import SCHEMAS
from shared.contracts.releases import RELEASED, NotReleasable, findings, release, releases
from shared.contracts.schemas import Schema, file_name, schema_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that says two events."""
    for event in (AdoptionStarted, AdoptionEnded):
        write(tmp_path / SCHEMAS, event, schema_of(event))
    return tmp_path


def write(folder: Path, event: type[EventData], schema: Schema) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file_name(event)).write_text(json.dumps(schema), encoding="utf-8")


def without(schema: Schema, field: str) -> Schema:
    return {**schema, "required": [name for name in schema["required"] if name != field]}


def test_before_the_first_release_there_is_nothing_to_break(project: Path) -> None:
    assert findings(project, [AdoptionStarted]) == []


def test_a_release_keeps_the_schemas_of_its_day(project: Path) -> None:
    kept = release(project, "1.0.0")

    assert kept == project / RELEASED / "1.0.0"
    assert sorted(file.name for file in kept.iterdir()) == ["adoption-ended.v1.json", "adoption-started.v1.json"]
    assert findings(project, [AdoptionStarted, AdoptionEnded]) == []


def test_every_release_counts_not_only_the_last(project: Path) -> None:
    release(project, "1.0.0")
    release(project, "1.1.0")
    write(project / RELEASED / "1.0.0", AdoptionEnded, without(schema_of(AdoptionEnded), "reason"))

    found = findings(project, [AdoptionStarted, AdoptionEnded])

    assert [(finding.release, finding.schema, finding.broken.path) for finding in found] == [
        ("1.0.0", "adoption-ended.v1.json", "reason")
    ]
    assert found[0].binds
    assert str(found[0]).startswith("adoption-ended.v1.json, against release 1.0.0: reason: ")


def test_a_release_before_1_0_0_is_only_reported(project: Path) -> None:
    release(project, "0.9.0")
    write(project / RELEASED / "0.9.0", AdoptionEnded, without(schema_of(AdoptionEnded), "reason"))

    assert [finding.binds for finding in findings(project, [AdoptionStarted, AdoptionEnded])] == [False]


def test_an_event_that_was_released_may_not_disappear(project: Path) -> None:
    release(project, "1.0.0")

    (found,) = findings(project, [AdoptionStarted])

    assert found.schema == "adoption-ended.v1.json"
    assert "not in the registry any more" in str(found)


def test_releases_are_ordered_by_number_not_by_text(project: Path) -> None:
    for number in ("1.9.0", "1.10.0", "2.0.0"):
        release(project, number)

    assert [folder.name for folder in releases(project)] == ["1.9.0", "1.10.0", "2.0.0"]


@pytest.mark.parametrize("number", ["1.0.0", "0.9.0", "1.0", "eerste", "../1.0.1"])
def test_a_number_that_does_not_come_after_the_last_is_refused(project: Path, number: str) -> None:
    release(project, "1.0.0")

    with pytest.raises(NotReleasable):
        release(project, number)
    assert [folder.name for folder in releases(project)] == ["1.0.0"]
