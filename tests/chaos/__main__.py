"""`python -m tests.chaos`: breaks a platform for a quarter of an hour, and tells whether anything was lost (`make chaos`)."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import RunnerError
from deploy.local.settings import ROOT
from tests.chaos.result import clean, summary, write
from tests.chaos.run import Wanted, run

RESULT = ROOT / "build" / "chaos.json"
HIGHEST_SEED = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when everything adds up."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # brokers are away on purpose
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        result = asyncio.run(run(_wanted(arguments), folder))
    except (RunnerError, ValueError, AssertionError) as error:
        print(f"{error}\nLogs: {folder}", file=sys.stderr)
        return 1
    write(result, RESULT)
    print(*summary(result), sep="\n")
    if clean(result):
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    print(f"Not everything adds up. Logs, ledger and what was read back: {folder}")
    return 1


def _wanted(arguments: Sequence[str] | None) -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default="", help="the same seed gives the same faults; if not given, any")
    parser.add_argument("--minutes", type=float, default=15.0, help="for how long faults begin")
    parser.add_argument("--faults", default="", help="how many at most, or the kinds to take, with commas between them")
    parser.add_argument("--replicas", type=int, default=2, help="of each service")
    asked = parser.parse_args(arguments)
    seed = int(asked.seed) if asked.seed else secrets.randbelow(HIGHEST_SEED)
    most = int(asked.faults) if asked.faults.isdecimal() else 10_000
    kinds = () if asked.faults.isdecimal() else tuple(filter(None, asked.faults.split(",")))
    return Wanted(seed, asked.minutes, most, kinds, asked.replicas)


if __name__ == "__main__":
    raise SystemExit(main())
