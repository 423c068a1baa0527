"""The examples that speak Kafka, as outsiders run them: with a name and a password, over an encrypted connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.certs.folder import CA
from deploy.local.guarding import ADMINISTRATOR
from shared.contracts.encoding import encoded
from shared.contracts.event import Stream
from shared.contracts.events import ImpactPublished
from shared.contracts.example import example_of
from shared.contracts.refusal import EXAMPLE
from shared.messaging.brokers import client_settings
from tests.secured import Secured, producing, with_topics
from tests.system.examples.programs import EXAMPLES, Subscriber, command, run, running
from tests.waiting import eventually

DECLARED = (EXAMPLES.parent / "deploy/kafka/access.yaml").read_text(encoding="utf-8")
SUBSCRIBER, PUBLISHER = "voorbeeld-dashboard", "voorbeeld-projecteigenaar"
IMPACT = example_of(ImpactPublished)
EVENT = json.loads((EXAMPLES / "events/project-submitted.json").read_text(encoding="utf-8"))
INBOUND, REFUSALS = f"inbound.{PUBLISHER}.project-submitted", f"refusals.{PUBLISHER}"


@pytest.fixture
async def secured(secured_kafka: Secured) -> Secured:
    """Brought to what the platform's own access.yaml declares."""
    await with_topics(secured_kafka)
    await secured_kafka.apply(DECLARED)
    return secured_kafka


def variables(secured: Secured, name: str) -> dict[str, str]:
    """What somebody of this name was told by the operator."""
    return {
        "CLIENT_ID": name,
        "KAFKA_SERVERS": secured.outside,
        "KAFKA_PASSWORD_FILE": str(secured.folder / "passwords" / name),
        "KAFKA_CA_FILE": str(secured.folder / "certs" / CA),
    }


async def tell(secured: Secured, topic: str, value: bytes, headers: Mapping[str, str]) -> None:
    """A record of the platform's."""
    async with producing(secured.as_(ADMINISTRATOR)) as producer:
        told = [(name, text.encode()) for name, text in headers.items()]
        await producer.send_and_wait(topic, value, b"key", headers=told)


async def test_a_subscriber_keeps_its_table(secured: Secured, tmp_path: Path) -> None:
    data = IMPACT.data.model_copy(update={"project": uuid4()})
    subscriber = Subscriber("python/follow_kafka.py", tmp_path, variables(secured, SUBSCRIBER))

    async with running(subscriber):
        await tell(secured, Stream.RELEASES.topic, encoded(data), IMPACT.headers)
        await eventually(subscriber.file.exists, what="it has read something")
        await eventually(lambda: str(data.entity) in subscriber.file.read_text(encoding="utf-8"))


async def test_a_publisher_offers_on_its_own_topic_and_reads_what_was_refused(secured: Secured, tmp_path: Path) -> None:
    offered = {**EVENT, "id": str(uuid4())}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(offered), encoding="utf-8")
    listening = {**variables(secured, PUBLISHER), "LISTEN_SECONDS": "60"}

    program = asyncio.create_task(run(command("python/publish_kafka.py", str(file)), listening))
    assert await first_in(secured, INBOUND) == offered
    refused = {**EXAMPLE, "id": offered["id"]}
    await tell(secured, REFUSALS, json.dumps(refused).encode(), {})

    code, printed = await program
    assert code == 1
    assert printed.splitlines()[:2] == [
        "sent 1",
        f"{offered['id']}: refused. {EXAMPLE['problem']['title']}. {EXAMPLE['problem']['detail']}",
    ]


async def test_who_bears_another_name_cannot_publish_there(secured: Secured, tmp_path: Path) -> None:
    """The topic says who it is: with the password of one, nobody gets to the topic of another."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EVENT), encoding="utf-8")
    of_a_fund = variables(secured, "voorbeeld-fonds")

    code, printed = await run(command("python/publish_kafka.py", str(file)), of_a_fund)

    assert code != 0
    assert "AuthorizationFailed" in printed


async def first_in(secured: Secured, topic: str) -> object:
    """The first event that stands in a topic."""
    settings = client_settings(secured.as_(ADMINISTRATOR))
    async with AIOKafkaConsumer(topic, **settings, auto_offset_reset="earliest") as consumer:
        return json.loads((await asyncio.wait_for(consumer.getone(), 60)).value)
