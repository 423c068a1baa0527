"""When does a term of years end?"""

from datetime import date

from shared.terms import years_after


def test_a_term_of_years_ends_on_the_same_day() -> None:
    assert years_after(date(2026, 11, 24), 3) == date(2029, 11, 24)


def test_from_a_leap_day_it_ends_on_the_last_of_february() -> None:
    assert years_after(date(2028, 2, 29), 3) == date(2031, 2, 28)
    assert years_after(date(2028, 2, 29), 4) == date(2032, 2, 29)


def test_a_term_that_would_outlast_the_calendar_ends_with_it() -> None:
    assert years_after(date(9999, 12, 31), 2) == date.max
