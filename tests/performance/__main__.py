"""`make bench`: prints what was measured, interleaved and as medians, and writes build/bench.json. Asserts no time."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from pathlib import Path

from tests.performance import consume, latency, tell
from tests.performance.stage import staged

ROUNDS = int(os.environ.get("ROUNDS", "3"))
EVENTS = int(os.environ.get("EVENTS", "60000"))


async def main() -> None:
    """All measurements, one after the other, on one stage."""
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, medians of {ROUNDS}"
    )
    async with staged() as stage:
        heard = await consume.measure(stage, print, entities=1_000, count=EVENTS, batch=500, rounds=ROUNDS)
        many = await consume.measure(stage, print, entities=50_000, count=EVENTS, batch=500, rounds=ROUNDS)
        told = await tell.measure(stage, print, entities=1_000, count=EVENTS, rounds=ROUNDS)
        calm = await latency.measure(stage, print, per_second=100, seconds=10)
        busy = await latency.measure(stage, print, per_second=1_000, seconds=10)
    results = {
        "consume_ratio": round(heard["ratio"], 3),
        "consume_ratio_50000_entities": round(many["ratio"], 3),
        "relay_ratio": round(told["ratio"], 3),
        "consume_per_s": round(heard["ours"]),
        "effect_p50_ms": round(busy[0], 2),
        "effect_p99_ms": round(busy[1], 2),
        "effect_p50_ms_at_100_per_s": round(calm[0], 2),
        "bare_consume_per_s": round(heard["bare"]),
        "bare_relay_per_s": round(told["bare"]),
        "relay_per_s": round(told["ours"]),
    }
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {out}")


if __name__ == "__main__":
    asyncio.run(main())
