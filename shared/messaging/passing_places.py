"""Our place in topics that others write and Kafka empties after a day: what is gone there is gone, and stops nobody.

Holes are no alarm either: whoever writes within transactions leaves some. What is read twice is known by its id.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.envelope import KafkaRecord
from shared.messaging.heard import Position
from shared.messaging.places import TAKE, Places, columns

log = logging.getLogger(__name__)
MOVE = "update positions set next = $3, cluster = $4, event_id = null where topic = $1 and part = $2"


class PassingPlaces(Places):
    """The places of one service in inbound topics."""

    async def of(
        self, consumer: AIOKafkaConsumer, assigned: Iterable[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Our place in each; the log's beginning where we never were, and where our place is not there any more."""
        partitions = sorted(assigned)
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        places = {}
        async with self._database.transaction() as tx:
            for row in await tx.fetch(TAKE, *columns(partitions), [first[tp] for tp in partitions], self._cluster):
                tp, at = TopicPartition(row["topic"], row["part"]), row["next"]
                if row["cluster"] != self._cluster or not first[tp] <= at <= end[tp]:
                    log.warning("%s/%d: we were at %d, and it begins at %d now: what was in between is gone or was read",
                                tp.topic, tp.partition, at, first[tp])  # fmt: skip
                    at = first[tp]
                    await tx.execute(MOVE, tp.topic, tp.partition, at, self._cluster)
                places[tp] = Position(tp.topic, tp.partition, at, self._cluster, None)
        return places

    def fresh(
        self, at: Mapping[TopicPartition, Position], polled: Mapping[TopicPartition, Sequence[Any]]
    ) -> tuple[list[KafkaRecord], dict[TopicPartition, Position]]:
        """All of it, and the places after it."""
        positions = {}
        for tp, records in polled.items():
            if records:
                before = at[tp].next
                following = max(before, records[-1].offset + 1)
                positions[tp] = Position(tp.topic, tp.partition, following, self._cluster, None, before)
        return [record for records in polled.values() for record in records], positions
