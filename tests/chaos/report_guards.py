"""Which test holds which pitfall, rule and sharpest test, and what its guard is: collected from the tests themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.settings import ROOT

NAMED = re.compile(r"test_(pitfall|rule|sharp)_(\d\d)_(\w+)")
GUARD = re.compile(r"^Guard: (.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
HOW_MANY: Mapping[str, int] = {"pitfall": 39, "rule": 23, "sharp": 10}


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A test, by what it holds. `guard` is empty where its docstring names none."""

    family: str
    number: int
    title: str
    path: str
    guard: str


def held(tests: Path = ROOT / "tests") -> list[Held]:
    """Every such test under a folder, in their order."""
    return sorted(each for path in sorted(tests.rglob("*.py")) for each in _in(path, tests.parent))


def _in(path: Path, root: Path) -> Iterator[Held]:
    source = path.read_text(encoding="utf-8")
    if not NAMED.search(source):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (name := NAMED.fullmatch(node.name)):
            guard = GUARD.search(ast.get_docstring(node) or "")
            words = " ".join(guard[1].split()).rstrip(".") if guard else ""
            yield Held(name[1], int(name[2]), name[3].replace("_", " "), str(path.relative_to(root)), words)


def missing(known: Sequence[Held]) -> list[str]:
    """Pitfalls, rules and sharpest tests that no test bears the name of, and tests that name no guard."""
    there = {(each.family, each.number) for each in known}
    absent = [
        f"no test_{family}_{number:02d}_*"
        for family, count in HOW_MANY.items()
        for number in range(1, count + 1)
        if (family, number) not in there
    ]
    return [*absent, *(f"{each.path}: '{each.title}' names no guard" for each in known if not each.guard)]
