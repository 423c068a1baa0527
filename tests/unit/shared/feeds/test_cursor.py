"""Is a cursor what its reader was given, and nothing else?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.feeds.cursor import ForeignCursor, Place, encoded
from shared.web.paging import cursor_of


@given(st.integers(1, 10**18 - 1), st.uuids())
def test_a_place_is_found_again_by_its_cursor(position: int, block: object) -> None:
    place = Place.after(position, block, 3)
    assert Place.of(place.cursor) == place


def test_without_a_cursor_one_begins_at_the_first_line() -> None:
    assert Place.of(None) == Place()
    assert Place.of(Place().cursor) == Place()


def test_lines_that_differ_make_places_that_differ() -> None:
    assert Place.after(7, "block", 1) != Place.after(7, "block", 2)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "onzin",
        "é",
        cursor_of("12"),
        encoded("snapshot", 1, "abc"),
        encoded("place", 1),
        encoded("place", "-1", "abc"),
        encoded("place", "9" * 19, "abc"),
        encoded("place", "x", "abc"),
        Place.after(5, "a").cursor + "=",
        Place.after(5, "a").cursor + "A",
    ],
)
def test_a_cursor_that_is_not_ours_is_refused_with_what_to_do(foreign: str) -> None:
    with pytest.raises(ForeignCursor) as refused:
        Place.of(foreign, "Last-Event-ID")
    (fault,) = refused.value.faults
    assert fault.field == "Last-Event-ID"
    assert "/v1/snapshot" in fault.message
