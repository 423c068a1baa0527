"""Secrets of one's own: random, one a file, and never changed once they are there."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from deploy.secrets import EXAMPLES, main, needed


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_every_secret_is_made_once_and_no_two_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    main([str(folder)])
    made = contents(folder)
    assert sorted(made) == needed()
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[\w-]{32}\n", secret) for secret in made.values())
    assert not set(made.values()) & set(contents(EXAMPLES).values())
    told = capsys.readouterr().out
    assert not any(secret.strip() in told for secret in made.values())

    main([str(folder), "kafka/new-partner"])
    assert {name: contents(folder)[name] for name in made} == made
    assert contents(folder).keys() - made.keys() == {"kafka/new-partner"}
    assert "1 made: kafka/new-partner" in capsys.readouterr().out


def test_only_the_owner_enters_the_folder_and_every_container_can_read_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    main([str(folder)])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "kafka").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "kafka" / "admin").stat().st_mode) == 0o644


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="file"):
        main([str(tmp_path / "file")])
