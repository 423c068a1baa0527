"""Which figures are taken, and how is one corrected or withdrawn?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.impact.adoptions.model import Adoption
from services.impact.indicators.model import Figures
from services.impact.observations.model import (
    AlreadyRecorded,
    AlreadyWithdrawn,
    InvalidObservation,
    NothingCorrected,
    Observation,
    Provenance,
    Recorded,
    Statement,
    record_each,
)
from services.impact.plans.model import Grain, Period, Plan, Plans

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
Q2, Q3 = Period(date(2026, 4, 1), date(2026, 6, 30)), Period(date(2026, 7, 1), date(2026, 9, 30))
ADOPTION = Adoption(UUID(int=2), "GM0518", UUID(int=4), True, date(2026, 1, 1))
PLAN = Plan("aanmeldingen", Grain.QUARTER, Decimal(20), Decimal(60), date(2026, 1, 1), date(2027, 12, 31))
SOURCE = Provenance("Registratie schuldhulp", "Unieke personen geteld bij aanmelding")
STATED = Statement("aanmeldingen", Q3, Figures(value=Decimal(42)), SOURCE)


def books(adoption: Adoption = ADOPTION, plan: Plan | None = PLAN, known: Collection[Period] = ()) -> Recorded:
    """What was recorded before: an adoption with its plan, and the periods over which there are figures."""
    plans = Plans(adoption.id, (plan,) if plan else ())
    return Recorded(adoption, plans, periods=frozenset((STATED.indicator, None, period) for period in known))


def recorded(stated: Statement = STATED, **more: Any) -> Observation:
    return books(**more).record(UUID(int=9), stated, TODAY)


def refused(stated: Statement = STATED, **more: Any) -> set[str]:
    with pytest.raises(InvalidObservation) as refusal:
        recorded(stated, **more)
    return {fault.field for fault in refusal.value.faults}


def test_a_figure_is_recorded_with_its_source_and_told_exactly() -> None:
    told = recorded().told()
    assert (told.observation, told.gemeente, told.project, told.value) == (
        UUID(int=9),
        "GM0518",
        UUID(int=4),
        Decimal(42),
    )
    assert (told.provenance.source, told.withdrawn, told.correction_reason) == (SOURCE.source, False, None)


def test_a_percentage_is_told_as_numerator_and_denominator() -> None:
    told = recorded(replace(STATED, indicator="recidive_pct", figures=Figures(None, 9, 60)), plan=None).told()
    assert (told.value, told.numerator, told.denominator) == (None, 9, 60)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    stated = Statement(
        "recidive_pct",
        Period(date(2026, 12, 31), date(2026, 12, 1)),
        Figures(Decimal("35.5"), 20, 10),
        Provenance(" ", ""),
        " ",
    )
    assert refused(stated, plan=None) == {
        "value", "numerator", "periodEnd", "provenance.source", "provenance.method", "breakdown",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"indicator": "onzin"}, {"indicator"}),
        ({"figures": Figures(value=Decimal(-1))}, {"value"}),
        ({"figures": Figures(value=Decimal("41.5"))}, {"value"}),
        ({"figures": Figures(numerator=4, denominator=10)}, {"value", "numerator", "denominator"}),
        ({"period": Period(date(2026, 10, 1), date(2026, 12, 31))}, {"periodEnd"}),
        ({"period": Period(date(2026, 7, 1), date(2026, 8, 31))}, {"periodStart"}),
        ({"provenance": replace(SOURCE, link="op de schijf")}, {"provenance.link"}),
        ({"provenance": replace(SOURCE, source="x" * 301)}, {"provenance.source"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(wrong: dict[str, Any], fields: set[str]) -> None:
    assert refused(replace(STATED, **wrong)) == fields


def test_without_a_plan_any_period_will_do_as_long_as_none_overlaps_another() -> None:
    odd = replace(STATED, period=Period(date(2026, 7, 15), date(2026, 9, 14)))
    assert recorded(odd, plan=None, known=(Q2,)).period == odd.period
    assert refused(odd, plan=None, known=(Q2, Q3)) == {"periodStart"}


def test_the_same_period_may_be_reported_by_a_second_adoption_of_the_same_gemeente() -> None:
    assert recorded(known=(Q2, Q3)).period == Q3


def test_after_an_adoption_has_ended_only_the_time_before_is_recorded() -> None:
    assert recorded(adoption=replace(ADOPTION, ended_on=date(2026, 8, 1))).figures.count == 42
    assert refused(adoption=replace(ADOPTION, ended_on=date(2026, 6, 30))) == {"periodStart"}


def test_a_correction_is_the_next_version_and_says_why() -> None:
    corrected = recorded().correct(Figures(value=Decimal(44)), SOURCE, "Twee dossiers vergeten", TOMORROW)
    assert (corrected.id, corrected.version, corrected.figures.count) == (UUID(int=9), 2, 44)
    told = corrected.told()
    assert (told.correction_reason, told.recorded_on) == ("Twee dossiers vergeten", TOMORROW)


def test_a_correction_names_every_fault_and_changes_something() -> None:
    with pytest.raises(InvalidObservation) as refusal:
        recorded().correct(Figures(value=Decimal(-4)), Provenance("", ""), " ", TODAY)
    assert {f.field for f in refusal.value.faults} == {"value", "provenance.source", "provenance.method", "reason"}
    with pytest.raises(NothingCorrected):
        recorded().correct(Figures(value=Decimal("42.00")), SOURCE, "Nog eens", TODAY)


def test_a_withdrawn_figure_is_gone_until_it_is_corrected() -> None:
    withdrawn = recorded().withdraw("Dubbel geteld", TODAY)
    assert (withdrawn.version, withdrawn.counts, withdrawn.told().value, withdrawn.told().withdrawn) == (
        2,
        None,
        None,
        True,
    )
    with pytest.raises(AlreadyWithdrawn):
        withdrawn.withdraw("Nog eens", TODAY)
    with pytest.raises(InvalidObservation):
        recorded().withdraw(" ", TODAY)
    back = withdrawn.correct(Figures(value=Decimal(42)), SOURCE, "Toch goed", TOMORROW)
    assert (back.version, back.withdrawn, back.counts) == (3, False, Figures(value=Decimal(42)))


def test_a_breakdown_is_recorded_but_brings_nothing_to_what_is_published() -> None:
    assert recorded(replace(STATED, breakdown="jongeren")).counts is None
    assert recorded().counts == STATED.figures


def test_a_figure_is_kept_as_short_as_it_can_be_written() -> None:
    assert str(recorded(replace(STATED, figures=Figures(value=Decimal("42.00")))).figures.value) == "42"
    euro = replace(STATED, indicator="gemiddelde_schuld_eur", figures=Figures(value=Decimal("1E+3")))
    assert str(recorded(euro, plan=None).figures.value) == "1000"


def test_a_period_is_recorded_once_also_after_it_was_withdrawn() -> None:
    taken = books().including(recorded())
    with pytest.raises(AlreadyRecorded):
        taken.record(UUID(int=10), STATED, TODAY)
    withdrawn = replace(taken, periods=frozenset())
    with pytest.raises(AlreadyRecorded):
        withdrawn.record(UUID(int=10), STATED, TODAY)
    assert taken.record(UUID(int=10), replace(STATED, breakdown="jongeren"), TODAY).breakdown == "jongeren"


def test_a_withdrawn_figure_does_not_come_back_over_days_that_were_taken_meanwhile() -> None:
    withdrawn = recorded().withdraw("Dubbel geteld", TODAY)
    august = Period(date(2026, 8, 1), date(2026, 8, 31))
    with pytest.raises(AlreadyRecorded):
        withdrawn.correct(STATED.figures, SOURCE, "Toch goed", TOMORROW, [august])
    assert withdrawn.correct(STATED.figures, SOURCE, "Toch goed", TOMORROW, [Q2, Q3]).version == 3


def test_of_several_each_stands_alone_and_knows_of_those_before_it() -> None:
    wrong = replace(STATED, figures=Figures(value=Decimal(-1)))
    ids = [UUID(int=number) for number in (1, 2, 3, 4)]
    outcomes = record_each(books(plan=None), [STATED, wrong, STATED, replace(STATED, period=Q2)], ids, TODAY)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Observation, InvalidObservation, AlreadyRecorded, Observation]
    half = replace(STATED, period=Period(date(2026, 8, 1), date(2026, 8, 31)))
    refused_too = record_each(books(plan=None), [STATED, half], ids[:2], TODAY)[1]
    assert isinstance(refused_too, InvalidObservation)
    assert {fault.field for fault in refused_too.faults} == {"periodStart"}
