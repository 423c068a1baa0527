"""Every topic of Kafka asked by every user, by requests that change nothing: what may be written is seen by what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from deploy.local.settings import ROOT
from shared.access import Access
from shared.contracts.event import Stream
from shared.contracts.registry import EVENTS
from shared.messaging.brokers import Brokers, client_settings
from tests.roles.policy import HERE

TABLE = HERE / "who_may.md"
ACCESS = ROOT / "deploy" / "kafka" / "access.yaml"
SECTION = "## Kafka"
WITHIN_MS, BYTES = 5_000, 1_000
CHECKSUM = 17
"""Where it begins in a batch (Kafka protocol, record batch)."""


class Act(StrEnum):
    """What somebody tries."""

    READ = "reads"
    WRITE = "writes"
    SEE = "sees that it is there"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, and who may write and read it."""

    name: str
    writers: frozenset[str]
    readers: frozenset[str]

    def may(self, user: str, act: Act) -> bool:
        """By the table alone. Who may neither write nor read does not see it either."""
        return user in {Act.WRITE: self.writers, Act.READ: self.readers, Act.SEE: self.writers | self.readers}[act]


def topics(access: Access) -> Iterator[Topic]:
    """By the table, with those who are declared in access.yaml in the place of <publisher>, <event> and `granted`."""
    owners = {declared.event.TYPE: declared.owner for declared in EVENTS}
    lines = TABLE.read_text(encoding="utf-8").partition(SECTION)[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    streams = {f"`{stream.topic}`": stream for stream in Stream}
    for name, writers, readers in rows:
        if stream := streams.get(name):
            granted = {one.name for one in access.subscribers.values() if stream.name.lower() in one.streams}
            yield Topic(stream.topic, _named(writers), _named(readers, granted))
    for publisher in access.publishers.values():
        own = frozenset({publisher.name})
        taking = frozenset(owners[right.event] for right in publisher.rights)
        for right in publisher.rights:
            yield Topic(publisher.inbound_topic(right.event), own, frozenset({owners[right.event]}))
        yield Topic(publisher.refusals_topic, taking, own)


def _named(cell: str, granted: Collection[str] = ()) -> frozenset[str]:
    names = {name.strip() for name in cell.split(",")}
    return frozenset(names - {"granted"} | (set(granted) if "granted" in names else set()))


class Kafka:
    """Somebody's connection."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def error(self, act: Act, topic: str) -> type[Exception]:
        """What Kafka says to this."""
        node = self._client.get_random_node()
        answer = await self._client.send(node, _request(act, topic))
        error: type[Exception] = for_code(_code(act, answer))
        return error

    async def group_error(self, group: str) -> type[Exception]:
        """What Kafka says to whoever looks where a group is."""
        answer = await self._client.send(self._client.get_random_node(), OffsetFetchRequest(group, []))
        error: type[Exception] = for_code(answer.error_code)
        return error


@asynccontextmanager
async def as_user(brokers: Brokers) -> AsyncIterator[Kafka]:
    """A connection of this user."""
    client = AIOKafkaClient(**client_settings(brokers))
    await client.bootstrap()
    try:
        yield Kafka(client)
    finally:
        await client.close()


def _broken_batch() -> bytes:
    """A record whose checksum is wrong: Kafka first looks who writes, then at that, and keeps nothing."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, BYTES)
    builder.append(0, timestamp=None, key=b"k", value=b"v", headers=[])
    batch = bytearray(builder.build())
    batch[CHECKSUM] ^= 0xFF
    return bytes(batch)


def _request(act: Act, topic: str) -> Any:  # noqa: ANN401 - aiokafka's own
    if act is Act.WRITE:
        return ProduceRequest(None, 1, WITHIN_MS, [(topic, [(0, _broken_batch())])])
    if act is Act.READ:
        return FetchRequest(0, 0, BYTES, 0, [(topic, [(0, 0, BYTES)])])
    return MetadataRequest([topic], allow_auto_topic_creation=False)


def _code(act: Act, answer: Any) -> int:  # noqa: ANN401 - aiokafka's own
    code: int
    if act is Act.SEE:
        code = answer.topics[0][0]
    else:
        (_, [(_, code, *_)]), *_ = answer.topics
    return code
