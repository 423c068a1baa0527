"""A project that an organisation could submit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

Json = dict[str, Any]
OWNER = UUID(int=31)
COMPLETE: Json = {
    "title": "Jongeren Perspectief Fonds",
    "summary": "Een fonds neemt schulden van jongeren over.",
    "phases": ["schuld-afbouwen", "plan-maken"],
    "targetGroups": ["jongeren"],
    "regions": ["GM0518"],
    "availableFrom": "2026-12-01",
    "effortFte": 0.5,
    "costEuro": 100000,
    "neededKinds": ["fonds"],
    "neededMeans": ["geld"],
    "involvements": [{"organisation": str(UUID(int=32)), "relation": "financiert"}],
}
EVIDENCE = {
    "criterion": "werkbaar",
    "part": "echte-clienten",
    "link": "https://example.nl/jpf",
    "quote": "53 jongeren van schuld af",
}
