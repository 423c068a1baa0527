"""What is a figure of an indicator, and how do several become one?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.impact.indicators.model import Figures, combined
from shared.reference import indicator

COUNT, SHARE, MEAN, SCORE, AMOUNT = (
    indicator(code)
    for code in ("aanmeldingen", "recidive_pct", "wachttijd_dagen", "welbevinden_score", "gemiddelde_schuld_eur")
)


def value(of: str) -> Figures:
    return Figures(value=Decimal(of))


@pytest.mark.parametrize(
    ("of", "figures", "fields"),
    [
        (COUNT, value("42"), set()),
        (COUNT, value("42.00"), set()),
        (COUNT, value("0"), set()),
        (COUNT, value("41.5"), {"value"}),
        (COUNT, value("-1"), {"value"}),
        (COUNT, value("NaN"), {"value"}),
        (COUNT, value("Infinity"), {"value"}),
        (COUNT, value("123456782"), {"value"}),
        (COUNT, Figures(), {"value"}),
        (COUNT, Figures(numerator=1, denominator=2), {"value", "numerator", "denominator"}),
        (SHARE, Figures(numerator=9, denominator=10), set()),
        (SHARE, Figures(numerator=0, denominator=0), set()),
        (SHARE, Figures(numerator=11, denominator=10), {"numerator"}),
        (SHARE, Figures(numerator=-1, denominator=10), {"numerator"}),
        (SHARE, value("35"), {"value", "numerator", "denominator"}),
        (SHARE, Figures(numerator=9), {"denominator"}),
        (MEAN, value("11.25"), set()),
        (MEAN, value("11.255"), {"value"}),
        (MEAN, value("-1"), {"value"}),
        (SCORE, value("-1.5"), set()),
        (AMOUNT, value("40170"), set()),
        (AMOUNT, value("1E+12"), {"value"}),
        (AMOUNT, value("sNaN"), {"value"}),
    ],
)
def test_a_figure_fits_the_kind_of_its_indicator(of: object, figures: Figures, fields: set[str]) -> None:
    assert {fault.field for fault in figures.faults(of)} == fields  # type: ignore[arg-type]  # parametrized


def test_percentages_are_combined_through_numerator_and_denominator_never_averaged() -> None:
    whole = combined(SHARE, [Figures(numerator=9, denominator=10), Figures(numerator=30, denominator=100)])
    assert whole == Figures(numerator=39, denominator=110)


def test_counts_are_added_and_what_has_no_size_cannot_be_combined() -> None:
    assert combined(COUNT, [value("40"), value("2")]) == value("42")
    assert combined(MEAN, [value("11"), value("13")]) is None
    assert combined(MEAN, [value("11")]) == value("11")
    assert combined(COUNT, []) is None
