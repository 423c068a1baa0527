"""A release is rolled out replica by replica while everybody works on: a column more, and an event in a second version."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.chaos import readback
from tests.chaos.check import check
from tests.chaos.cluster import Cluster, cluster_up
from tests.chaos.findings import Kind
from tests.chaos.ledger import Ledger
from tests.chaos.places import Places
from tests.chaos.quiet import quiet
from tests.chaos.supervisor import Replica
from tests.chaos.view import ClusterView
from tests.chaos.workload import Workload
from tests.system.next_release import COLUMN, NEWER, as_before, next_release
from tests.waiting import eventually

REPLICAS, PER_SECOND, SEED = 2, 15.0, 5
WITHIN_S = 300.0
NEWEST = "select id from adoption order by id desc limit 1"
BOTH_WRITE = f"""
select count(*) filter (where {COLUMN} is null) > 0 and count(*) filter (where {COLUMN} is not null) > 0
from adoption where id > $1
"""
IS_NULLABLE = "select is_nullable from information_schema.columns where table_schema = 'matching' and column_name = $1"
WHO = ("--reason", "De tweede versie zegt hetzelfde", "--actor", "beheer")


@dataclass(frozen=True)
class Upgrade:
    """What an operator does, with the code of the next release."""

    cluster: Cluster
    home: Path

    async def migrated(self, moment: str) -> None:
        """The migrations of before or after the deploy."""
        await self._asked("matching", "migrate", "--moment", moment)

    async def waived(self, service: str, reaction: str, kind: str) -> None:
        """Gives up the history of a type that is new: it was told in the first version, and heard so."""
        await self._asked(service, "hearing", "waive", reaction, kind, *WHO)

    async def replaced(self, replica: Replica) -> None:
        """One replica of the release before makes way for one of this."""
        await self.cluster.supervisor.stop([replica])
        replica.program.workplace = self.home
        await self.cluster.supervisor.start([replica])

    async def rolled(self, service: str) -> None:
        """All replicas of a service, one after another."""
        for replica in self._replicas(service):
            await self.replaced(replica)

    async def rolled_side_by_side(self, service: str) -> None:
        """The same, but the first stays beside the last of before until both have written."""
        first, *others = self._replicas(service)
        await self.replaced(first)
        since: UUID = await self.cluster.fetchval(service, NEWEST)
        await eventually(
            lambda: self.cluster.fetchval(service, BOTH_WRITE, since), WITHIN_S, "old and new code both start adoptions"
        )
        for replica in others:
            await self.replaced(replica)

    def _replicas(self, service: str) -> Sequence[Replica]:
        return self.cluster.supervisor.of(service)

    async def _asked(self, service: str, *arguments: str) -> None:
        code, printed = await self.cluster.ask(service, *arguments, within=WITHIN_S, home=self.home)
        assert code == 0, printed


@asynccontextmanager
async def at_work(cluster: Cluster, ledger: Ledger) -> AsyncIterator[None]:
    """People work for as long as the context lasts; leaving it waits for the answers that they were promised."""
    stop = asyncio.Event()
    working = asyncio.create_task(Workload(SEED, ClusterView(cluster), ledger, per_second=PER_SECOND).run(stop))
    try:
        yield
    finally:
        stop.set()
        await working


@pytest.mark.timeout(1200)
async def test_a_rolling_upgrade_under_load_loses_nothing_and_doubles_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="upgrade-") as folder, Ledger.at(Path(folder) / "ledger.jsonl") as ledger:
        home = next_release(Path(folder) / "next")
        async with cluster_up(Places.free(Path(folder) / "cluster"), REPLICAS) as cluster:
            upgrade = Upgrade(cluster, home)
            async with at_work(cluster, ledger):
                begun = "select count(*) > 0 from adoption"
                await eventually(lambda: cluster.fetchval("matching", begun), WITHIN_S, "adoptions run")
                await upgrade.migrated("pre")
                await upgrade.rolled_side_by_side("matching")
                for reaction in ("adoptions.lives", "publication.follow_naming"):
                    await upgrade.waived("impact", reaction, NEWER)
                await upgrade.rolled("impact")
                await upgrade.migrated("post")
                asked = ledger.acknowledged
                await eventually(lambda: ledger.acknowledged > asked + 20, WITHIN_S, "work goes on after the upgrade")
            assert await quiet(cluster, WITHIN_S) == []
            assert await cluster.fetchval("matching", IS_NULLABLE, COLUMN) == "NO"
            history, told_twice = as_before(await readback.history(ClusterView(cluster), ledger))
    verdict = check(history)
    assert [str(finding) for finding in verdict.findings] == []
    assert {kind: verdict.figures()[kind.value] for kind in (Kind.LOST, Kind.DOUBLED)} == {
        Kind.LOST: 0,
        Kind.DOUBLED: 0,
    }
    assert told_twice > 0
