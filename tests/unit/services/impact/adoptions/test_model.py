"""What is known of an adoption, and does it end alike however streams are interleaved?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.impact.adoptions import model
from services.impact.adoptions.model import (
    Adoption,
    Assessed,
    GemeenteName,
    assessed,
    ended,
    funded,
    named,
    reopened,
    started,
)
from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    Event,
    EventData,
    FundingReopened,
    FundingSecured,
    OrganisationChanged,
    ProjectAssessed,
    ReopenedBecause,
)
from shared.contracts.vocabulary import Criterion, EvidenceLevel, PartnerKind, Verdict

ADOPTION, PROJECT, TOWN = UUID(int=2), UUID(int=4), UUID(int=3)
START, STOP = date(2026, 1, 1), date(2027, 1, 1)
BEGUN = AdoptionStarted(
    adoption=ADOPTION, gemeente="GM0518", gemeente_organisation=TOWN, project=PROJECT, project_version=1,
    budget_euro=100, may_be_named=True, started_on=START,
)  # fmt: skip
UNNAMED = BEGUN.model_copy(update={"may_be_named": False})
STOPPED = AdoptionEnded(adoption=ADOPTION, gemeente="GM0518", project=PROJECT, reason="Klaar", ended_on=STOP)
MONEY: dict[str, Any] = {"adoption": ADOPTION, "budget_euro": 100, "firm_euro": 100, "gap_euro": 0, "on": START}
SECURED = FundingSecured(**MONEY)
REOPENED = FundingReopened(**MONEY, because=ReopenedBecause.LAPSED)

STEPS: dict[type[EventData], Callable[..., Any]] = {
    AdoptionStarted: started, FundingSecured: funded, FundingReopened: reopened, AdoptionEnded: ended,
    ProjectAssessed: assessed, OrganisationChanged: named,
}  # fmt: skip


def verdict(version: int, of: Verdict) -> ProjectAssessed:
    return ProjectAssessed.model_validate({
        "assessment": uuid5(PROJECT, str(version)), "project": PROJECT, "project_version": version,
        "framework_version": 1, "verdict": of, "evidence_level": EvidenceLevel.WELL_FOUNDED,
        "reasons": [{"criterion": c, "reason": "Het werkt"} for c in Criterion],
        "decided_on": START, "released_on": START, "valid_until": STOP,
    })  # fmt: skip


def organisation(name: str, of: UUID = TOWN, gemeente: str | None = "GM0518") -> OrganisationChanged:
    return OrganisationChanged(organisation=of, name=name, kind=PartnerKind.GEMEENTE, gemeente=gemeente)


def heard(data: EventData) -> Event[Any]:
    return Event(UUID(int=1), data.entity, 1, datetime(2026, 11, 24, tzinfo=UTC), data)


def say(*_: object) -> None: ...


def after(*told: EventData) -> dict[UUID, Any]:
    """What is held of each entity when these events have come, in this order."""
    held: dict[UUID, Any] = {}
    for data in told:
        stepped = STEPS[type(data)](held.get(data.entity), heard(data), say)
        if stepped is not None:
            held[data.entity] = stepped
    return held


def test_an_adoption_is_known_from_its_start_and_ends_for_good() -> None:
    assert after(BEGUN)[ADOPTION] == Adoption(ADOPTION, "GM0518", PROJECT, True, START, None, TOWN, 1)
    over = after(BEGUN, SECURED, STOPPED, UNNAMED)[ADOPTION]
    assert (over.may_be_named, over.ended_on, over.is_funded) == (False, STOP, True)


def test_funding_comes_and_goes() -> None:
    turns = [after(BEGUN, *told)[ADOPTION].is_funded for told in ((), (SECURED,), (SECURED, REOPENED))]
    assert turns == [False, True, False]


def test_an_adoption_of_which_only_the_end_is_heard_is_not_named() -> None:
    assert after(STOPPED)[ADOPTION] == Adoption(ADOPTION, "GM0518", PROJECT, ended_on=STOP)
    assert after(SECURED) == after(REOPENED) == {}


def test_only_gemeenten_are_kept_by_name() -> None:
    fund = UUID(int=9)
    assert after(organisation("Een fonds", fund, None)) == {}
    assert after(organisation("Den Haag"), organisation("Gemeente Den Haag"))[TOWN] == GemeenteName(
        TOWN, "GM0518", "Gemeente Den Haag"
    )


def test_the_latest_word_of_the_board_on_a_version_counts() -> None:
    first, second = verdict(1, Verdict.NOT_NOW), verdict(2, Verdict.ADOPT)
    held = after(first, second, verdict(1, Verdict.NO))
    assert held[first.assessment].verdict is Verdict.NO
    assert held[second.assessment] == Assessed(
        second.assessment, PROJECT, 2, Verdict.ADOPT, EvidenceLevel.WELL_FOUNDED, STOP
    )


@pytest.mark.parametrize(
    ("adopted", "caller", "is_own"),
    [
        ("GM0518", "GM0518", True),
        ("GM0518", "GM0599", False),
        ("GM0363", "GM0457", True),
        ("GM0457", "GM0363", True),
        ("GM9999", "GM9999", False),
        ("GM0518", "", False),
    ],
)
def test_an_adoption_is_of_its_gemeente_also_after_a_merger(adopted: str, caller: str, is_own: bool) -> None:
    assert Adoption(ADOPTION, adopted, PROJECT).is_of(caller, START) is is_own


def test_an_adoption_under_an_old_code_is_kept_under_the_new_one() -> None:
    weesp = BEGUN.model_copy(update={"gemeente": "GM0457"})
    assert after(weesp)[ADOPTION].gemeente == "GM0363"
    assert model.code_on("GM0457", date(2021, 1, 1)) == "GM0457"


# Within a stream the order is exact; across streams there is none.
LIVES: dict[str, list[EventData]] = {
    "adoption": [BEGUN, SECURED, REOPENED, UNNAMED, SECURED, STOPPED],
    "version 1": [verdict(1, Verdict.NOT_NOW), verdict(1, Verdict.ADOPT)],
    "version 2": [verdict(2, Verdict.ADOPT), verdict(2, Verdict.NO)],
    "gemeente": [organisation("Den Haag"), organisation("Gemeente Den Haag")],
}


@given(st.permutations([life for life, events in LIVES.items() for _ in events]))
def test_any_interleaving_of_streams_ends_alike(turns: list[str]) -> None:
    left = {life: iter(events) for life, events in LIVES.items()}
    assert after(*(next(left[life]) for life in turns)) == after(*(e for events in LIVES.values() for e in events))
