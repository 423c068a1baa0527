"""Before anything is done or kept it is known what an event is, whether it is free of persons, and whether it may be said."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from shared.access import Publisher, Right, Scope
from shared.contracts import events
from shared.contracts.encoding import encoded
from shared.contracts.event import EventData
from shared.contracts.events import AdoptionStarted, FundingSecured
from shared.contracts.example import example_of
from shared.publishing.arriving import Came, canonical
from shared.publishing.covering import NAMING, named_in
from shared.publishing.taking import Offer, take
from shared.publishing.weighing import OF_PERSONS, Ready, Weighed, takings_of, weighed
from shared.refusals import Fault, Refusal
from shared.storage import Transaction

ALL, NONE = Scope(everything=True), Scope()
FROM_OUTSIDE = (
    events.ProjectSubmitted,
    events.ProjectAssessed,
    events.AdoptionStarted,
    events.FundingSecured,
    events.ImpactRecorded,
)


async def unasked(tx: Transaction, offer: Offer[Any]) -> UUID:
    """Nobody gets so far."""
    raise NotImplementedError


TAKES = takings_of([take(AdoptionStarted, unasked), take(FundingSecured, unasked)])


def example(event: type[EventData] = AdoptionStarted, **changed: Any) -> dict[str, Any]:
    """Data that is right, with some of it changed."""
    data: dict[str, Any] = json.loads(encoded(example_of(event).data))
    return {**data, **changed}


def publisher(gemeenten: Scope = NONE, projects: Scope = NONE, organisations: Scope = NONE) -> Publisher:
    """One that may publish adoptions."""
    return Publisher(
        "gemeente", "00000099000000010001", (Right("adoption-started", gemeenten, projects, organisations),)
    )


ANYTHING = publisher(gemeenten=ALL, projects=ALL, organisations=ALL)


def weigh(data: object, by: Publisher | None = ANYTHING, **attributes: Any) -> Weighed:
    """An adoption that came, weighed."""
    named = {"source": "https://gemeente.nl", "id": "1", "type": AdoptionStarted.ce_type(), **attributes}
    return weighed(Came(**named, data=data), "gemeente", by, TAKES)


def refusal(found: Weighed) -> Refusal:
    """Why it is refused."""
    assert isinstance(found.outcome, Refusal), found.outcome
    return found.outcome


def fields(found: Weighed) -> set[str]:
    """Where it is wrong."""
    return {fault.field for fault in refusal(found).faults}


def test_what_is_whole_and_covered_may_be_offered() -> None:
    found = weigh(example()).outcome
    assert isinstance(found, Ready)
    assert isinstance(found.data, AdoptionStarted)
    assert (found.publisher, found.right.event) == (ANYTHING, "adoption-started")


def test_every_field_that_is_wrong_is_named_as_it_stands_in_the_event() -> None:
    found = weigh(example(gemeente="Den Haag", budgetEuro=-1, startedOn="gisteren"))
    assert fields(found) == {"data.gemeente", "data.budgetEuro", "data.startedOn"}
    assert "Den Haag" not in str(refusal(found).faults)


def test_faults_of_the_attributes_and_of_the_data_come_together() -> None:
    came = Came("s", None, AdoptionStarted.ce_type(), example(gemeente="x"), (Fault("id", "Dit is verplicht."),))
    assert fields(weighed(came, "gemeente", ANYTHING, TAKES)) == {"id", "data.gemeente"}


@pytest.mark.parametrize("data", ["tekst", 5, ["x"], True, {}])
def test_data_that_is_no_adoption_is_refused(data: object) -> None:
    assert refusal(weigh(data)).faults


def test_data_of_persons_is_refused_and_leaves_not_even_a_hash() -> None:
    found = weigh(example(extra={"toelichting": "Van BSN 123456782"}))
    assert fields(found) == {"data.extra.toelichting"}
    assert found.fingerprint == OF_PERSONS
    assert "123456782" not in str(refusal(found).faults)


def test_a_person_in_the_id_is_not_kept_there_either() -> None:
    found = weigh(example(), id="123456782")
    assert (found.id, fields(found)) == (None, {"id"})


def test_data_that_no_event_can_carry_is_refused_unread() -> None:
    assert fields(weigh(example(extra="x" * 70_000))) == {"data"}


def test_a_type_of_another_service_is_sent_there() -> None:
    found = weigh({}, type=events.ImpactRecorded.ce_type())
    assert fields(found) == {"type"}
    (fault,) = refusal(found).faults
    assert "impact" in fault.message
    assert AdoptionStarted.ce_type() in fault.message


def test_a_topic_takes_the_event_that_it_is_named_after_and_no_other() -> None:
    came = Came("s", "1", FundingSecured.ce_type(), {})
    found = weighed(came, "gemeente", ANYTHING, TAKES, only="adoption-started")
    assert fields(found) == {"type"}


def test_who_is_not_declared_or_has_no_right_to_the_type_is_told_whom_to_ask() -> None:
    assert "beheerder" in refusal(weigh(example(), by=None)).detail
    other = Publisher("fonds", "00000099000000010002", (Right("funding-secured"),))
    assert "adoption-started" in refusal(weigh(example(), by=other)).detail


def test_everything_that_the_right_does_not_cover_is_named_at_once() -> None:
    data = example()
    assert fields(weigh(data, by=publisher())) == {"data.gemeente", "data.gemeenteOrganisation", "data.project"}
    own = publisher(gemeenten=Scope(frozenset({data["gemeente"]})), projects=ALL)
    assert fields(weigh(data, by=own)) == {"data.gemeenteOrganisation"}


def test_two_ways_to_write_the_same_data_are_the_same_event() -> None:
    data = example()
    turned = dict(reversed(data.items()))
    assert weigh(data).fingerprint == weigh(turned).fingerprint
    assert weigh(data).fingerprint != weigh({**data, "budgetEuro": 1}).fingerprint
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


@pytest.mark.parametrize("event", FROM_OUTSIDE, ids=lambda event: event.__name__)
def test_whatever_an_event_from_outside_names_is_looked_at(event: type[EventData]) -> None:
    """A new field for a gemeente, project or organisation must stand in NAMING; what speaks for nobody, here."""
    speaks_for_nobody = {"adoption", "observation", "assessment", "commitment", "id", "evidence", "regions"}
    kinds = ("UUID", "GM[0-9]{4}")
    unseen = {
        name
        for model in _models(event)
        for name, field in model.model_fields.items()
        if any(kind in f"{field.annotation}{field.metadata}" for kind in kinds)
        and name not in NAMING
        and name not in speaks_for_nobody
    }
    assert unseen == set()
    assert list(named_in(example_of(event).data))


def _models(event: type[EventData]) -> list[Any]:
    """The event and the parts that it is made of."""
    found: list[Any] = []
    waiting: list[Any] = [event]
    while waiting:
        model = waiting.pop()
        found.append(model)
        for field in model.model_fields.values():
            parts = (field.annotation, *getattr(field.annotation, "__args__", ()))
            waiting += [part for part in parts if hasattr(part, "model_fields")]
    return found
