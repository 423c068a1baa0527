"""The pieces of Markdown that generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable

GENERATED = "<!-- From shared/contracts. Do not edit: python -m deploy.contracts generate -->"
"""The first line of every page that is generated."""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a bar within a cell stays a bar."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def listed(facts: Iterable[tuple[str, str]]) -> str:
    """A list of what is called so and is so."""
    return "".join(f"- {name}: {value}\n" for name, value in facts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
