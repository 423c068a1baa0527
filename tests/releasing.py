"""Lines of the ledger, added as the service adds them, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from services.impact.publication import store
from services.impact.publication.model import Block, Family, Release, Shown
from shared.contracts.events import ReleaseKind
from shared.storage import Database, Transaction

FIRST_DAY = date(2026, 1, 1)


@dataclass
class Releasing:
    """Adds lines about one project and indicator. Each call has a block more, or the next release of those there are."""

    database: Database
    project: UUID = field(default_factory=uuid4)
    indicator: str = "aanmeldingen"
    blocks: list[Block] = field(default_factory=list)

    async def add(self, count: int = 1, scope: str = "GM0518") -> list[Block]:
        """So many blocks that are new, each about a day of its own, in one transaction."""
        async with self.database.transaction() as tx:
            return await self.add_in(tx, count, scope)

    async def add_in(self, tx: Transaction, count: int = 1, scope: str = "GM0518") -> list[Block]:
        """The same, in a transaction that goes on."""
        days = [FIRST_DAY + timedelta(days=len(self.blocks) + nth) for nth in range(count)]
        families = [Family(self.project, self.indicator, day, day) for day in days]
        first = Release(1, ReleaseKind.PUBLISHED, Shown(count=45), FIRST_DAY)
        ids = await store.new_ids(tx, count)
        made = [Block(each, family, scope, first) for each, family in zip(ids, families, strict=True)]
        await self._release(tx, made)
        self.blocks += made
        return made

    async def follow_up(self, blocks: Sequence[Block], shown: Shown | None) -> list[Block]:
        """The next release of each of these: a correction, or a withdrawal without `shown`."""
        made = []
        for block in blocks:
            last = block.last
            kind = ReleaseKind.CORRECTED if last.shown else ReleaseKind.PUBLISHED
            next_day = last.released_on + timedelta(days=1)
            after = Release(last.number + 1, kind if shown else ReleaseKind.WITHDRAWN, shown, next_day, last.number)
            made.append(block.after(after))
        async with self.database.transaction() as tx:
            await self._release(tx, made)
        newer = {block.id: block for block in made}
        self.blocks = [newer.get(block.id, block) for block in self.blocks]
        return made

    async def _release(self, tx: Transaction, made: Sequence[Block]) -> None:
        families = await store.lock(tx, {block.family for block in made})
        at = datetime(2026, 11, 24, 10, tzinfo=UTC)
        await store.release(tx, families, [replace(block) for block in made], at)
