"""What somebody reads who changed an event and forgot something."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy import contracts

PRODUCT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without services, in which everything was generated."""
    (tmp_path / "pyproject.toml").write_text((PRODUCT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(contracts, "ROOT", tmp_path)
    assert run("generate")[0] == 0
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and everything that was printed."""
    result = CliRunner().invoke(contracts.commands, arguments)
    return result.exit_code, result.output


def narrowed(schema: Path) -> None:
    """As if the event had once had a field more that is required."""
    written = json.loads(schema.read_text(encoding="utf-8"))
    written["properties"]["colour"] = {"type": "string"}
    written["required"].append("colour")
    schema.write_text(json.dumps(written), encoding="utf-8")


def test_when_all_is_well_it_says_how_much_was_looked_at(project: Path) -> None:
    assert run("check") == (0, "11 events: files up to date, 0 releases compared.\n")


def test_a_file_that_is_out_of_date_is_named_with_the_command_that_mends_it(project: Path) -> None:
    (project / "docs/asyncapi.json").write_text("{}", encoding="utf-8")

    assert run("check") == (
        1,
        "docs/asyncapi.json does not fit the code any more: run `python -m deploy.contracts generate`.\n",
    )
    assert run("generate") == (0, "wrote docs/asyncapi.json\n")
    assert run("check")[0] == 0


def test_an_event_that_breaks_a_release_fails_with_place_and_way_out(project: Path) -> None:
    assert run("release", "1.0.0") == (0, "kept in shared/contracts/released/1.0.0\n")
    narrowed(project / "shared/contracts/released/1.0.0/adoption-ended.v1.json")

    code, output = run("check")

    assert code == 1
    assert output.startswith("adoption-ended.v1.json, against release 1.0.0: colour: one version requires it")
    assert "shared/contracts/registry.py" in output


def test_before_1_0_0_a_break_is_told_and_nothing_fails(project: Path) -> None:
    assert run("release", "0.9.0")[0] == 0
    narrowed(project / "shared/contracts/released/0.9.0/adoption-ended.v1.json")

    code, output = run("check")

    assert code == 0
    assert output.startswith("note: adoption-ended.v1.json, against release 0.9.0: colour:")


def test_what_is_out_of_date_cannot_be_released(project: Path) -> None:
    (project / "shared/contracts/schemas/adoption-ended.v1.json").write_text("{}", encoding="utf-8")

    assert run("release", "1.0.0")[0] == 1
    assert not (project / "shared/contracts/released").exists()


def test_a_number_that_was_released_is_refused(project: Path) -> None:
    run("release", "1.0.0")

    assert run("release", "1.0.0") == (1, "1.0.0 does not come after 1.0.0, which was released already.\n")
