"""While Kafka works on one claim the relay reads the next: what failed meanwhile must not be overtaken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import RecordMetadata

from shared.messaging import relay as relay_module
from shared.messaging.producer import Outgoing, Producer
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_relay import KEYS, ONE, PROJECTS, until_told, versions
from tests.messaging import Schema, withdrawn
from tests.topics import log_of


class RefusesAtFirst(Producer):
    """Of the first sending of so many it takes nothing of one key."""

    refused = False

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        if self.refused:
            return await super().send(records)
        self.refused = True
        answers = iter(await super().send([record for record in records if record.key != str(ONE).encode()]))
        return [KafkaTimeoutError() if record.key == str(ONE).encode() else next(answers) for record in records]


async def test_what_was_read_ahead_of_a_key_waits_for_what_failed_of_it(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "PER_SHARD", 4)
    async with database.transaction() as tx:
        for turn in range(10):
            for entity in KEYS:
                tx.say(withdrawn(entity, f"{turn}"))

    async with telling(schema, servers, producer=RefusesAtFirst(servers, "test")):
        await until_told(database, 10 * len(KEYS))

    log = await log_of(servers, PROJECTS)
    assert len(log) == 10 * len(KEYS), "nothing was told twice"
    assert versions(log) == {str(entity): list(range(1, 11)) for entity in KEYS}
