"""Whoever is added or removed need not wait for a restart; a file that cannot be used changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.access.declared import LOOK_EVERY_SECONDS, Declared

ONE = "publishers: [{name: %s, oin: '00000099000000010002', publishes: [{event: funding-secured}]}]"


class Clock:
    """Moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def turn(self) -> None:
        self.now += LOOK_EVERY_SECONDS


def test_who_is_added_or_removed_is_known_so_within_seconds(tmp_path: Path) -> None:
    file, clock = tmp_path / "access.yaml", Clock()
    declared = Declared(file, clock)
    assert declared.now().publishers == {}, "there is no file yet"
    for name in ("fonds", "ander-fonds"):
        file.write_text(ONE % name, encoding="utf-8")
        clock.turn()
        assert set(declared.now().publishers) == {name}
    file.write_text("publishers: []   # nobody any more", encoding="utf-8")
    assert set(declared.now().publishers) == {"ander-fonds"}, "it is not looked at every time"
    clock.turn()
    assert declared.now().publishers == {}


def test_a_file_that_cannot_be_used_leaves_things_as_they_were_and_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, clock = tmp_path / "access.yaml", Clock()
    file.write_text(ONE % "fonds", encoding="utf-8")
    declared = Declared(file, clock)
    assert set(declared.now().publishers) == {"fonds"}
    file.write_text("publishers: [", encoding="utf-8")
    for _ in range(3):
        clock.turn()
        assert set(declared.now().publishers) == {"fonds"}
    assert len(caplog.messages) == 1
    assert "stays as it was" in caplog.text
