"""Accounts on Kafka: what a deleted one may still do (measured on Kafka 4.3)."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from deploy.access import acls
from deploy.access.model import Acl, Operation, Pattern, Resource
from deploy.local.guarding import ADMINISTRATOR
from deploy.local.jars import CACHE, kafka_jars
from deploy.local.kafka import JVM, Kafka
from deploy.local.ports import HOST
from deploy.local.settings import ROOT
from shared.contracts.event import Stream
from tests.integration.pitfalls.plain import new_topic
from tests.ports import free_port
from tests.secured import Secured, read, some_group, with_topics, write
from tests.servers import KafkaServer
from tests.topics import administering
from tests.waiting import eventually

SETTING = "connections.max.reauth.ms"
MOST_MS = 60_000
NAME, WORD = "acme", "only-in-tests"
JAAS = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
FOR_EVER, AGAIN = "LASTING", "ASKING"


class Guarded(Kafka):
    """A broker with two doors for accounts: one that asks again each second who it is, and one that never does."""

    doors: dict[str, int]

    def open_doors(self) -> None:
        """Before it starts."""
        self.doors = {name: free_port() for name in (FOR_EVER, AGAIN)}
        ours = {"PLAINTEXT": self.port, **self.doors}
        listeners = [f"{name}://{HOST}:{port}" for name, port in ours.items()]
        kinds = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{name}:SASL_PLAINTEXT" for name in self.doors)]
        self.properties = {
            "listeners": ",".join([*listeners, f"CONTROLLER://{HOST}:{self.controller_port}"]),
            "advertised.listeners": ",".join(listeners),
            "listener.security.protocol.map": ",".join(kinds),
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256",
            **{f"listener.name.{name.lower()}.scram-sha-256.sasl.jaas.config": JAAS for name in self.doors},
            f"listener.name.{FOR_EVER.lower()}.{SETTING}": "0",
            f"listener.name.{AGAIN.lower()}.{SETTING}": "1000",
        }


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """One that runs."""
    kafka = Guarded(tmp_path / "kafka", free_port(), free_port(), with_parent=True)
    kafka.open_doors()
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


async def change_account(kafka: Kafka, *change: str) -> None:
    """Kafka's own tool does it: aiokafka cannot."""
    jars = ":".join(str(jar) for jar in kafka_jars(CACHE))
    users = ["--bootstrap-server", kafka.servers, "--alter", "--entity-type", "users", "--entity-name", NAME]
    command = [*JVM, "-cp", jars, "kafka.admin.ConfigCommand", *users, *change]
    done = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


async def entered(port: int) -> AIOKafkaProducer:
    """Somebody who came in with the account."""
    account = {"sasl_plain_username": NAME, "sasl_plain_password": WORD, "sasl_mechanism": "SCRAM-SHA-256"}
    producer = AIOKafkaProducer(
        bootstrap_servers=f"{HOST}:{port}", security_protocol="SASL_PLAINTEXT", request_timeout_ms=10_000, **account
    )
    await producer.start()
    return producer


async def writes(producer: AIOKafkaProducer, topic: str) -> bool:
    """Whether it still can."""
    try:
        await producer.send_and_wait(topic, b"x")
    except KafkaError:
        return False
    return True


async def test_pitfall_38_an_account_that_was_deleted_writes_no_more(guarded: Guarded) -> None:
    """It goes on over the connection that it has, for as long as nobody asks it again who it is.

    Guard: `connections.max.reauth.ms` (deploy/local/kafka.py, docker-compose.yml)
    """
    topic = await new_topic(guarded.servers)
    await change_account(guarded, "--add-config", f"SCRAM-SHA-256=[iterations=4096,password={WORD}]")
    lasting, asked = await entered(guarded.doors[FOR_EVER]), await entered(guarded.doors[AGAIN])
    try:
        assert await writes(lasting, topic)
        assert await writes(asked, topic)
        await change_account(guarded, "--delete-config", "SCRAM-SHA-256")

        async def is_out() -> bool:
            return not await writes(asked, topic)

        await eventually(is_out, within=120, what="who is asked again is out")
        assert await writes(lasting, topic)
    finally:
        await asyncio.gather(lasting.stop(), asked.stop())


async def test_pitfall_38_every_broker_of_ours_asks_again(kafka: KafkaServer) -> None:
    """The setting is off unless somebody sets it.

    Guard: `connections.max.reauth.ms` (deploy/local/kafka.py, docker-compose.yml)
    """
    async with administering(kafka.servers) as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
        (_, _, _, _, settings), *_ = answer.resources
        set_ = {entry[0]: entry[1] for entry in settings}
    assert 0 < int(set_[SETTING]) <= MOST_MS
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert 0 < compose["services"]["kafka"]["environment"]["KAFKA_CONNECTIONS_MAX_REAUTH_MS"] <= MOST_MS


async def test_pitfall_37_a_right_to_what_begins_with_a_name_opens_no_neighbours_groups(secured_kafka: Secured) -> None:
    """A prefix without its final dot opens `acme2.` to `acme` too.

    Guard: every prefix ends with a dot (deploy/access/model.py)
    """
    topic, theirs = Stream.RELEASES.topic, some_group("acme2.")
    await with_topics(secured_kafka)
    await secured_kafka.apply("subscribers: [{name: acme}, {name: acme2}]")
    await write(secured_kafka.as_(ADMINISTRATOR), topic)
    acme = secured_kafka.as_("acme")
    assert await read(acme, topic, some_group("acme."))
    with pytest.raises(GroupAuthorizationFailedError):
        await read(acme, topic, theirs)

    naive = Acl("User:acme", Resource.GROUP, "acme", Operation.READ, Pattern.PREFIXED)
    async with administering(secured_kafka.as_(ADMINISTRATOR)) as admin:
        await acls.add(admin, naive)

    async def is_let_in() -> bool:
        with suppress(GroupAuthorizationFailedError):
            return bool(await read(acme, topic, theirs))
        return False

    await eventually(is_let_in, what="it reads as a member of somebody else's group")
    assert f"- {naive}" in await secured_kafka.again()
