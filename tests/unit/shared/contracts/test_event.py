"""What an event refuses, so that whoever hears it can always store it."""

from datetime import datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.contracts.events import ImpactPublished, ProjectSubmitted
from shared.contracts.example import example_of

SUBMITTED = example_of(ProjectSubmitted).data.model_dump()
PUBLISHED = example_of(ImpactPublished).data.model_dump()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "met een \x00 erin"),
        ("summary", "x" * 4001),
        ("regions", ("GM٠٥١٨",)),
        ("regions", ("gm0518",)),
        ("effort_fte", float("inf")),
        ("effort_fte", float("nan")),
        ("phases", ()),
        ("cost_euro", -1),
    ],
)
def test_a_submission_cannot_hold(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        ProjectSubmitted.model_validate({**SUBMITTED, field: value})

    assert {error["loc"][0] for error in refused.value.errors()} <= {field, ProjectSubmitted.model_fields[field].alias}


def test_a_moment_without_a_time_zone_is_no_moment() -> None:
    with pytest.raises(ValidationError):
        ImpactPublished.model_validate({**PUBLISHED, "released_at": datetime(2026, 7, 7, 6, 0)})  # noqa: DTZ001 - the point


def test_a_published_figure_is_rounded_to_five() -> None:
    with pytest.raises(ValidationError):
        ImpactPublished.model_validate({**PUBLISHED, "shown_numerator": 63})


def test_what_a_newer_speaker_adds_is_ignored() -> None:
    known = example_of(ProjectSubmitted).data
    wire = {**known.model_dump(by_alias=True), "colour": "blue"}

    assert ProjectSubmitted.model_validate(wire) == known


def test_an_event_takes_the_state_from_what_has_its_fields() -> None:
    known = example_of(ProjectSubmitted).data

    assert ProjectSubmitted.of(known, title="Anders").title == "Anders"
    assert ProjectSubmitted.of(known) == known


def test_an_event_knows_its_type_its_schema_and_its_entity() -> None:
    submitted = example_of(ProjectSubmitted).data

    assert submitted.ce_type() == "nl.schuldhulpprojecten.project-submitted.v1"
    assert submitted.dataschema() == "https://schuldhulpprojecten.nl/schemas/project-submitted.v1.json"
    assert submitted.entity == UUID("019bd2f0-4c00-7000-8000-000000000001")
