"""The one list of what is said."""

import inspect

import pytest

from shared.contracts import events
from shared.contracts.event import EventData, Stream
from shared.contracts.registry import EVENTS, TOPICS, Declared, event_named, events_of, said_by, superseded_by


def test_every_event_that_is_exported_is_listed_once() -> None:
    exported = {
        kind
        for kind in vars(events).values()
        if inspect.isclass(kind) and issubclass(kind, EventData) and kind is not EventData
    }

    assert sorted(declared.event.__name__ for declared in EVENTS) == sorted(kind.__name__ for kind in exported)


def test_an_event_is_found_by_its_cloudevents_type() -> None:
    assert event_named("nl.schuldhulpprojecten.funding-secured.v1") is events.FundingSecured
    assert event_named("nl.schuldhulpprojecten.funding-secured.v2") is None


def test_types_are_unique() -> None:
    assert len({declared.event.ce_type() for declared in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("stream", Stream)
def test_every_stream_has_a_topic_with_one_owner_who_says_something_on_it(stream: Stream) -> None:
    topic = TOPICS[stream]

    assert topic.stream is stream
    assert topic.name == stream.topic
    assert set(events_of(stream)) <= set(said_by(topic.owner))
    assert events_of(stream)


def test_matching_says_what_happens_to_organisations_and_adoptions() -> None:
    assert said_by("matching") == (
        events.OrganisationChanged,
        events.AdoptionStarted,
        events.PartnershipFormed,
        events.FundingSecured,
        events.FundingReopened,
        events.AdoptionEnded,
    )


def test_the_subject_is_a_field_of_every_event() -> None:
    assert [
        declared.event.__name__ for declared in EVENTS if declared.event.ENTITY not in declared.event.model_fields
    ] == []


@pytest.mark.parametrize("declared", EVENTS, ids=lambda declared: declared.event.__name__)
def test_every_event_says_what_has_happened_in_one_sentence(declared: Declared) -> None:
    assert declared.summary[0].isupper()
    assert declared.summary.endswith(".")


@pytest.mark.parametrize("declared", EVENTS, ids=lambda declared: declared.event.__name__)
def test_two_versions_of_one_fact_share_topic_subject_and_name(declared: Declared) -> None:
    older = declared.supersedes
    siblings = [other.event for other in EVENTS if other.event.TYPE == declared.event.TYPE]

    assert (older is None) == (min(event.VERSION for event in siblings) == declared.event.VERSION)
    if older is not None:
        assert superseded_by(older) is declared.event
        assert (older.TYPE, older.STREAM, older.ENTITY) == (
            declared.event.TYPE,
            declared.event.STREAM,
            declared.event.ENTITY,
        )
        assert older.VERSION < declared.event.VERSION


def test_nothing_is_superseded_yet() -> None:
    assert superseded_by(events.ProjectSubmitted) is None
