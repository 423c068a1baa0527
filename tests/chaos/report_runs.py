"""Recorded runs, added up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.ledger import Json

HERE = Path(__file__).parent
RESULTS, MENDED = HERE / "results", HERE / "mended.json"
FOUND = ("lost", "doubled", "reordered", "phantom", "states_that_differ", "left_over")
COUNTED = ("faults", "commands", "acknowledged", "unknown", "events", *FOUND, "forgiven", "raw_duplicates")


@dataclass(frozen=True, slots=True)
class Runs:
    """Results as they stand in build/chaos.json, one a run, the oldest first."""

    results: Sequence[Json]

    @classmethod
    def kept(cls, folder: Path = RESULTS) -> Runs:
        """Those in a folder, one file each."""
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
        return cls(sorted(found, key=lambda result: str(result["began"])))

    @property
    def totals(self) -> Counter[str]:
        """All figures that can be added."""
        return Counter({name: sum(int(result.get(name, 0)) for result in self.results) for name in COUNTED})

    @property
    def kinds(self) -> Counter[str]:
        """How often each kind of fault happened."""
        return sum((Counter(result["kinds"]) for result in self.results), Counter())

    @property
    def not_run(self) -> dict[str, str]:
        """Kinds that could never happen, and why."""
        reasons = {kind: str(why) for result in self.results for kind, why in result["not_run"].items()}
        return {kind: why for kind, why in sorted(reasons.items()) if not self.kinds[kind]}

    def longest(self, kind: str) -> tuple[float, float]:
        """The longest answer and the longest hearing that overlapped with a fault of this kind, in seconds."""
        known = [r["stalls"]["by_kind"][kind] for r in self.results if kind in r.get("stalls", {}).get("by_kind", {})]
        return max((k["answer_s"] for k in known), default=0.0), max((k["heard_s"] for k in known), default=0.0)

    @property
    def answers(self) -> Sequence[Json]:
        """How long answers took, run by run."""
        return [result["stalls"]["answer_s"] for result in self.results if "stalls" in result]

    def heard(self, pair: str) -> Sequence[Json]:
        """How long it took to be heard, run by run, for one pair of services."""
        return [r["stalls"]["heard_s"][pair] for r in self.results if pair in r.get("stalls", {}).get("heard_s", {})]

    @property
    def pairs(self) -> list[str]:
        """The pairs of services that probes looked at."""
        return sorted({pair for r in self.results for pair in r.get("stalls", {}).get("heard_s", {})})


def mended(path: Path = MENDED) -> Sequence[Json]:
    """Bugs that these runs showed, written by hand: `found` (by what), `bug`, `mended`."""
    bugs: Sequence[Json] = json.loads(path.read_text(encoding="utf-8"))
    return bugs
