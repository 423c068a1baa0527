"""A backlog of a million: rows that wait to be told, and then, of the same million, records that wait to be heard.

Relay and consumer run in processes of their own, so that the memory that is weighed is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from tests.performance import apart
from tests.performance.measuring import Report
from tests.performance.stage import Stage
from tests.performance.tell import fill_outbox
from tests.topics import topics_anew

ENTITIES = 50_000


async def measure(stage: Stage, report: Report, *, usual: int, count: int) -> Mapping[str, float]:
    """What a backlog does to speed and memory: `usual` of everything, twice before and twice after `count`."""
    usuals = [await _worked_off(stage, usual) for _ in range(2)]
    many = await _worked_off(stage, count)
    usuals += [await _worked_off(stage, usual) for _ in range(2)]
    few = {part: {name: median(one[part][name] for one in usuals) for name in many[part]} for part in many}
    results: dict[str, float] = {"backlog_1m_rss_mb": round(max(many[part]["rss_mb"] for part in many))}
    for part in ("relay", "consumer"):
        ratio = many[part]["per_s"] / few[part]["per_s"]
        report(
            f"backlog {part:8} {usual:9,}: {few[part]['per_s']:7,.0f}/s {few[part]['rss_mb']:4.0f} MB   "
            f"{count:9,}: {many[part]['per_s']:7,.0f}/s {many[part]['rss_mb']:4.0f} MB   x{ratio:.2f}"
        )
        results |= {
            f"backlog_1m_{part}_ratio": round(ratio, 3),
            f"backlog_1m_{part}_per_s": round(many[part]["per_s"]),
            f"backlog_1m_{part}_rss_mb": round(many[part]["rss_mb"]),
            f"backlog_usual_{part}_rss_mb": round(few[part]["rss_mb"]),
        }
    return results


async def _worked_off(stage: Stage, count: int) -> dict[str, dict[str, float]]:
    """First all of it is told, then all of it is heard: so much behind the first of each entity, which is not counted.

    So few and many are the same work. Without that few would be nearly all new entities, and many nearly all known ones.
    """
    await stage.room.empty()
    await topics_anew(stage.servers)
    count += ENTITIES
    await fill_outbox(stage.room, ENTITIES, count)
    where = {"dsn": stage.room.dsn, "servers": stage.servers, "count": count, "after": ENTITIES}
    relay = await apart.run("relayed", **where, told_days=35)
    await stage.room.admin.execute(
        "checkpoint"
    )  # as before the relay: what was written for it is not the consumer's to wait for
    consumer = await apart.run("consumed", **where, group=stage.group())
    if (seen := await stage.room.seen()) != count:
        raise SystemExit(f"{seen} effects of {count} events")
    return {"relay": relay, "consumer": consumer}
