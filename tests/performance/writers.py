"""Writing: a change and its event in one transaction, as services do it, against the same with an outbox but no `said`."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from functools import partial

from shared.contracts.events import AdoptionEnded
from shared.messaging.outbox import Outbox
from shared.storage import Database, Transaction
from tests.performance.measuring import Report, in_turns, tuned_collector
from tests.performance.records import SOURCE
from tests.performance.stage import Room, Stage
from tests.performance.toy import ended, entity_of

ENTITIES = 10_000
SECONDS, TIMES = 0.4, 16
"""Short turns, and more of them: this row lives on the disk, which others may use too."""
WARM_SECONDS = 0.2
"""Before each turn, and not counted: connections are opened, and statements planned anew since the outbox was emptied."""
CHANGE = """
insert into tally (entity, events, last_sequence) values ($1, 1, 1) on conflict (entity) do update set events = tally.events + 1
"""
UNNUMBERED = """
insert into outbox (topic, key, sequence, headers, value) values ($1, $2, 1, $3::text::jsonb, $4)
"""
FILL = """
insert into tally select lpad(to_hex(n), 32, '0')::uuid, 1, 1 from generate_series(1, {count}) n;
insert into said select {stream}, lpad(to_hex(n), 32, '0')::uuid, 1 from generate_series(1, {count}) n;
"""


class Unnumbered(Outbox):
    """An outbox as everybody has one: the same bytes in the same table, without a version that anybody gave it."""

    async def append(self, tx: Transaction) -> None:
        """Writes what was said; each event as if it were the first of its entity."""
        for said in tx.said:
            for headers, value in self._tellings(said):
                await tx.execute(UNNUMBERED, said.data.STREAM.topic, str(said.data.entity), headers, value)


async def written(database: Database, connections: int, entities: int, seconds: float) -> float:
    """Transactions a second of so many writers for so long; each change is of an entity drawn at random."""
    done, until = 0, time.perf_counter() + seconds

    async def writer(seed: int) -> None:
        nonlocal done
        chance = random.Random(seed)
        while time.perf_counter() < until:
            entity = entity_of(chance.randint(1, entities))
            async with database.transaction() as tx:
                await tx.execute(CHANGE, entity)
                tx.say(ended(entity))
            done += 1

    begun = time.perf_counter()
    await asyncio.gather(*(writer(seed) for seed in range(connections)))
    return done / (time.perf_counter() - begun)


async def measure(stage: Stage, report: Report, *, rounds: int) -> Mapping[str, float]:
    """1, 4 and 16 connections over 10,000 entities that were spoken of before; and 16 connections on one entity."""
    room, results = stage.room, dict[str, float]()
    voices = {
        "unnumbered": Database(room.database.pool, Unnumbered(SOURCE, [AdoptionEnded]).append),
        "ours": room.database,
    }
    for name, connections, entities in (("1", 1, ENTITIES), ("4", 4, ENTITIES), ("16", 16, ENTITIES), ("hot", 16, 1)):
        await _prepared(room)
        turns = {voice: partial(_turn, room, voices[voice], connections, entities) for voice in voices}
        found = await in_turns(turns, rounds * TIMES)
        report(
            f"write  {name:>3}: without said {found.rates['unnumbered']:7,.0f} tx/s  "
            f"ours {found.rates['ours']:7,.0f} tx/s  x{found.ratios['ours']:.2f}"
        )
        results[f"writers_{name}"] = round(found.ratios["ours"], 3)
        results[f"writers_{name}_per_s"] = round(found.rates["ours"])
        results[f"writers_{name}_without_said_per_s"] = round(found.rates["unnumbered"])
    return results


async def _turn(room: Room, database: Database, connections: int, entities: int, _round: int) -> float:
    await room.admin.execute(f"truncate {room.name}.outbox")
    await written(database, connections, entities, WARM_SECONDS)
    with tuned_collector():
        return await written(database, connections, entities, SECONDS)


async def _prepared(room: Room) -> None:
    await room.empty()
    await room.admin.execute(f"set search_path = {room.name}")
    await room.admin.execute(FILL.format(count=ENTITIES, stream=int(AdoptionEnded.STREAM)))
    await room.admin.execute("vacuum (analyze) tally, said")
    await room.admin.execute("checkpoint")
