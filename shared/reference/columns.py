"""The figures of CBS that describe a gemeente: the 20 columns of methods.md A."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.contracts.vocabulary import TargetGroup


class Column(StrEnum):
    """One figure per gemeente. A percentage is 0..100; `_per_1000` is per 1,000 inhabitants; `_x1000_euro` in thousands."""

    POPULATION = "population"
    DENSITY = "density"  # inhabitants per km2 of land
    URBANITY = "urbanity"  # 1 = very urban .. 5 = not urban
    AGE_0_15 = "age_0_15_pct"
    AGE_65_PLUS = "age_65_plus_pct"
    OWNED = "owned_pct"  # homes owned by who lives there
    WOZ = "woz_x1000_euro"  # mean value of a home
    INCOME = "income_x1000_euro"  # mean per inhabitant
    AGE_15_25 = "age_15_25_pct"
    ONE_PERSON = "one_person_pct"  # of households
    DIVORCED = "divorced_pct"
    SOCIAL_HOUSING = "social_housing_pct"  # homes of a housing corporation
    WEALTH = "wealth_x1000_euro"  # median of households
    LOW_INCOME = "low_income_pct"  # of households
    BIJSTAND = "bijstand_per_1000"
    AO = "ao_per_1000"  # disability benefit
    WMO = "wmo_per_1000"  # social support act
    YOUTH_CARE = "youth_care_pct"
    LOW_EDUCATION = "low_education_pct"
    LABOUR = "labour_participation_pct"

    @property
    def period(self) -> str:
        """The year that the figure is about, as published."""
        return "2024" if self in _OF_2024 else "2021"

    @property
    def source(self) -> str:
        """Whom to credit, as it is shown."""
        return f"CBS, Kerncijfers wijken en buurten {self.period}"


_OF_2024 = frozenset(list(Column)[:8])

_POOR, _TENANT = (Column.LOW_INCOME, Column.BIJSTAND), (Column.SOCIAL_HOUSING,)

COLUMNS_OF: Mapping[TargetGroup, tuple[Column, ...]] = {
    TargetGroup.JONGEREN: (Column.AGE_15_25,),
    TargetGroup.LAAG_INKOMEN: _POOR,
    TargetGroup.MULTIPROBLEEM: (Column.AO, Column.WMO),
    TargetGroup.HUURDERS: _TENANT,
    TargetGroup.ALLE: _POOR + _TENANT,
}
"""The figures that tell how many people of a target group a gemeente has (methods.md A)."""
