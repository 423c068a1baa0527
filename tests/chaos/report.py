"""`python -m tests.chaos.report` writes docs/reliability.md from recorded runs and from the tests (`make reliability`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deploy.local.settings import ROOT
from tests.chaos import plan, report_guards, report_runs
from tests.chaos.ledger import Json
from tests.chaos.report_guards import Held
from tests.chaos.report_runs import FOUND, Runs

PAGE = ROOT / "docs" / "reliability.md"
HEAD = """\
# What was broken, and what was lost

Generated from recorded runs (`tests/chaos/results`) and from the tests. Do not edit: `make reliability`.

A run starts three brokers (replication 3, two in sync), one Postgres and the four services in several replicas. Walkers
drive them over HTTP: a seeded random workload of submissions, versions, reviews, decisions, adoptions, commitments,
observations, corrections and endings. Every command is kept with its answer; one without a definite answer is asked again
with the same Idempotency-Key. Meanwhile things are broken. In the end everything is mended, and a checker that knows only
the commands, the whole log and the tables looks for what does not add up. The checker is itself tested: whatever is done to
a recorded run, it finds and names (`tests/chaos/test_check*.py`).
"""
FAMILIES = (
    ("pitfall", "The 39 pitfalls", "Each test fails when its guard is removed, or shows the setting that runs."),
    ("rule", "The 23 rules", "What `said` and `heard` rest on (docs/messaging.md)."),
    ("sharp", "The ten sharpest tests", "The hardest that was thought of for them."),
)
COLUMNS = (
    "seed", "began", "minutes", "replicas", "commit", "faults", "commands", "found", "forgiven", "longest_stall_s", "machine",
)  # fmt: skip
WORDS = {
    "lost": "acknowledged, without its effect or its event",
    "doubled": "one command or event with two effects, or one version with two ids",
    "reordered": "an entity's versions out of order after dedupe by id",
    "phantom": "an effect, event or state that nothing explains",
    "states_that_differ": "a listener's state that is not a fold over the log",
    "left_over": "left in outbox, stopped, parked or dead letters",
}


def page(runs: Runs, known: Sequence[Held], bugs: Sequence[Json]) -> str:
    """The whole document."""
    parts = [HEAD, *_runs(runs), *_bugs(bugs), *(text for family in FAMILIES for text in _guards(*family, known))]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _runs(runs: Runs) -> Iterator[str]:
    if not runs.results:
        yield "No run was recorded yet.\n"
        return
    totals = runs.totals
    yield (
        f"**{totals['faults']} faults** of {len(runs.kinds)} kinds in {len(runs.results)} runs, with {totals['acknowledged']} "
        f"acknowledged commands and {totals['events']} events.\n"
    )
    yield "## Found\n"
    yield _table(("", "in all", "meaning"), ((_said(name), totals[name], WORDS[name]) for name in FOUND))
    yield (
        f"Lost by the nature of a fault, and not counted above (what was acknowledged after the back-up that was put back): "
        f"{totals['forgiven']} findings. Commands that never got an answer: {totals['unknown']}. Records that came twice on "
        f"the log, which is allowed: {totals['raw_duplicates']}.\n"
    )
    yield from _findings(runs)
    yield from _faults(runs)
    yield from _stalls(runs)
    yield from _one_by_one(runs)


def _one_by_one(runs: Runs) -> Iterator[str]:
    yield "## The runs\n"
    rows = ({**r, "found": sum(int(r[name]) for name in FOUND)} for r in runs.results)
    yield _table([_said(column) for column in COLUMNS], ([row[column] for column in COLUMNS] for row in rows))
    yield (
        "The same seed gives the same faults: `make chaos SEED=<seed>`. To record a run, copy build/chaos.json into "
        "tests/chaos/results.\n"
    )


def _findings(runs: Runs) -> Iterator[str]:
    lines = [f"- seed {r['seed']}: {text}" for r in runs.results for text in (*r["findings"], *r.get("unrest", ()))]
    if lines:
        yield "Each finding:\n"
        yield "\n".join(lines) + "\n"


def _faults(runs: Runs) -> Iterator[str]:
    yield "## Tried\n"
    yield (
        "Faults overlap, so the longest answer and hearing while one lasted need not be its doing. A fault is counted when it "
        "happened.\n"
    )
    rows = ((kind, number, *runs.longest(kind)) for kind, number in sorted(runs.kinds.items()))
    yield _table(("fault", "times", "longest answer (s)", "longest until heard (s)"), rows)
    never = {plan.kind_of(draw) for draw in plan.SHARES} - runs.kinds.keys()
    if never:
        yield "Not run, and not counted:\n"
        yield "\n".join(f"- {kind}: {runs.not_run.get(kind, 'it was not drawn')}" for kind in sorted(never)) + "\n"


def _stalls(runs: Runs) -> Iterator[str]:
    yield "## Stalls\n"
    yield "In seconds, faults included; the median and the worst run.\n"
    rows = [("from a command to its answer", *_spread(runs.answers))]
    rows += [(f"from the answer to being heard: {pair}", *_spread(runs.heard(pair))) for pair in runs.pairs]
    yield _table(("", "measured", "p50 (median run)", "p99 (worst run)", "longest"), rows)


def _spread(measured: Sequence[Json]) -> tuple[int, float, float, float]:
    medians = sorted(m["p50"] for m in measured) or [0.0]
    worst, longest = max((m["p99"] for m in measured), default=0.0), max((m["max"] for m in measured), default=0.0)
    return sum(m["count"] for m in measured), medians[len(medians) // 2], worst, longest


def _bugs(bugs: Sequence[Json]) -> Iterator[str]:
    if bugs:
        yield "## Bugs that this showed\n"
        yield _table(("found by", "bug", "mended"), ((bug["found"], bug["bug"], bug["mended"]) for bug in bugs))


def _guards(family: str, title: str, words: str, known: Sequence[Held]) -> Iterator[str]:
    rows = [(each.number, each.title, each.guard, f"`{each.path}`") for each in known if each.family == family]
    yield f"## {title}\n"
    yield f"{words}\n"
    yield _table(("", "holds", "guard", "test"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_cell(value) for value in line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")


def _said(name: str) -> str:
    return name.replace("_", " ")


def current() -> str:
    """The document as it should stand now."""
    return page(Runs.kept(), report_guards.held(), report_runs.mended())


def missing() -> list[str]:
    """What the document cannot name yet: pitfalls, rules and sharpest tests without a test or a guard."""
    return report_guards.missing(report_guards.held())


def main(path: Path = PAGE) -> None:
    """Writes it."""
    path.write_text(current(), encoding="utf-8")
    for line in missing():
        print(line)


if __name__ == "__main__":
    main()
