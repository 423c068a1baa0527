"""Where a service is in the log. Kept in its own schema, and held against the log at every assignment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.envelope import KafkaRecord, fast_uuid
from shared.messaging.heard import Position
from shared.storage import Database

READ = """
select topic, part, next, cluster, event_id from positions
join unnest($1::text[], $2::int[]) a(topic, part) using (topic, part)
"""


class LogChanged(Exception):
    """The log is not the one that was read before. An operator must say what to do; going on would lose or double."""


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
        # Our places first: what is read later of the log can only have grown.
        async with self._database.reading() as tx:
            rows = await tx.fetch(READ, [tp.topic for tp in partitions], [tp.partition for tp in partitions])
        first = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        known = {TopicPartition(row["topic"], row["part"]): row for row in rows}
        places = {}
        for tp in partitions:
            row = known.get(tp)
            if row is None:
                places[tp] = Position(tp.topic, tp.partition, first[tp], self._cluster, None)
                continue
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
            positions[tp] = Position(tp.topic, tp.partition, last.offset + 1, self._cluster, event_id_of(last))
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
