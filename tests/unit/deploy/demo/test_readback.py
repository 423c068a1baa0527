from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest

from deploy.demo.events import Seen
from deploy.demo.failing import DemoFailed
from deploy.demo.overview import Measured, Money, Overview, differences
from deploy.demo.readback import Log
from shared.contracts.event import EventData
from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    FundingReopened,
    FundingSecured,
    ImpactPublished,
    ImpactRecorded,
    PartnershipFormed,
    ReopenedBecause,
)
from shared.contracts.vocabulary import Means
from tests.told import assessed, submitted

DAY, QUARTER = date(2026, 11, 24), Measured("aanmeldingen", date(2026, 7, 1), date(2026, 9, 30))
PROJECT, ADOPTION, PARTNER, FIGURE, BLOCK = (UUID(int=n) for n in range(1, 6))
STARTED = AdoptionStarted(
    adoption=ADOPTION,
    gemeente="GM0518",
    gemeente_organisation=UUID(int=9),
    project=PROJECT,
    project_version=1,
    budget_euro=50_000,
    may_be_named=True,
    started_on=DAY,
)
PARTNERED = PartnershipFormed(
    adoption=ADOPTION, partnership=UUID(int=8), organisation=PARTNER, role=Means.GELD, confirmed_on=DAY
)
PLAN: dict[str, Any] = {"adoption": ADOPTION, "budget_euro": 50_000, "on": DAY}
SECURED = FundingSecured(**PLAN, firm_euro=60_000, gap_euro=0)
REOPENED = FundingReopened(**PLAN, firm_euro=20_000, gap_euro=30_000, because=ReopenedBecause.LAPSED)


def recorded(value: str | None, withdrawn: bool = False) -> ImpactRecorded:
    return ImpactRecorded.model_validate({
        "observation": FIGURE, "adoption": ADOPTION, "gemeente": "GM0518", "project": PROJECT,
        "indicator": QUARTER.indicator, "period_start": QUARTER.start, "period_end": QUARTER.end,
        "value": None if value is None else Decimal(value), "withdrawn": withdrawn,
        "provenance": {"source": "voorbeeld", "method": "verzonnen"}, "recorded_on": DAY,
    })  # fmt: skip


def published(shown: int | None, release: int = 1) -> ImpactPublished:
    return ImpactPublished.model_validate({
        "block": BLOCK, "release": release, "kind": "gepubliceerd" if shown else "ingetrokken", "project": PROJECT,
        "indicator": QUARTER.indicator, "period_start": QUARTER.start, "period_end": QUARTER.end, "scope": "GM0518",
        "shown": shown, "released_at": datetime(2026, 11, 24, 9, tzinfo=UTC),
    })  # fmt: skip


def log_of(*told: EventData) -> Log:
    return Log.of(numbered([submitted(PROJECT), assessed(PROJECT), STARTED, *told]))


def numbered(told: Iterable[EventData]) -> list[Seen]:
    counts: dict[UUID, int] = {}
    seen = []
    for data in told:
        counts[data.entity] = counts.get(data.entity, 0) + 1
        number = counts[data.entity]
        seen.append(Seen(uuid5(data.entity, str(number)), data.STREAM.topic, data.entity, number, data))
    return seen


def test_an_adoption_is_told_by_its_events_alone() -> None:
    known = log_of(PARTNERED, SECURED, recorded("42"), published(40)).overview(ADOPTION)
    assert (known.gemeente, known.version, known.verdict, known.ended) == ("GM0518", 1, "overnemen", False)
    assert known.partners == {(PARTNER, "geld")}
    assert (known.secured, known.money) == (True, Money(50_000, 60_000, 0))
    assert (known.observed, known.published) == ({QUARTER: "42"}, {QUARTER: "40"})


def test_the_last_event_counts() -> None:
    ended = AdoptionEnded(adoption=ADOPTION, gemeente="GM0518", project=PROJECT, reason="Klaar.", ended_on=DAY)
    known = log_of(SECURED, REOPENED, recorded("42"), recorded("45"), published(40), published(45, 2), ended)
    overview = known.overview(ADOPTION)
    assert (overview.secured, overview.ended) == (False, True)
    assert (overview.observed, overview.published) == ({QUARTER: "45"}, {QUARTER: "45"})


def test_what_was_withdrawn_is_there_no_more() -> None:
    overview = log_of(recorded("42"), recorded(None, withdrawn=True), published(40), published(None, 2)).overview(
        ADOPTION
    )
    assert (overview.observed, overview.published) == ({}, {})


def test_a_redelivered_event_counts_once_and_a_missing_one_stops_the_reader() -> None:
    seen = numbered([submitted(PROJECT), submitted(PROJECT, 2), submitted(PROJECT, 3)])
    assert Log.of([seen[0], seen[0], seen[1], seen[0], seen[2]]).events == 3
    with pytest.raises(DemoFailed, match="verwacht was 2"):
        Log.of([seen[0], seen[2]])
    with pytest.raises(DemoFailed, match="verwacht was 1"):
        Log.of(seen[1:])


SAME = Overview(
    ADOPTION,
    "GM0518",
    "Fonds",
    1,
    "overnemen",
    ended=False,
    partners=frozenset({(PARTNER, "geld")}),
    secured=True,
    money=Money(50_000, 60_000, 0, frozenset({(UUID(int=7), 60_000, "beschikking")})),
    observed={QUARTER: "42"},
    published={QUARTER: "40"},
)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"verdict": "niet"}, "verdict"),
        ({"partners": frozenset()}, "alleen op Kafka"),
        ({"secured": False}, "secured"),
        ({"money": replace(SAME.money or Money(0, 0, 0), firm=1)}, "financiering"),
        ({"observed": {QUARTER: "43"}}, "vastgelegd aanmeldingen"),
        ({"published": {}}, "bij de service verborgen"),
    ],
)
def test_each_difference_is_named(changed: dict[str, Any], word: str) -> None:
    found = list(differences(SAME, replace(SAME, **changed)))
    assert len(found) == 1
    assert word in found[0]


def test_what_changed_in_a_plan_since_it_last_turned_is_no_difference() -> None:
    since = Money(50_000, 65_000, 0, frozenset({(UUID(int=7), 65_000, "beschikking")}))
    assert list(differences(SAME, replace(SAME, money=since))) == []
    assert list(differences(replace(SAME, secured=False, money=None), replace(SAME, secured=False))) == []
