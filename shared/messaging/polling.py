"""What one poll brought, and what stands for a record that the client library cannot read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.envelope import KafkaRecord
from shared.messaging.heard import Position

Polled = Mapping[TopicPartition, Sequence[Any]]
PARTS = 10


async def fetched(client: AIOKafkaConsumer, wait_ms: int, most: int, *only: TopicPartition) -> Polled:
    """In parts, for unpacking takes long: whoever waits for Postgres goes on as soon as that has answered.

    The first part is waited for; one that is not full is the last. When a part fails the client stands behind those before:
    who polls again has to seek. Raises: UnicodeDecodeError; KafkaError.
    """
    found: dict[TopicPartition, list[Any]] = {}
    left, part = most, -(-most // PARTS)
    while left:
        asked = min(left, part)
        polled = await client.getmany(*only, timeout_ms=0 if found else wait_ms, max_records=asked)
        for partition, records in polled.items():
            found.setdefault(partition, []).extend(records)
        got = sum(map(len, polled.values()))
        left = left - got if got == asked else 0
        await asyncio.sleep(0)
    return found


class Decodes(Protocol):
    """Turns records into what is heard; never raises for what stands in one."""

    async def decode_in_turns(self, records: Sequence[KafkaRecord]) -> Any: ...  # noqa: ANN401 - its own


class Hears(Protocol):
    """To whom a consumer hands its polls. What its decoder makes of them is its own business.

    `hear_decoded` advances the positions in the transaction of the effect, and raises what passes by itself, or Displaced.
    """

    @property
    def decoder(self) -> Decodes: ...
    @property
    def calls(self) -> int: ...
    async def hear_decoded(self, decoded: Any, positions: Sequence[Position]) -> None: ...  # noqa: ANN401 - its decoder's


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one poll, decoded, and where we are after them. `assignment` counts ours: another one voids it."""

    records: Polled
    decoded: Any
    positions: Mapping[TopicPartition, Position]
    count: int
    assignment: int


class Unreadable:
    """Stands for a record that the client library cannot read: only its place is known."""

    unread = "the name of one of its headers is not UTF-8: the client library cannot read any of it"
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    def __init__(self, place: TopicPartition, offset: int) -> None:
        self.topic, self.partition, self.offset = place.topic, place.partition, offset
