"""Who is declared is read whole; what cannot be used is named, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.access import BadAccess, read_access

DECLARED = Path(__file__).parents[4] / "deploy" / "kafka" / "access.yaml"
FUND = "publishers: [{name: fonds, oin: '00000099000000010002', publishes: [%s]}]"


def written(folder: Path, text: str) -> Path:
    file = folder / "access.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_examples_can_be_read() -> None:
    access = read_access(DECLARED)

    gemeente = access.publishers["voorbeeld-gemeente"]
    assert gemeente.inbound_topics == (
        "inbound.voorbeeld-gemeente.adoption-started",
        "inbound.voorbeeld-gemeente.impact-recorded",
    )
    assert gemeente.refusals_topic == "refusals.voorbeeld-gemeente"
    assert access.subscribers["voorbeeld-dashboard"].streams == {"releases"}
    assert access.subscribers["voorbeeld-dashboard"].group_prefix == "voorbeeld-dashboard."


def test_a_right_covers_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    right = (
        read_access(written(tmp_path, FUND % "{event: funding-secured, gemeenten: [GM0518], projects: all}"))
        .publishers["fonds"]
        .right_to("funding-secured")
    )

    assert right is not None
    assert right.gemeenten.covers("GM0518")
    assert not right.gemeenten.covers("GM0599")
    assert right.projects.covers("whatever")
    assert not right.organisations.covers("0198f000-0000-7000-8000-000000000001"), "it was not declared"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (FUND % "{event: koffie}", ["fonds: there is no event koffie"]),
        (FUND % "{event: project-assessed}", ["needs `delegation`"]),
        (FUND % "{event: funding-secured}, {event: funding-secured}", ["funding-secured stands there 2 times"]),
        (FUND % "{event: funding-secured, gemeenten: [Den Haag]}", ["publishers.0.publishes.0.gemeenten"]),
        (FUND % "", ["publishers.0.publishes"]),
        ("subscribers: [{name: a}, {name: a}]", ["a is declared 2 times"]),
        ("subscribers: [{name: a, streams: [wolken]}]", ["a: there is no stream wolken"]),
        ("subscribers: [{name: 'A b'}, {name: c, extra: 1}]", ["subscribers.0.name", "subscribers.1.extra"]),
        ("publishers: [", ["is no YAML"]),
    ],
)
def test_every_fault_is_named(tmp_path: Path, text: str, faults: list[str]) -> None:
    with pytest.raises(BadAccess) as refused:
        read_access(written(tmp_path, text))

    assert [fault for fault in faults if fault not in str(refused.value)] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadAccess, match=r"nowhere[.]yaml cannot be read"):
        read_access(tmp_path / "nowhere.yaml")
