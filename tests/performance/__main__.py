"""`make bench`: prints what was measured, interleaved and as medians, and writes build/bench.json. Asserts no time.

LONG=1 adds the rows that take minutes. ROUNDS=5 takes more turns, EVENTS=100000 more events.
ONLY="hear typed" measures these rows alone, and writes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from shared.runtime.looping import run_on_uvloop
from tests.performance import (
    backlog,
    consume,
    feeds,
    growth,
    latency,
    others,
    publishing,
    tell,
    typed,
    webhooks,
    writers,
)
from tests.performance.measuring import Report
from tests.performance.place import Facts, found
from tests.performance.stage import Stage, staged

ROUNDS = int(os.environ.get("ROUNDS", "3"))
MORE_ROUNDS = 3 * ROUNDS  # of hearing, where a turn takes a second: what disturbs it disturbs all of it
EVENTS = int(os.environ.get("EVENTS", "60000"))
LONG = os.environ.get("LONG") == "1"
ONLY = os.environ.get("ONLY", "").split()
OUT = Path("build/bench.json")
LATENCY_SECONDS = 5
Row = Callable[[Stage, Report], Awaitable[Mapping[str, float]]]


async def hear(stage: Stage, report: Report) -> Mapping[str, float]:
    """Our consumer beside the bare loop."""
    results: dict[str, float] = {}
    for batch, entities in ((500, 1_000), (500, 50_000), (500, None), (2_000, 1_000), (2_000, 50_000)):
        measured = consume.measure(stage, report, entities=entities, count=EVENTS, batch=batch, rounds=MORE_ROUNDS)
        results |= await measured
    return {
        "consume_ratio": results["consume_500_1000"],
        "consume_per_s": results["consume_500_1000_per_s"],
        **results,
    }


async def react(stage: Stage, report: Report) -> Mapping[str, float]:
    """The matching service's own reactions."""
    return await typed.measure(stage, report, count=EVENTS, rounds=ROUNDS)


async def tell_all(stage: Stage, report: Report) -> Mapping[str, float]:
    """Our relay beside the bare relay."""
    results = await tell.measure(stage, report, entities=1_000, count=EVENTS, rounds=ROUNDS)
    return {"relay_ratio": results["relay_told_on"], **results}


async def wait(stage: Stage, report: Report) -> Mapping[str, float]:
    """From the commit that says to the commit of the effect."""
    calm = await latency.measure(stage, report, per_second=100, seconds=LATENCY_SECONDS, rounds=ROUNDS)
    busy = await latency.measure(stage, report, per_second=1_000, seconds=LATENCY_SECONDS, rounds=ROUNDS)
    return {"effect_p50_ms": busy["effect_1000_p50_ms"], "effect_p99_ms": busy["effect_1000_p99_ms"], **calm, **busy}


async def write(stage: Stage, report: Report) -> Mapping[str, float]:
    """Changes that say something."""
    return await writers.measure(stage, report, rounds=ROUNDS)


async def compare(stage: Stage, report: Report) -> Mapping[str, float]:
    """What one would take instead."""
    return await others.measure(stage, report, count=EVENTS // 30, rounds=ROUNDS)


async def publish(stage: Stage, report: Report) -> Mapping[str, float]:
    """What outside systems publish over HTTP."""
    return await publishing.measure(stage, report, rounds=ROUNDS)


async def follow(stage: Stage, report: Report) -> Mapping[str, float]:
    """Two hundred that follow the feed."""
    return await feeds.measure(stage, report, rounds=ROUNDS)


async def deliver(stage: Stage, report: Report) -> Mapping[str, float]:
    """Two hundred webhooks, and some of them dead or slow."""
    return await webhooks.measure(stage, report, rounds=ROUNDS)


async def grow(stage: Stage, report: Report) -> Mapping[str, float]:
    """Ten million entities beside ten thousand."""
    return await growth.measure(stage, report, entities=EVENTS * 10_000 // 60, count=EVENTS, rounds=ROUNDS)


async def catch_up(stage: Stage, report: Report) -> Mapping[str, float]:
    """A million rows and a million records."""
    return await backlog.measure(stage, report, usual=EVENTS, count=EVENTS * 1_000 // 60)


ROWS: Mapping[str, Row] = {
    "hear": hear,
    "typed": react,
    "tell": tell_all,
    "effect": wait,
    "write": write,
    "others": compare,
    "publish": publish,
    "feeds": follow,
    "webhooks": deliver,
}
LONG_ROWS: Mapping[str, Row] = {"growth": grow, "backlog": catch_up}


async def measure(facts: Facts, stage: Stage) -> Mapping[str, object]:
    """All rows that are asked for, one after the other."""
    results: dict[str, object] = {}
    for name, row in {**ROWS, **(LONG_ROWS if LONG else {})}.items():
        if not ONLY or name in ONLY:
            begun = time.monotonic()
            results |= await row(stage, lambda line: print(line, flush=True))
            print(f"       ({name}: {time.monotonic() - begun:.0f} s)", flush=True)
    return {**results, **facts}


async def main() -> None:
    """On one stage; and what came of it as a file."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it warns of every topic that was made a moment ago
    load = round(os.getloadavg()[0], 2)  # what else ran: the stage is not set yet
    async with staged() as stage:
        facts = await found(stage, rounds=ROUNDS, more_rounds=MORE_ROUNDS, events=EVENTS, load=load)
        print("; ".join(f"{name}: {fact}" for name, fact in facts.items()), flush=True)
        results = await measure(facts, stage)
    if ONLY:
        return
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {OUT}")


if __name__ == "__main__":
    run_on_uvloop(main())  # as services do
