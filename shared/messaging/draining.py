"""What a rebalance of the group waits for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiokafka import ConsumerRebalanceListener, TopicPartition

if TYPE_CHECKING:
    from shared.messaging.consumer import Consumer


class Drain(ConsumerRebalanceListener):  # type: ignore[misc] # untyped library
    """Lets the batch in flight finish before its partitions go, and has new ones placed before they are read."""

    def __init__(self, consumer: Consumer[Any]) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - all of them go
        """Nothing is handled from here until the next assignment."""
        await self._consumer.leave()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Paused at once, before any await: not a record may come in from another place than ours."""
        self._consumer.join(frozenset(assigned))
