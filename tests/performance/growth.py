"""Whether it stays as fast as the tables grow: the same records, beside few other entities and beside ten million.

Twice: the entities that are heard of are the newest, as ids that follow time have it; or they lie evenly among all others,
each on a page of its own, which is the worst that can be and costs a whole page of WAL for each after a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

from shared.contracts.events import AdoptionEnded
from tests.performance import toy
from tests.performance.consume import ours
from tests.performance.measuring import Report, in_turns, tuned_collector
from tests.performance.records import adoptions, fill
from tests.performance.stage import MESSAGING, Room, Stage

ACTIVE = 10_000
"""How many entities are heard of: all of the small tables, few of the large ones."""
SLACK = 5_000
"""A consumer that is told to stop finishes its batch, and has fetched the next."""
FILL = """
insert into {schema}.tally
  select lpad(to_hex({first} + n * {apart}), 32, '0')::uuid, 1, 1 from generate_series(0, {count} - 1) n;
insert into {schema}.heard (stream, entity, sequence)
  select {stream}, lpad(to_hex({first} + n * {apart}), 32, '0')::uuid, 1 from generate_series(0, {count} - 1) n;
"""


async def measure(stage: Stage, report: Report, *, entities: int, count: int, rounds: int) -> Mapping[str, float]:
    """The rate beside so many entities by the rate beside 10,000, for active entities in two places."""
    results: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        large = await stack.enter_async_context(stage.another("large", MESSAGING, tables=toy.TABLES))
        await _grown(large, 1, 1, entities)
        places = {"newest": (entities - ACTIVE + 1, 1), "spread": (1, (entities - ACTIVE) // ACTIVE)}
        for place, (first, apart) in places.items():
            small = await stack.enter_async_context(stage.another(place, MESSAGING, tables=toy.TABLES))
            await _grown(small, first, apart, ACTIVE)
            records = adoptions(ACTIVE, count * rounds + SLACK, first=first, apart=apart, version=2)
            await fill(stage.servers, records)
            await large.admin.execute(f"truncate {large.name}.positions")
            groups = {room.name: stage.group() for room in (small, large)}
            turns = {room.name: partial(_turn, stage, room, groups[room.name], count) for room in (small, large)}
            found = await in_turns(turns, rounds)
            report(
                f"growth {place}: beside {ACTIVE:,} {found.rates[place]:8,.0f}/s  "
                f"beside {entities:,} {found.rates['large']:8,.0f}/s  x{found.ratios['large']:.2f}"
            )
            results[f"growth_{place}"] = round(found.ratios["large"], 3)
            results[f"growth_{place}_10k_per_s"] = round(found.rates[place])
            results[f"growth_{place}_10m_per_s"] = round(found.rates["large"])
    return {"growth_10k_to_10m": results["growth_newest"], **results}


async def _grown(room: Room, first: int, apart: int, count: int) -> None:
    sql = FILL.format(schema=room.name, first=first, apart=apart, count=count, stream=int(AdoptionEnded.STREAM))
    await room.admin.execute(sql)
    await room.admin.execute(f"vacuum (analyze) {room.name}.tally, {room.name}.heard")


async def _turn(stage: Stage, room: Room, group: str, count: int, _round: int) -> float:
    """The next so many records: it goes on where it was."""
    await room.admin.execute("checkpoint")
    with tuned_collector():
        return await ours(room.database, stage.servers, count, 500, group)
