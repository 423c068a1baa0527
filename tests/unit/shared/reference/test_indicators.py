"""What is measured, and which figures may be shown to everybody?"""

import pytest

from shared.reference import Direction, Figure, UnknownIndicator, indicator, indicators


def test_there_are_24_indicators_each_defined_and_sourced() -> None:
    assert len(indicators()) == 24
    assert all(i.name and i.definition and i.unit and i.source for i in indicators().values())
    assert {level for i in indicators().values() for level in i.levels} == {"gemeente", "project"}


def test_a_percentage_is_what_is_counted_in_percent_and_an_amount_what_is_counted_in_euro() -> None:
    for found in indicators().values():
        assert (found.figure is Figure.PERCENTAGE) == (found.unit == "procent")
        assert (found.figure is Figure.AMOUNT) == (found.unit == "euro")


def test_a_mean_number_of_creditors_is_not_a_count() -> None:
    assert indicator("schuldeisers_gem").figure is Figure.MEAN
    assert indicator("aanmeldingen").figure is Figure.COUNT


def test_people_and_percentages_are_public_amounts_means_and_events_not_yet() -> None:
    public = {code for code, found in indicators().items() if found.is_public_now}
    assert {"aanmeldingen", "schuldenvrij_uitgestroomd", "werk_of_opleiding_pct"} < public
    assert public.isdisjoint(
        {"gemiddelde_schuld_eur", "baten_kosten_ratio", "wachttijd_dagen", "huisuitzettingen_voorkomen"}
    )
    assert len(public) == 14


def test_an_indicator_says_which_way_is_better() -> None:
    assert indicator("uitval_pct").direction is Direction.LOWER
    assert indicator("aanmeldingen").direction is Direction.NEUTRAL


def test_an_indicator_that_does_not_exist_is_refused_in_words() -> None:
    with pytest.raises(UnknownIndicator, match="Er is geen indicator met code geluk"):
        indicator("geluk")
