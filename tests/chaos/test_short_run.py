"""A short run of `make chaos`: six faults of four kinds, and nothing lost, doubled, reordered or made up."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.chaos.result import clean, summary
from tests.chaos.run import Wanted, run

KINDS = ("kill9_service", "kill9_broker", "kill9_postgres", "cut_kafka_cut")
FAULTS = 6


@pytest.mark.timeout(1200)
async def test_six_faults_lose_nothing_and_double_nothing() -> None:
    wanted = Wanted(seed=4, most=FAULTS, kinds=KINDS, replicas=1)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:  # pytest's own folder lets no other account pass
        result = await run(wanted, Path(folder))
    assert clean(result), "\n".join(summary(result))
    assert result["faults"] == FAULTS
    assert set(result["kinds"]) == set(KINDS)
    assert {name: result[name] for name in ("lost", "doubled", "reordered", "phantom")} == {
        "lost": 0,
        "doubled": 0,
        "reordered": 0,
        "phantom": 0,
    }
    assert result["commands"] > 0
