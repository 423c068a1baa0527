"""Where a service is in the log. Kept in its own schema, and held against the log at every assignment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.envelope import KafkaRecord, fast_uuid
from shared.messaging.heard import Position
from shared.storage import Database

# Written, so that the commit waits until the disk has the effects up to here: nobody looks after them but us from now on.
TAKE = """
insert into positions (topic, part, next, cluster) select t, p, n, $4 from unnest($1::text[], $2::int[], $3::bigint[]) u(t, p, n)
order by t, p on conflict (topic, part) do update
set cluster = case positions.next when 0 then excluded.cluster else positions.cluster end
returning topic, part, next, cluster, event_id
"""
KEEP = """
with k as (update positions set next = next from unnest($1::text[], $2::int[], $3::bigint[]) a(t, p, n)
  where topic = t and part = p and next >= n returning 1)
select count(*) = cardinality($1) from k
"""


class LogChanged(Exception):
    """The log is not the one that was read before. An operator must say what to do; going on would lose or double."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} Once the log is as it must be, have it read from its beginning: `places rewind TOPIC PARTITION`. "
            "What was heard already is dropped."
        )


class Places:
    """The places of one service in one cluster's log."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database, self._cluster = database, cluster

    async def of(
        self, consumer: AIOKafkaConsumer, assigned: Iterable[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Our place in each of these partitions; the log's beginning where we never were.

        Raises: LogChanged.
        """
        partitions = sorted(assigned)
        first = await consumer.beginning_offsets(partitions)
        # Our places before the end: what is read later of the log can only have grown.
        async with self._database.transaction() as tx:
            rows = await tx.fetch(TAKE, *columns(partitions), [first[tp] for tp in partitions], self._cluster)
        end = await consumer.end_offsets(partitions)
        places = {}
        for row in rows:
            tp = TopicPartition(row["topic"], row["part"])
            if row["cluster"] != self._cluster:
                raise LogChanged(
                    f"{tp.topic}/{tp.partition} was read in cluster {row['cluster']}, and this is {self._cluster}."
                )
            if not first[tp] <= row["next"] <= end[tp]:
                raise LogChanged(
                    f"{tp.topic}/{tp.partition}: we were at {row['next']}, "
                    f"but the log holds {first[tp]} to {end[tp]}. It was cut or made anew."
                )
            places[tp] = Position(tp.topic, tp.partition, row["next"], self._cluster, row["event_id"])
        return places

    async def keep(self, at: Mapping[TopicPartition, Position]) -> bool:
        """Waits until the disk has the effects up to these places; False when the database went back to before one."""
        partitions = sorted(at)
        async with self._database.transaction() as tx:
            kept: bool = await tx.fetchval(KEEP, *columns(partitions), [at[tp].next for tp in partitions])
        return kept

    def fresh(
        self, at: Mapping[TopicPartition, Position], polled: Mapping[TopicPartition, Sequence[Any]]
    ) -> tuple[list[KafkaRecord], dict[TopicPartition, Position]]:
        """What comes at or after our place, and the places after it.

        Raises: LogChanged when something is missing in between, or another event stands where the last one was.
        """
        fresh: list[KafkaRecord] = []
        positions: dict[TopicPartition, Position] = {}
        for tp, records in polled.items():
            position = at[tp]
            ours = [record for record in records if record.offset >= position.next]
            for record in records[: len(records) - len(ours)]:
                self._compare(position, record)
            if not ours:
                continue
            if ours[0].offset != position.next:
                raise LogChanged(f"{tp.topic}/{tp.partition}: expected offset {position.next}, got {ours[0].offset}.")
            last = ours[-1]
            positions[tp] = Position(
                tp.topic, tp.partition, last.offset + 1, self._cluster, event_id_of(last), position.next
            )
            fresh += ours
        return fresh, positions

    @staticmethod
    def _compare(position: Position, record: KafkaRecord) -> None:
        if record.offset < reading_from(position):  # the client starts anew where the log does not go as far as we were
            raise LogChanged(
                f"{record.topic}/{record.partition}: we were at {position.next}, "
                f"and the log begins again at {record.offset}. It was cut or made anew."
            )
        found = event_id_of(record)
        if found != position.event_id:
            raise LogChanged(
                f"{record.topic}/{record.partition}: at {record.offset} we read event {position.event_id}, "
                f"and now {found} stands there. The topic was made anew."
            )


def columns(partitions: Sequence[TopicPartition]) -> tuple[list[str], list[int]]:
    """Topics and numbers."""
    return [tp.topic for tp in partitions], [tp.partition for tp in partitions]


def reading_from(position: Position) -> int:
    """One before our place, where an event is remembered: it shows that the log is still the same."""
    return position.next - 1 if position.event_id is not None else position.next


def event_id_of(record: KafkaRecord) -> UUID | None:
    """The id of the event in a record, if it can be read."""
    for name, value in record.headers:
        if name == "ce_id" and value is not None:
            try:
                return fast_uuid(value.decode())
            except ValueError:
                return None
    return None
