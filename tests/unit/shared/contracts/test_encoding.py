"""How an event stands on the wire."""

import json
from decimal import Decimal

import pytest

from shared.contracts.encoding import MAX_DATA_BYTES, EventTooLarge, encoded
from shared.contracts.events import AdoptionEnded, ImpactRecorded, ProjectSubmitted
from shared.contracts.example import example_of
from shared.refusals import Invalid

RECORDED = ImpactRecorded.model_validate(example_of(ImpactRecorded).data.model_dump())
SUBMITTED = ProjectSubmitted.model_validate(example_of(ProjectSubmitted).data.model_dump())


def test_names_are_camel_case_and_there_is_no_white_space() -> None:
    ended = example_of(AdoptionEnded).data

    assert encoded(ended) == (
        b'{"adoption":"019bd2f0-4c00-7000-8000-000000000003","gemeente":"GM0518",'
        b'"project":"019bd2f0-4c00-7000-8000-000000000001",'
        b'"reason":"De aanpak is nu vast werk van de gemeente.","endedOn":"2028-02-29"}'
    )


def test_what_is_none_is_left_out_at_every_depth_and_read_as_none() -> None:
    bare = RECORDED.model_copy(
        update={"breakdown": None, "provenance": RECORDED.provenance.model_copy(update={"link": None})}
    )
    wire = encoded(bare)

    assert b"null" not in wire
    assert ImpactRecorded.model_validate_json(wire) == bare


@pytest.mark.parametrize(
    ("figure", "text"),
    [("12.50", "12.50"), ("1E+3", "1000"), ("-0.05", "-0.05"), ("999999999999.99", "999999999999.99")],
)
def test_an_exact_figure_travels_as_plain_digits(figure: str, text: str) -> None:
    wire = encoded(RECORDED.model_copy(update={"value": Decimal(figure)}))

    assert json.loads(wire)["value"] == text
    assert ImpactRecorded.model_validate_json(wire).value == Decimal(figure)


def test_an_event_of_exactly_64_kb_may_be_said_and_one_byte_more_may_not() -> None:
    room = MAX_DATA_BYTES - len(encoded(SUBMITTED.model_copy(update={"summary": ""})))

    assert len(encoded(SUBMITTED.model_copy(update={"summary": "x" * room}))) == MAX_DATA_BYTES
    with pytest.raises(EventTooLarge):
        encoded(SUBMITTED.model_copy(update={"summary": "x" * (room + 1)}))


def test_size_is_counted_in_bytes_not_in_characters() -> None:
    with pytest.raises(EventTooLarge):
        encoded(SUBMITTED.model_copy(update={"summary": "é" * (MAX_DATA_BYTES // 2)}))


def test_whoever_wrote_too_much_is_told_how_much_it_is_and_what_to_do() -> None:
    beside = len(encoded(SUBMITTED.model_copy(update={"summary": ""})))
    with pytest.raises(Invalid) as refused:
        encoded(SUBMITTED.model_copy(update={"summary": "x" * (71_000 - beside)}))

    assert refused.value.title == "Het bericht is te groot"
    assert "71.000 bytes" in refused.value.detail
    assert "64.000" in refused.value.detail
    assert "link" in refused.value.detail
