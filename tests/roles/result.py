"""build/roles.json: how many cells there were, and what was not as it should be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from deploy.local.settings import ROOT
from tests.roles.cast import RUN

RESULT = ROOT / "build" / "roles.json"


def write(what: str, cells: int, leaks: Sequence[str], unexpected: Sequence[str]) -> None:
    """Adds what was asked (`what`: routes or topics) to what this run has asked so far."""
    parts: dict[str, Any] = {
        **_so_far(),
        what: {"cells": cells, "leaks": sorted(leaks), "unexpected": sorted(unexpected)},
    }
    told = {
        "cells": sum(part["cells"] for part in parts.values()),
        "leaks": sum(len(part["leaks"]) for part in parts.values()),
        "unexpected": [line for part in parts.values() for line in part["unexpected"]],
        "run": RUN,
        "parts": parts,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _so_far() -> dict[str, Any]:
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    parts: dict[str, Any] = known.get("parts", {}) if known.get("run") == RUN else {}
    return parts
