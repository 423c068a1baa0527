import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.settings import ROOT, Settings


def test_status_of_what_never_ran_fails_and_says_how_to_start(settings: Settings) -> None:
    ran = run(settings, "status")
    assert ran.returncode == 1
    assert "down" in ran.stdout
    assert "`make up` starts what is down" in ran.stdout


def test_down_and_clean_of_what_never_ran_are_no_error(settings: Settings) -> None:
    assert run(settings, "down").returncode == 0
    cleaned = run(settings, "clean")
    assert (cleaned.returncode, "Nothing to remove" in cleaned.stdout) == (0, True)


def test_logs_show_the_last_lines_of_each_part(settings: Settings) -> None:
    write_log(settings.data / "programs" / "matching.log", [f"line {number}" for number in range(100)])
    one = run(settings, "logs", "matching").stdout
    assert "line 99" in one
    assert "line 79" not in one
    assert "line 99" in run(settings, "logs").stdout


def test_a_name_that_does_not_exist_is_answered_with_those_that_do(settings: Settings) -> None:
    ran = run(settings, "logs", "machting")
    assert ran.returncode == 1
    assert ran.stderr == (
        "There is no machting: choose one of postgres, kafka, issuer, submission, assessment, matching, impact.\n"
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("machting", "parked", "list"), "There is no service machting: choose one of submission, assessment, "),
        (("",), "Say which service: choose one of submission, assessment, "),
        (("matching", "parked", "list"), "Nothing was set up in "),
    ],
)
def test_what_cannot_be_asked_of_a_service_is_said_in_one_sentence(
    settings: Settings, asked: tuple[str, ...], said: str
) -> None:
    ran = run(settings, "ask", *asked)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith(said)


def test_a_service_explains_what_can_be_asked_before_anything_runs(settings: Settings) -> None:
    ran = run(settings, "ask", "matching", "parked", "discard", "--help")
    assert ran.returncode == 0
    assert "python -m services.matching parked discard" in ran.stdout


def test_a_service_is_asked_in_the_database_of_this_copy(settings: Settings) -> None:
    settings.passwords.mkdir(parents=True)
    (settings.passwords / "matching").write_text("secret")
    ran = run(settings, "ask", "matching", "parked", "list")
    assert ran.returncode == 1
    assert f"{settings.port('postgres')}" in ran.stderr
    assert "Is it up" in ran.stderr


def test_following_shows_what_is_added(settings: Settings) -> None:
    log = settings.data / "programs" / "matching.log"
    write_log(log, ["before"])
    command = [sys.executable, "-m", "deploy.local", "logs", "matching", "--follow"]
    with subprocess.Popen(command, cwd=ROOT, env=variables(settings), stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        shown = [follower.stdout.readline(), follower.stdout.readline()]
        with log.open("a") as file:
            file.write("after\n")
        shown.append(follower.stdout.readline())
        follower.terminate()
    assert shown[1:] == ["before\n", "matching: after\n"]


def run(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "deploy.local", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables(settings))


def variables(settings: Settings) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(settings.data), "PORT_BASE": str(settings.port_base)}


def write_log(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"{line}\n" for line in lines))
