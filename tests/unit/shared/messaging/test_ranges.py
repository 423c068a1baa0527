"""How an operator is told which versions went."""

from __future__ import annotations

import pytest

from shared.messaging.ranges import Versions


@pytest.mark.parametrize(
    ("versions", "shown"),
    [
        ([], "0 version(s)"),
        ([3], "1 version(s): 3"),
        ([1, 2, 3], "3 version(s): 1-3"),
        ([1, 2, 5, 7, 8], "5 version(s): 1-2, 5, 7-8"),
        ([1, 1, 2, 2], "2 version(s): 1-2"),
    ],
)
def test_versions_are_counted_and_shown_as_ranges(versions: list[int], shown: str) -> None:
    sent = Versions()
    for version in versions:
        sent.add(version)
    assert str(sent) == shown
