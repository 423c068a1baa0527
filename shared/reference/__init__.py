"""Versioned reference data: gemeenten and provinces with their succession, and the indicators. Resolved at read."""

from shared.reference.columns import COLUMNS_OF, Column
from shared.reference.gemeenten import Gemeente, UnknownGemeente, gemeente, gemeenten
from shared.reference.indicators import Direction, Figure, Indicator, UnknownIndicator, indicator, indicators
from shared.reference.regions import COUNTRY, Nearness, covers, is_region, nearness, places, provinces
from shared.reference.succession import current_code

__all__ = [
    "COLUMNS_OF",
    "COUNTRY",
    "Column",
    "Direction",
    "Figure",
    "Gemeente",
    "Indicator",
    "Nearness",
    "UnknownGemeente",
    "UnknownIndicator",
    "covers",
    "current_code",
    "gemeente",
    "gemeenten",
    "indicator",
    "indicators",
    "is_region",
    "nearness",
    "places",
    "provinces",
]
