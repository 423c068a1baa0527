"""The Kafka consumer that FastStream builds, starts and stops for us, and what it is set to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream.kafka import KafkaBroker
from faststream.middlewares import AckPolicy

from shared.messaging.brokers import Servers, addresses, security

if TYPE_CHECKING:
    from faststream.kafka.subscriber.usecase import BatchSubscriber


def subscribed(
    servers: Servers, group: str, topics: Sequence[str], listener: ConsumerRebalanceListener
) -> tuple[KafkaBroker, BatchSubscriber]:
    """FastStream's broker, and its subscriber, of which the client is there once the broker was started."""
    broker = KafkaBroker(
        addresses(servers),
        security=security(servers),
        apply_types=False,
        consumer_only=True,
        client_id=group,
        logger=None,
    )
    subscriber: BatchSubscriber = broker.subscriber(
        *topics,
        batch=True,
        group_id=group,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        listener=listener,
        partition_assignment_strategy=[RangePartitionAssignor],
        session_timeout_ms=10_000,
        heartbeat_interval_ms=1_000,
        rebalance_timeout_ms=30_000,
        max_poll_interval_ms=300_000,
        title=group,
    )
    return broker, subscriber
