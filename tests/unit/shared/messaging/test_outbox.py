"""What is said gets versions without gaps within its entity, in the order in which it was said."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.encoding import EventTooLarge
from shared.contracts.event import EventData
from shared.contracts.events import AdoptionEnded, ProjectSubmitted
from shared.contracts.example import example_of
from shared.messaging.outbox import NotDeclared, Outbox
from shared.persons import PersonDataFound
from shared.storage import Cause, Said
from tests.messaging import SOURCE, ended, outbox, withdrawn

ENTITIES = st.integers(min_value=1, max_value=5).map(lambda number: UUID(int=number))
EVENTS = st.builds(lambda kind, entity: kind(entity), st.sampled_from([ended, withdrawn]), ENTITIES)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def numbered(all_said: list[EventData], said_before: dict[tuple[int, UUID], int]) -> list[tuple[int, UUID, int]]:
    """The versions that the statement SPEAK gives, computed as Postgres computes them."""
    spoken = outbox().spoken([Said(data, None) for data in all_said])
    keys = list(zip(spoken.streams, spoken.entities, strict=True))
    last = [said_before.get(key, 0) + count for key, count in zip(keys, spoken.counts, strict=True)]
    places = zip(spoken.nths, spoken.backs, strict=True)
    return [(*keys[nth - 1], last[nth - 1] - back) for nth, back in places]


@given(said=st.lists(EVENTS, min_size=1, max_size=30), before=st.integers(min_value=0, max_value=7))
def test_versions_rise_by_one_within_each_entity_in_the_order_of_saying(said: list[EventData], before: int) -> None:
    standing = {(int(data.STREAM), data.entity): before for data in said}

    versions: dict[tuple[int, UUID], list[int]] = {}
    for data, (stream, entity, version) in zip(said, numbered(said, standing), strict=True):
        assert (stream, entity) == (int(data.STREAM), data.entity)
        versions.setdefault((stream, entity), []).append(version)

    for found in versions.values():
        assert found == list(range(before + 1, before + 1 + len(found)))


@given(said=st.lists(EVENTS, min_size=1, max_size=30))
def test_entities_are_locked_in_one_order_and_once_each(said: list[EventData]) -> None:
    spoken = outbox().spoken([Said(data, None) for data in said])
    keys = list(zip(spoken.streams, spoken.entities, strict=True))

    assert keys == sorted(set(keys))


def test_the_causes_travel_as_headers() -> None:
    spoken = outbox().spoken([Said(ended(UUID(int=1)), Cause(UUID(int=2), UUID(int=3), TRACE))])

    assert json.loads(spoken.headers[0]) == {
        "ce_type": AdoptionEnded.ce_type(),
        "ce_source": SOURCE,
        "ce_correlationid": str(UUID(int=2)),
        "ce_causationid": str(UUID(int=3)),
        "ce_traceparent": TRACE,
    }


def test_what_has_no_cause_names_none() -> None:
    spoken = outbox().spoken([Said(ended(UUID(int=1)), None), Said(ended(UUID(int=1)), Cause())])

    assert all(
        not {"ce_correlationid", "ce_causationid", "ce_traceparent"} & set(json.loads(h)) for h in spoken.headers
    )


def test_a_service_says_only_what_it_declares() -> None:
    with pytest.raises(NotDeclared, match="ProjectSubmitted"):
        outbox().spoken([Said(example_of(ProjectSubmitted).data, None)])


def test_an_event_of_more_than_64_kb_is_refused_while_it_is_said() -> None:
    project = example_of(ProjectSubmitted).data
    big = project.model_copy(update={"evidence": project.evidence * 200})  # type: ignore[attr-defined]

    with pytest.raises(EventTooLarge):
        Outbox(SOURCE, [ProjectSubmitted]).spoken([Said(big, None)])


def test_an_event_in_which_a_person_is_recognisable_is_refused_while_it_is_said() -> None:
    with pytest.raises(PersonDataFound):
        outbox().spoken([Said(ended(UUID(int=1), "Van de cliënt met BSN 123456782."), None)])
