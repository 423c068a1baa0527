"""publiccode.yml, by which catalogues of public software find the project.

Its official tool (publiccode-parser) is in no registry from which it could be pinned: `make lint-contracts` runs it where it
is installed. Here a schema of ours stands in for it, made after the text of the standard.
"""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.asyncapi import INFO

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "publiccode-0.7.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def described() -> dict[str, Any]:
    """As it is committed."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    return loaded


def faults(described: dict[str, Any]) -> list[str]:
    """Where it is not as the standard wants it."""
    validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    return [f"{'.'.join(map(str, fault.path))}: {fault.message}" for fault in validator.iter_errors(described)]


def test_it_is_as_the_standard_wants_it(described: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert faults(described) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("categories",), ["debt-relief"]),
        (("description", "en", "shortDescription"), "x" * 151),
        (("description", "nl", "longDescription"), "te kort"),
        (("maintenance", "contacts"), []),
        (("maintenance", "type"), "contract"),
        (("legal", "repoOwner"), "a key that is no more"),
        (("url",), "somewhere"),
        (("publiccodeYmlVersion",), 0.7),
    ],
)
def test_what_the_standard_does_not_allow_is_found(
    described: dict[str, Any], place: tuple[str, ...], wrong: object
) -> None:
    changed = copy.deepcopy(described)
    part = changed
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = wrong

    assert faults(changed) != []


def test_it_says_what_the_project_says_elsewhere(described: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert described["softwareVersion"] == project["version"]
    assert described["legal"]["license"] == project["license"]
    assert described["maintenance"]["contacts"][0]["email"] == INFO["contact"]["email"]
    assert set(described["description"]) == {"en", "nl"}
