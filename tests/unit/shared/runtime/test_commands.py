"""Every command explains itself, with all that it takes, and needs no settings for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from deploy.setup import SERVICES, declared
from shared.contracts.event import Stream
from shared.runtime.commands import commands
from shared.runtime.settings import Settings

UNSET = (
    "These settings are missing or wrong: DATABASE_PASSWORD_FILE, KAFKA_SERVERS, OIDC_ISSUER. "
    "Set them as environment variables.\n"
)
WHY = ("--reason", "x", "--actor", "y")
ENTITY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def every(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - typer's own click
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from every(below, (*path, name))


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    result = CliRunner().invoke(commands(declared("impact")), arguments, env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_and_all_that_it_takes_is_explained(service: str) -> None:
    of_all = dict(every(typer.main.get_command(commands(declared(service)))))
    unexplained = [path for path, command in of_all.items() if not command.help]
    unexplained += [
        (*path, each.name)
        for path, command in of_all.items()
        for each in command.params
        if not getattr(each, "help", None)
    ]
    assert unexplained == []
    assert {" ".join(path) for path in of_all} == {
        "", "serve", "migrate", "verify", "rebuild",
        "parked", "parked list", "parked show", "parked fix", "parked release", "parked discard",
        "dead-letters", "dead-letters list", "dead-letters show", "dead-letters replay", "dead-letters discard",
        "outbox", "outbox list", "outbox release", "outbox resend", "audit", "audit list",
        "said", "said adopt-log", "places", "places list", "places rewind",
        "hearing", "hearing list", "hearing waive", "hearing adopt", "persons", "persons erase",
    }  # fmt: skip


@pytest.mark.parametrize("group", [(), ("parked",), ("dead-letters",), ("outbox",), ("audit",)])
def test_who_names_no_command_is_shown_them(group: tuple[str, ...]) -> None:
    assert "Commands" in run(*group)[1]


def test_help_names_every_setting_and_which_are_needed() -> None:
    code, shown = run("--help")
    assert code == 0
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.split(".")[0] in lines[name.upper()]
    needed = {name for name, line in lines.items() if "(needed)" in line}
    assert needed == {"DATABASE_PASSWORD_FILE", "KAFKA_SERVERS", "OIDC_ISSUER"}
    assert "(5432)" in lines["DATABASE_PORT"]
    assert "(not set): Only for `migrate`" in lines["DATABASE_OWNER_PASSWORD_FILE"]


def test_help_says_how_a_command_is_run() -> None:
    code, shown = run("parked", "discard", "--help")
    assert code == 0
    for part in (
        *(stream.name.lower() for stream in Stream),
        "version that failed",
        "--reason",
        "--actor",
        "No names of people",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("parked", "release", "projecten", ENTITY), "choose one of projects, "),
        (("parked", "release", "projects", "12"), "entity"),
        (("parked", "discard", "projects", ENTITY, "two", "--reason", "x", "--actor", "y"), "version"),
        (("parked", "discard", "projects", ENTITY, "2"), "--reason"),
        (("parked", "discard", "projects", ENTITY, "2", "--reason", " ", "--actor", "y"), "--reason"),
        (("parked", "release", "projects", ENTITY, "--reason", "x"), "--actor"),
        (("parked", "fix", "projects", ENTITY, "2", *WHY), "--file, --set or --header"),
        (("parked", "fix", "projects", ENTITY, "2", "--set", "title", *WHY), "NAME=VALUE"),
        (("parked", "fix", "projects", ENTITY, "2", "--file", "/no/where", *WHY), "/no/where"),
        (("dead-letters", "replay", ENTITY, "--subject", "x", *WHY), "--subject"),
        (("dead-letters", "discard", ENTITY), "--reason"),
        (("dead-letters", "show", "first"), "letter"),
        (("outbox", "release", "a-topic"), "key"),
        (("outbox", "resend", "a-topic"), "key"),
        (("outbox", "resend", "a-topic", ENTITY, "--first", "0"), "--first"),
        (("migrate", "--moment", "later"), "later"),
        (("parked", "lst"), "lst"),
    ],
)
def test_what_is_wrong_in_a_command_is_said_before_anything_is_asked(
    arguments: tuple[str, ...], complaint: str
) -> None:
    code, shown = run(*arguments)
    assert code == 2
    assert complaint in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("stream", Stream)
def test_a_stream_is_called_by_its_name(stream: Stream) -> None:
    assert run("parked", "release", stream.name.lower(), ENTITY, *WHY) == (
        1,
        UNSET,
    )


CHANGING = {
    "release",
    "discard",
    "fix",
    "replay",
    "resend",
    "rebuild",
    "adopt-log",
    "rewind",
    "waive",
    "adopt",
    "erase",
}


def test_whatever_changes_something_asks_who_and_why_and_can_be_tried_first() -> None:
    of_all = dict(every(typer.main.get_command(commands(declared("impact")))))
    for path, command in of_all.items():
        if path and path[-1] in CHANGING:
            options = {option for param in command.params for option in param.opts}
            assert {"--reason", "--actor", "--dry-run"} <= options, path
            assert {param.name for param in command.params if param.required} >= {"reason", "actor"}, path
