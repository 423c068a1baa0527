"""A run without faults, on a platform of its own: `python -m tests.chaos.record` keeps one that the checker is tested on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.chaos.check import check
from tests.chaos.check_log import Reading
from tests.chaos.history import History
from tests.chaos.ledger import Ledger
from tests.chaos.readback import history
from tests.chaos.workload import Workload
from tests.platform import Platform, platform_up
from tests.waiting import eventually

KEPT = Path(__file__).parent / "history.json.xz"
SEED, SECONDS, WALKERS = 5, 30.0, 5
REST_WITHIN_S = 60


@dataclass(frozen=True)
class PlatformView:
    """A platform of one replica each, as the workload and the checker see it."""

    platform: Platform

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return self.platform.places.kafka

    def addresses(self, service: str) -> Sequence[str]:
        """The one replica."""
        return [self.platform.places.services[service]]

    async def token(self, form: Mapping[str, str | list[str]]) -> str:
        """A bearer token of the development issuer."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            answer = await http.post(f"{self.platform.places.issuer}/token", data=dict(form))
        return str(answer.raise_for_status().json()["access_token"])

    def database(self, service: str) -> AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]:
        """A superuser's connection that sees one service's tables."""
        return self.platform.database(service)


async def recorded(platform: Platform, seconds: float, walkers: int = WALKERS) -> History:
    """What a run of some seconds leaves, once everything is told and heard. Raises: AssertionError, when it does not rest."""
    view, ledger, stop = PlatformView(platform), Ledger(), asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await Workload(SEED, view, ledger, walkers=walkers).run(stop)
    found: list[History] = []

    async def at_rest() -> bool:
        found[:] = [await history(view, ledger)]
        return _all_heard(found[0])

    await eventually(at_rest, within=REST_WITHIN_S, what="everything is told and heard")
    return found[0]


def _all_heard(whole: History) -> bool:
    outboxes = [rows for tables in whole.tables.values() for rows in (tables["outbox"],)]
    said = {(r["stream"], r["entity"]): r["sequence"] for tables in whole.tables.values() for r in tables["said"]}
    heard = [
        r["sequence"] == said.get((r["stream"], r["entity"]))
        for tables in whole.tables.values()
        for r in tables["heard"]
    ]
    return not any(outboxes) and len(Reading.of(whole.log).by_entity()) == len(said) and all(heard)


def without_gemeenten(whole: History) -> History:
    """Without the 342 gemeenten that stand in the registry from the start: nobody asked for them, and they fill the file."""
    told = Reading.of(whole.log).told
    left_out = {
        each.entity for each in told if each.name == "OrganisationChanged" and '"gemeente":"' in str(each.record.value)
    }
    tables = {
        service: {name: [row for row in rows if not _is_about(row, left_out)] for name, rows in kept.items()}
        for service, kept in whole.tables.items()
    }
    states = {
        service: {fold: {key: s for key, s in kept.items() if key not in left_out} for fold, kept in folds.items()}
        for service, folds in whole.states.items()
    }
    return replace(
        whole, log=[record for record in whole.log if record.key not in left_out], tables=tables, states=states
    )


def _is_about(row: Mapping[str, Any], entities: set[str]) -> bool:
    return row.get("entity") in entities or row.get("id") in entities


async def main() -> None:
    """Records one anew, and says what the checker finds in it."""
    with platform_up() as platform:
        whole = without_gemeenten(await recorded(platform, SECONDS))
    verdict = check(whole)
    for finding in verdict.findings:
        print(finding)
    print(verdict.figures())
    whole.save(KEPT)


if __name__ == "__main__":
    asyncio.run(main())
