"""Reads who_may.md, and the routes that there are: what is expected of each cell follows from these two alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from shared.web.logins import ROLES, Role

HERE = Path(__file__).parent
TABLE = HERE / "who_may.md"
DOCUMENTS = HERE.parents[1] / "docs" / "openapi"
EVERY = "every service"
ANYONE = "anyone"
LINE = re.compile(r"\| (?P<method>[A-Z]+) (?P<path>/\S+) \| (?P<who>[^|]+) \|")
METHODS = ("get", "post", "put", "patch", "delete")


class Whose(StrEnum):
    """Which of those with a role."""

    ALL = "all"
    OWN = "own"
    OWN_REFUSED = "own 403"
    SEATED = "seated"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of a service. Its path comes after /v1."""

    service: str
    method: str
    path: str

    @property
    def parameters(self) -> list[str]:
        """The names in its path, in their order."""
        return re.findall(r"{(\w+)}", self.path)

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Line:
    """Who may use a route."""

    roles: Mapping[Role, Whose]
    anyone: bool = False


def routes() -> dict[Route, Mapping[str, Any]]:
    """Every route of docs/openapi, with its operation."""
    found: dict[Route, Mapping[str, Any]] = {}
    for file in sorted(DOCUMENTS.glob("*.json")):
        for path, item in json.loads(file.read_text(encoding="utf-8"))["paths"].items():
            found |= {Route(file.stem, method.upper(), path): item[method] for method in METHODS if method in item}
    return found


def table() -> dict[Route, Line]:
    """Every line of who_may.md; what stands under "every service" counts for each of them."""
    services = [file.stem for file in sorted(DOCUMENTS.glob("*.json"))]
    found: dict[Route, Line] = {}
    section = ""
    for text in TABLE.read_text(encoding="utf-8").splitlines():
        section = text.removeprefix("## ") if text.startswith("## ") else section
        if match := LINE.fullmatch(text):
            for service in services if section == EVERY else [section]:
                found[Route(service, match["method"], match["path"])] = _line(match["who"])
    return found


def _line(who: str) -> Line:
    if who.strip() == ANYONE:
        return Line({}, anyone=True)
    pairs = (word.strip().partition(": ") for word in who.split(","))
    return Line({ROLES[role]: Whose(whose or "all") for role, _, whose in pairs})
