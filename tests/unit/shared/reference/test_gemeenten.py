"""Is the country complete, and does it hang together? (figures: data/README of the facts)"""

from datetime import date

import pytest

from shared.reference import Column, UnknownGemeente, current_code, gemeente, gemeenten
from shared.reference.tables import rows
from shared.refusals import Invalid

ALL = gemeenten().values()


def test_there_are_342_gemeenten_and_they_add_up_to_the_national_figures() -> None:
    assert len(gemeenten()) == len({g.name for g in ALL}) == 342
    assert sum(g.population for g in ALL) == 17_942_942
    assert sum(g.households for g in ALL) == 8_374_404
    assert sum(g.population_2021 for g in ALL) == 17_475_415


def test_a_code_stands_in_the_table_once_and_in_its_address() -> None:
    codes = [row["code"] for row in rows("gemeenten")]
    assert len(codes) == len(set(codes)) == 342
    assert all(g.uri == f"https://identifier.overheid.nl/tooi/id/gemeente/{g.code.lower()}" for g in ALL)


def test_who_borders_on_another_is_bordered_by_it_and_only_islands_border_on_none() -> None:
    assert all(g.code in gemeente(other).neighbours for g in ALL for other in g.neighbours)
    assert {g.short_name for g in ALL if not g.neighbours} == {"Ameland", "Schiermonnikoog", "Texel"}


def test_figures_are_those_of_cbs_and_what_is_not_published_is_absent_not_zero() -> None:
    the_hague = gemeente("GM0518")
    assert (the_hague.short_name, the_hague.province_name, the_hague.urbanity) == ("Den Haag", "Zuid-Holland", 1)
    assert set(the_hague.figures) == set(Column)
    missing = {column: sum(column not in g.figures for g in ALL) for column in Column}
    assert {c: n for c, n in missing.items() if n} == {Column.INCOME: 3, Column.BIJSTAND: 1, Column.WMO: 16}
    groningen = gemeente("GM0014").figures
    assert groningen[Column.LOW_INCOME] == 11.2
    assert groningen[Column.AGE_0_15] == pytest.approx(100 * 28_256 / 243_768)


def test_each_figure_names_the_source_that_must_be_credited() -> None:
    assert Column.LOW_INCOME.source == "CBS, Kerncijfers wijken en buurten 2021"
    assert (Column.INCOME.period, Column.AGE_15_25.period) == ("2024", "2021")


@pytest.mark.parametrize("code", ["GM9999", "gm0518", "", "NL", "GM0457"])
def test_a_code_that_no_gemeente_has_is_refused_in_words(code: str) -> None:
    with pytest.raises(UnknownGemeente, match="Er is geen gemeente met code") as refused:
        gemeente(code)
    assert isinstance(refused.value, Invalid)
    assert refused.value.faults[0].field == "gemeente"


def test_a_gemeente_keeps_its_code_until_the_day_on_which_it_merges() -> None:
    weesp, amsterdam = "GM0457", "GM0363"
    assert current_code(weesp, date(2022, 3, 23)) == weesp
    assert current_code(weesp, date(2022, 3, 24)) == amsterdam
    assert current_code(amsterdam, date(2021, 1, 1)) == amsterdam


def test_every_gemeente_that_merged_goes_on_as_one_of_today() -> None:
    merged = [row["code"] for row in rows("herindelingen")]
    assert len(merged) == 14
    assert not set(merged) & set(gemeenten())
    assert {current_code(code, date(2024, 1, 1)) for code in merged} < set(gemeenten())


def test_a_code_that_never_was_has_no_successor() -> None:
    with pytest.raises(UnknownGemeente):
        current_code("GM0000", date(2024, 1, 1))
