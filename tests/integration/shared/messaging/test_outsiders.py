"""What a reader outside the platform may count on: at least once, in order after repeats are dropped, and nothing missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import RecordMetadata

from deploy.local.settings import ROOT
from shared.contracts.event import Stream
from shared.messaging.producer import Outgoing, Producer
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_relay import until_told
from tests.messaging import Schema, withdrawn
from tests.topics import log_of

KEYS = [UUID(int=number) for number in range(1, 13)]
TURNS = 30


class Forgetful(Producer):
    """Sends, and loses every second answer: what the broker has confirmed must be told again."""

    sent = 0

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        """Where the records stand, or what an outage leaves of that."""
        answers = await super().send(records)
        self.sent += 1
        if self.sent % 2:
            raise KafkaConnectionError
        return answers


def first_of_each(log: Sequence[Any]) -> list[Any]:
    """As the documentation tells outsiders to read: an event whose id was seen is dropped."""
    seen: dict[bytes, Any] = {}
    for record in log:
        seen.setdefault(dict(record.headers)["ce_id"], record)
    return list(seen.values())


async def speak(database: Database) -> None:
    for turn in range(TURNS):
        async with database.transaction() as tx:
            for entity in KEYS:
                tx.say(withdrawn(entity, str(turn)))


async def test_rule_23_who_drops_repeats_by_id_reads_every_version_once_and_in_order(
    database: Database, schema: Schema, servers: str
) -> None:
    """Guard: ids and versions are given once, in the outbox (outbox.py); the relay keeps the order of a key (relay.py)"""
    async with telling(schema, servers, producer=Forgetful(servers, schema.name)):
        await speak(database)
        await until_told(database, TURNS * len(KEYS))

    log = await log_of(servers, Stream.PROJECTS.topic)
    once = first_of_each(log)

    assert len(log) > len(once), "nothing was told twice: this test shows nothing"
    versions: dict[bytes, list[int]] = defaultdict(list)
    for record in once:
        versions[record.key].append(int(dict(record.headers)["ce_sequence"]))
    assert versions == {str(entity).encode(): list(range(1, TURNS + 1)) for entity in KEYS}


def test_rule_23_outsiders_are_told_so() -> None:
    """Guard: the last words of docs/messaging.md"""
    words = " ".join((ROOT / "docs" / "messaging.md").read_text(encoding="utf-8").split())
    assert "Outsiders get every event at least once, with a stable id and a version without gaps" in words
