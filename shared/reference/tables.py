"""Reads the comma-separated tables that lie in `data/`. A line that begins with # credits the source."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of data/<name>.csv by column name; an empty cell is an empty string."""
    text = (files("shared.reference") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
