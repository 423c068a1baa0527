"""What a run comes to: the figures in build/chaos.json, and the closing lines."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.settings import ROOT
from tests.chaos import stalls
from tests.chaos.conductor import Conductor
from tests.chaos.findings import Verdict
from tests.chaos.ledger import Ledger

MOST_SHOWN = 40


@dataclass(frozen=True)
class Ended:
    """A run that is over. `unrest`: what had not come to rest in time."""

    seed: int
    replicas: int
    began: datetime
    conductor: Conductor
    ledger: Ledger
    verdict: Verdict
    unrest: Sequence[str]


def result_of(run: Ended) -> dict[str, Any]:
    """All figures of a run, as JSON."""
    supervisor, verdict = run.conductor.cluster.supervisor, run.verdict
    stalled = stalls.figures(run.ledger, [each for each in run.conductor.happened if not each.not_run])
    return {
        **_heading(run),
        **_of_faults(run.conductor),
        **verdict.figures(),
        "longest_stall_s": stalled["longest_s"],
        "stalls": stalled,
        "restarts": dict(supervisor.restarts),
        "ended_by_themselves": [asdict(each) for each in supervisor.ended],
        "unrest": run.unrest,
        "findings": [str(finding) for finding in verdict.findings],
        "excused": [f"{each.finding} ({each.by.fault})" for each in verdict.excused],
    }


def clean(result: Mapping[str, Any]) -> bool:
    """Whether nothing is wrong in it."""
    return not (result["findings"] or result["unrest"])


def _heading(run: Ended) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    return {
        "seed": run.seed,
        "began": run.began.isoformat(timespec="seconds"),
        "minutes": round((datetime.now(UTC) - run.began).total_seconds() / 60, 1),
        "replicas": run.replicas,
        "commit": commit.stdout.strip() or "unknown",
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}",
    }


def _of_faults(conductor: Conductor) -> dict[str, Any]:
    counted = conductor.counted
    return {
        "faults": counted.total(),
        "kinds": dict(sorted(counted.items())),
        "not_run": conductor.not_run,
        "trouble": {each.kind: each.trouble for each in conductor.happened if each.trouble},
        "happened": [asdict(each) for each in conductor.happened],
    }


def summary(result: Mapping[str, Any]) -> list[str]:
    """The closing lines."""
    lines = [f"{number:4d} x {kind}" for kind, number in result["kinds"].items()]
    lines += [f"not run: {kind} ({reason})" for kind, reason in result["not_run"].items()]
    lines += [f"went wrong: {kind}: {why}" for kind, why in result["trouble"].items()]
    lines += [f"ended by itself: {each['name']}: {each['words']}" for each in result["ended_by_themselves"]]
    lines += result["findings"][:MOST_SHOWN]
    keys = (
        "faults",
        "commands",
        "events",
        "lost",
        "doubled",
        "reordered",
        "phantom",
        "left_over",
        "states_that_differ",
    )
    lines.append(", ".join(f"{result[key]} {key}" for key in keys))
    lines.append(
        f"{result['forgiven']} explained by faults, {result['raw_duplicates']} raw duplicates, "
        f"longest stall {result['longest_stall_s']} s, seed {result['seed']}"
    )
    return lines


def write(result: Mapping[str, Any], file: Path) -> None:
    """Keeps it as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")
