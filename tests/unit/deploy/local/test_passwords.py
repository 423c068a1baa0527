from pathlib import Path

from deploy.local import passwords


def test_each_role_gets_a_password_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "passwords"
    passwords.ensure(folder, ["matching", "impact"])
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        "matching": "0o600",
        "impact": "0o600",
    }
    assert (folder / "matching").read_text() != (folder / "impact").read_text()
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_a_password_that_exists_stays(tmp_path: Path) -> None:
    passwords.ensure(tmp_path, ["matching"])
    before = (tmp_path / "matching").read_text()
    passwords.ensure(tmp_path, ["matching", "impact"])
    assert (tmp_path / "matching").read_text() == before
