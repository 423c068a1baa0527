"""Terms in whole years, as people count them: from a day to the same day of a later year. Pure."""

from __future__ import annotations

from datetime import date


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 28 February where that year has no 29th. The calendar ends with the year 9999."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)
