"""Which places lie in which?"""

import pytest

from shared.reference import Nearness, UnknownGemeente, covers, gemeenten, is_region, nearness, provinces


def test_there_are_twelve_provinces_and_every_gemeente_lies_in_one() -> None:
    assert len(provinces()) == 12
    assert provinces()["PV21"] == "Fryslân"
    assert {g.province for g in gemeenten().values()} == set(provinces())


def test_the_nearest_region_counts() -> None:
    assert nearness(("NL", "PV28", "GM0518"), "GM0518") is Nearness.GEMEENTE
    assert nearness(("NL", "PV28"), "GM0518") is Nearness.PROVINCE
    assert nearness(("NL", "PV27"), "GM0518") is Nearness.COUNTRY
    assert nearness(("PV27", "GM0363"), "GM0518") is None


def test_the_country_covers_everyone_and_no_region_covers_no_one() -> None:
    assert all(covers(("NL",), code) for code in gemeenten())
    assert not covers((), "GM0518")
    with pytest.raises(UnknownGemeente):
        covers(("NL",), "GM0000")


@pytest.mark.parametrize(
    ("code", "known"), [("NL", True), ("PV28", True), ("GM0518", True), ("PV99", False), ("GM0457", False)]
)
def test_only_places_of_today_are_regions(code: str, known: bool) -> None:
    assert is_region(code) is known
