"""Every user of Kafka tries to see, read and write every topic, and every group; and nothing stands where it should not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    NoError,
    TopicAuthorizationFailedError,
)

from deploy.local.guarding import ADMINISTRATOR
from deploy.local.settings import SERVICES
from shared.access import Access, read_access
from shared.contracts.event import Stream
from shared.messaging.brokers import Brokers, Login, client_settings, lets_in
from tests.platform import Platform
from tests.roles import result
from tests.roles.conftest import Asked
from tests.roles.topics import ACCESS, Act, Topic, as_user, topics

NOWHERE = "nl.schuldhulpprojecten.niets"
pytestmark = pytest.mark.timeout(1_200)  # the first of them starts a platform, on a machine that may be busy


@dataclass
class Tried:
    """What came of all that was tried."""

    cells: int = 0
    unexpected: list[str] = field(default_factory=list)

    def judge(self, what: str, got: type[Exception], wanted: type[Exception]) -> None:
        """Counts it, and names what was not expected."""
        self.cells += 1
        if got is not wanted:
            self.unexpected.append(f"{what}: {got.__name__}, not {wanted.__name__}")


@pytest.fixture(scope="module")
def access() -> Access:
    return read_access(ACCESS)


def brokers(platform: Platform, user: str, password: str | None = None) -> Brokers:
    """Kafka, as this user."""
    known = password or (platform.settings.kafka_passwords / user).read_text(encoding="utf-8")
    return Brokers(platform.settings.kafka_servers, Login(user, lambda: known))


@pytest.fixture(scope="module")
async def tried(platform: Platform, access: Access) -> Tried:
    """Everything, by everybody."""
    came, every = Tried(), list(topics(access))
    for user in (*SERVICES, *access.publishers, *access.subscribers):
        async with as_user(brokers(platform, user)) as kafka:
            for topic in every:
                for act in Act:
                    came.judge(
                        f"{user} {act} {topic.name}", await kafka.error(act, topic.name), expected(topic, user, act)
                    )
            came.judge(f"{user} sees {NOWHERE}", await kafka.error(Act.SEE, NOWHERE), TopicAuthorizationFailedError)
            for group, own in groups(user, access).items():
                wanted = NoError if own else GroupAuthorizationFailedError
                came.judge(f"{user} as group {group}", await kafka.group_error(group), wanted)
    return came


def expected(topic: Topic, user: str, act: Act) -> type[Exception]:
    """What Kafka must say."""
    taken: type[Exception] = CorruptRecordException if act is Act.WRITE else NoError
    refused: type[Exception] = TopicAuthorizationFailedError
    return taken if topic.may(user, act) else refused


def groups(user: str, access: Access) -> Mapping[str, bool]:
    """Groups of everybody, and whether they are this user's own; one whose name only begins the same is not."""
    outside = [*access.publishers, *access.subscribers]
    names: dict[str, bool] = {service: service == user for service in SERVICES}
    names |= {f"{name}.eigen": name == user for name in outside}
    return {**names, f"{user}2": False, f"{user}2.eigen": False}


async def test_everybody_may_what_the_table_says_and_no_more(tried: Tried) -> None:
    result.write("topics", tried.cells, [], tried.unexpected)
    assert sorted(tried.unexpected) == []
    assert tried.cells > 500


async def test_nobody_comes_in_without_a_password_of_their_own(platform: Platform, access: Access) -> None:
    publisher = next(iter(access.publishers))
    assert await lets_in(brokers(platform, publisher))
    assert not await lets_in(brokers(platform, publisher, "geraden"))
    assert not await lets_in(brokers(platform, "niemand", "geraden"))
    with pytest.raises(KafkaConnectionError):
        async with as_user(Brokers(platform.settings.kafka_servers)):
            pass


async def test_no_topic_holds_what_it_should_not(asked: Asked, platform: Platform, access: Access) -> None:
    streams = {stream.topic: stream for stream in Stream}
    found = [
        f"{topic.name}: {mark.name}"
        for topic in topics(access)
        for text in await everything(brokers(platform, ADMINISTRATOR), topic.name)
        for mark in asked.marks
        if mark.is_in(text) and streams.get(topic.name) not in mark.streams and topic.name not in mark.topics
    ]
    assert found == []


async def everything(servers: Brokers, topic: str) -> list[str]:
    """All records of a topic, headers and key included."""
    consumer = AIOKafkaConsumer(**client_settings(servers), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        parts = [TopicPartition(topic, nth) for nth in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(parts)
        end, found = await consumer.end_offsets(parts), list[str]()
        while any([await consumer.position(part) < end[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [text for record in records for text in _texts(record)]
        return found
    finally:
        await consumer.stop()


def _texts(record: object) -> Iterator[str]:
    parts = (record.key, record.value, *(value for _, value in record.headers))  # type: ignore[attr-defined]
    yield "\n".join((part or b"").decode(errors="replace") for part in parts)
