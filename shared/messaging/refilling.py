"""What was cut off the end of the log is told again by its owner, from `told`, in its order, before anything new."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.structs import RecordMetadata

from shared.messaging.audit import Act, record
from shared.messaging.confirmed import Confirmed
from shared.messaging.places import event_id_of
from shared.messaging.producer import Producer
from shared.messaging.reading import Log
from shared.messaging.relay import outgoing
from shared.storage import Transaction

if TYPE_CHECKING:
    from shared.storage.database import Connection

log = logging.getLogger(__name__)
RELAY = Act("relay", "the end of the log was cut off")
TOLD = "from told where cluster = $1 and topic = $2 and part = $3"
BACKWARDS = f"select off, id {TOLD} order by off desc"
# In the order in which it was told, so that the log becomes what it was.
LOST = f"""
select seq, id, topic, key, sequence, headers::text, value, written {TOLD} and off >= $4 order by told_at, off
"""
KEEP = """
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9, $10, $11)
"""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Cut:
    """A partition that lost something: how far it was told, its first offset and its next one."""

    tp: TopicPartition
    told: Confirmed
    first: int
    end: int


class LogCut(Exception):
    """What is gone from the log is not kept, or only in part."""

    def __init__(self, service: str, cut: Cut) -> None:
        super().__init__(
            f"{cut.tp.topic}/{cut.tp.partition} was told up to {cut.told.next}, and now ends at {cut.end} or holds other "
            "events: it was cut or made anew, and not all that is gone is kept to be told again. Restore the log, or take "
            f"it as it is: python -m services.{service} said adopt-log --actor WHO --reason WHY."
        )


async def refill(
    connection: Connection, log_: Log, producer: Producer, cut: Cut, service: str, *, moved: Callable[[int], None]
) -> Confirmed:
    """Tells again what was lost; returns the place after it. `moved` is told how many were, for those who watch.

    All or nothing is kept of it: if it is broken off, it is done once more, and whoever heard it drops it.
    Raises: LogCut when `told` does not hold all of it; what the producer raises.
    """
    async with connection.transaction():
        start = await _lost_from(connection, log_, cut)
        if start is None:
            raise LogCut(service, cut)
        place, count = await _tell(connection, producer, cut, start, moved)
        outcome = f"{count} events told again, from offset {start} on"
        target = f"{cut.tp.topic}/{cut.tp.partition}"
        await record(Transaction(connection), RELAY, "outbox refill", target, outcome)
    log.error("the end of %s was cut off: %s", target, outcome)
    return place


async def _tell(
    connection: Connection, producer: Producer, cut: Cut, start: int, moved: Callable[[int], None]
) -> tuple[Confirmed, int]:
    place, count = cut.told, 0
    cursor = await connection.cursor(LOST, cut.told.cluster, cut.tp.topic, cut.tp.partition, start)
    while rows := await cursor.fetch(CHUNK):
        answers = _all_taken(await producer.send([outgoing(row) for row in rows]))
        kept = [
            (*row.values(), cut.told.cluster, answer.partition, answer.offset)
            for row, answer in zip(rows, answers, strict=True)
        ]
        await connection.executemany(KEEP, kept)
        moved(len(rows))
        place, count = Confirmed(answers[-1].offset + 1, rows[-1]["id"], place.cluster), count + len(rows)
    return place, count


async def _lost_from(connection: Connection, log_: Log, cut: Cut) -> int | None:
    """The lowest offset at which another event stands than the one we told, or none. None when `told` ends above it.

    Looks backwards until a whole chunk is as it was told.
    """
    differs = lowest = None
    cursor = await connection.cursor(BACKWARDS, cut.told.cluster, cut.tp.topic, cut.tp.partition)
    while rows := await cursor.fetch(CHUNK):
        highest, lowest = rows[0]["off"], rows[-1]["off"]
        stands = {
            each.offset: event_id_of(each)
            async for chunk in log_.read(cut.tp, max(lowest, cut.first), min(highest + 1, cut.end))
            for each in chunk
        }
        others = [row["off"] for row in rows if stands.get(row["off"]) != row["id"]]
        if others:
            differs = min(others)
        elif lowest < cut.told.next:
            return differs
    # Less than a chunk is kept: then it must reach back to the log's beginning, or to what still stands there.
    reaches = lowest is not None and (lowest <= cut.first or (differs is not None and lowest < differs))
    return differs if reaches else None


def _all_taken(answers: Sequence[RecordMetadata | BaseException]) -> list[RecordMetadata]:
    """Raises: the first error among them."""
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
