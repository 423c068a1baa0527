"""Lines of the release ledger of the impact service that runs: written and said to the world as the service does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.impact.publication import store
from services.impact.publication.model import Block, Family, Release, Shown
from shared.contracts.events import ReleaseKind
from shared.storage import Database

FIRST_DAY = date(2026, 1, 1)


@dataclass
class Ledger:
    """Those of one project, which is of this test alone."""

    database: Database
    project: UUID = field(default_factory=uuid4)
    blocks: dict[UUID, Block] = field(default_factory=dict)

    async def publishes(self, count: int) -> list[UUID]:
        """So many figures are shown for the first time, in one transaction."""
        first = Release(1, ReleaseKind.PUBLISHED, Shown(count=45), FIRST_DAY)
        days = [FIRST_DAY + timedelta(days=len(self.blocks) + nth) for nth in range(count)]
        made = [Block(uuid4(), Family(self.project, "aanmeldingen", day, day), "GM0518", first) for day in days]
        await self._release(made)
        return [block.id for block in made]

    async def shows(self, block: UUID, count: int) -> None:
        """A figure is corrected, or shown again."""
        kind = ReleaseKind.CORRECTED if self.blocks[block].last.shown else ReleaseKind.PUBLISHED
        await self._follow_up(block, kind, Shown(count=count))

    async def withdraws(self, block: UUID) -> None:
        """A figure is not shown any more."""
        await self._follow_up(block, ReleaseKind.WITHDRAWN, None)

    @property
    def shown(self) -> dict[str, tuple[int, Any]]:
        """What everybody should see of it: block -> release and number."""
        return {
            str(each.id): (each.last.number, each.last.shown.count) for each in self.blocks.values() if each.last.shown
        }

    async def _follow_up(self, block: UUID, kind: ReleaseKind, shown: Shown | None) -> None:
        last = self.blocks[block].last
        following = Release(last.number + 1, kind, shown, last.released_on + timedelta(days=1), last.number)
        await self._release([self.blocks[block].after(following)])

    async def _release(self, made: Sequence[Block]) -> None:
        now = datetime.now(UTC)
        async with self.database.transaction() as tx:
            families = await store.lock(tx, {block.family for block in made})
            await store.release(tx, families, made, now)
            for block in made:
                tx.say(block.told(now))
        self.blocks |= {block.id: block for block in made}
