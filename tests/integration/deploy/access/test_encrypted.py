"""Outsiders come in over an encrypted connection, and know the broker by its certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from deploy.certs.folder import CA, served
from deploy.certs.making import make
from deploy.local.guarding import ADMINISTRATOR
from shared.clock import system_clock
from shared.contracts.event import Stream
from shared.messaging.brokers import Brokers, lets_in
from shared.messaging.subscribing import subscribed
from shared.runtime.settings import KafkaSettings
from tests.secured import Secured, read, some_group, with_topics, write
from tests.waiting import eventually

RELEASES = Stream.RELEASES.topic


class Quiet(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Nobody to tell."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing."""


@pytest.fixture
async def secured(secured_kafka: Secured) -> Secured:
    """With a subscriber, and something to read."""
    await with_topics(secured_kafka)
    await secured_kafka.apply("subscribers: [{name: board}]")
    await write(secured_kafka.as_(ADMINISTRATOR), RELEASES, b"shown")
    return secured_kafka


def outside(secured: Secured, ca: Path) -> Brokers:
    """The subscriber, from outside, as settings say it."""
    settings = KafkaSettings(
        kafka_servers=secured.outside,
        kafka_security="SASL_SSL",
        kafka_user="board",
        kafka_password_file=secured.folder / "passwords" / "board",
        kafka_ca_file=ca,
    )
    return settings.brokers


async def test_who_has_the_password_and_knows_the_certificate_reads(secured: Secured) -> None:
    brokers = outside(secured, secured.folder / "certs" / CA)
    assert await lets_in(brokers)
    assert await read(brokers, RELEASES, some_group("board.")) is not None


async def test_the_consumer_of_our_own_services_comes_in_so_too(secured: Secured) -> None:
    brokers = outside(secured, secured.folder / "certs" / CA)
    faststream, subscriber = subscribed(brokers, some_group("board."), [RELEASES], Quiet())
    try:
        await faststream.start()
        consumer = subscriber.consumer
        assert consumer is not None
        await eventually(consumer.assignment, what="it has partitions")
    finally:
        await faststream.stop()


async def test_a_broker_with_an_unknown_certificate_is_told_nothing(secured: Secured, tmp_path: Path) -> None:
    make(tmp_path, served("localhost", "127.0.0.1"), system_clock())
    with pytest.raises((KafkaError, OSError)):
        await lets_in(outside(secured, tmp_path / CA))
