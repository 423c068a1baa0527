"""`make help` and the README name what can be given to `make`."""

from __future__ import annotations

import re
import subprocess

import pytest

from deploy.issuer.__main__ import main
from deploy.local.settings import ROOT

TOKEN = ("ROLE", "GEMEENTE", "ORGANISATION", "CLIENT", "SUBJECT")


def explained() -> str:
    return subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def examples(text: str) -> list[dict[str, str]]:
    """What is given to `make token` in each line that shows it."""
    lines = re.findall(r"^.*\bROLE=[a-z].*$", text, re.MULTILINE)
    return [dict(re.findall(rf"\b({'|'.join(TOKEN)})=([\w-]+)", line)) for line in lines]


@pytest.mark.parametrize("where", ["make help", "README.md"])
def test_each_variable_of_a_token_is_named_with_an_example_that_will_do(
    where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = examples(explained() if where == "make help" else (ROOT / where).read_text())
    assert {name for example in shown for name in example} == set(TOKEN)
    monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:1")
    for example in shown:
        for name in TOKEN[1:]:
            monkeypatch.setenv(name, example.get(name, ""))
        assert main(["token", example["ROLE"]]) == 1
        assert "No development issuer answers" in capsys.readouterr().err  # all the rest was right


def test_who_submits_a_project_is_told_to_name_an_organisation() -> None:
    for text in (explained(), (ROOT / "README.md").read_text()):
        assert re.search(r"submitter.*gemeente.*submits?\b.*project.*organisation", text, re.DOTALL)


def test_operators_are_told_how_to_use_the_command_line() -> None:
    asked = 'SERVICE=matching ARGS="parked list"'
    assert asked in explained()
    for page in ("README.md", "deploy/local/README.md"):
        assert f"make ask {asked}" in (ROOT / page).read_text()
