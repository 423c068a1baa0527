"""What runbooks and pages tell an operator to type is there, and takes what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from deploy.local.settings import ROOT
from deploy.setup import declared
from shared.runtime.commands import commands

RUNBOOKS = sorted((ROOT / "deploy" / "runbooks").glob("*.md"))
PAGES = [ROOT / "docs" / "messaging.md", ROOT / "deploy" / "README.md"]
ALL_PAGES = [*RUNBOOKS, *PAGES, ROOT / "docs" / "operating.md", ROOT / "README.md"]
SPAN = re.compile(r"`([^`]+)`")
OF_A_SERVICE = re.compile(r'^(python -m services\.\S+|make ask SERVICE=\S+ ARGS=")\s*')
MAKE = re.compile(r"\bmake ([a-z-]+)")
JOB = re.compile(r"\bdocker compose run --rm (?:-e \S+ |--no-deps )*([^\s`]+)(?: ([^&\s`]+))?")


def every(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - typer's own click
    below = getattr(command, "commands", {})
    if not below:
        yield path, command
    for name, each in below.items():
        yield from every(each, (*path, name))


COMMANDS: Mapping[tuple[str, ...], Any] = dict(every(typer.main.get_command(commands(declared("matching")))))
FIRST = {path[0] for path in COMMANDS}
HAVE_A_GROUP = {path[0] for path in COMMANDS if len(path) > 1}


def told(page: Path) -> list[Sequence[str]]:
    """Each command of a service, in words. `parked list: a failure` is one too."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    spans = [OF_A_SERVICE.sub("", span).rstrip('"').replace(":", " ").split() for span in SPAN.findall(text)]
    whole = [words for words in spans if words and words[0] in FIRST]
    return [words for words in whole if len(words) > 1 or words[0] not in HAVE_A_GROUP]


def faults(words: Sequence[str], *, whole: bool) -> Iterator[str]:
    """What is wrong with a command: there is none, an option that it does not take, something that it cannot do without."""
    path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in COMMANDS), None)
    if path is None:
        yield f"there is no command {' '.join(words)}"
        return
    params = COMMANDS[path].params
    options = {option: param for param in params for option in param.opts if option.startswith("--")}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    yield from (f"{' '.join(path)} takes no {name}" for name in given if name not in options)
    is_open = words[-1] == "..." and not words[-2].startswith("--")  # it is told whole elsewhere on the page
    if whole and not is_open:
        taken = {options[name].name for name in given if name in options}
        plain = [word for n, word in enumerate(words) if n >= len(path) and word.isupper() and words[n - 1][0] != "-"]
        needed = [param for param in params if param.required]
        wanted = [param for param in needed if param.param_type_name == "argument"]
        if len(plain) < len(wanted):
            yield f"{' '.join(words)} lacks {', '.join(str(param.name) for param in wanted[len(plain) :])}"
        lacking = [param.opts[0] for param in needed if param not in wanted and param.name not in taken]
        yield from (f"{' '.join(words)} lacks {name}" for name in lacking)


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_command_of_a_runbook_can_be_typed_as_it_stands_there(page: Path) -> None:
    assert [fault for words in told(page) for fault in faults(words, whole=True)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_that_a_page_names_is_there(page: Path) -> None:
    assert told(page)
    assert [fault for words in told(page) for fault in faults(words, whole=False)] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    spans = SPAN.findall(page.read_text(encoding="utf-8"))
    assert {target for span in spans for target in MAKE.findall(span)} <= targets | {"local", "dev"}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_job_of_compose_that_a_page_starts_is_there_and_is_given_a_module_or_nothing(page: Path) -> None:
    """What follows its name takes the place of its command: an option alone would be looked for as a module."""
    jobs = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    for job, module in JOB.findall(" ".join(page.read_text(encoding="utf-8").split())):
        assert job in jobs
        assert not module or find_spec(module)


def test_a_command_that_is_not_there_or_lacks_something_is_seen() -> None:
    assert list(faults(["parked", "mend"], whole=True)) == ["there is no command parked mend"]
    assert list(faults(["outbox", "list", "--all"], whole=True)) == ["outbox list takes no --all"]
    release = ["parked", "release", "STREAM", "ENTITY", "--reason", "TEXT"]
    assert list(faults(release, whole=True)) == ["parked release STREAM ENTITY --reason TEXT lacks --actor"]
