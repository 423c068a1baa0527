"""A batch of records whose checksum is wrong, on a disk or on its way: nothing is skipped, and it holds up only its partition."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from shared.storage import Database
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.test_consumer import LIVES, PROJECTS, all_heard, assert_one_effect_each, spread
from tests.messaging import value
from tests.topics import PARTITIONS, write
from tests.waiting import eventually

DAMAGED = 2
THERE = "select count(*) from heard where sequence = 1"


@contextmanager
def damaged(kafka: Kafka, word: bytes) -> Iterator[None]:
    """As long as this lasts a byte of this partition's last record is another one on the broker's disk."""
    (segment,) = Path(kafka.folder).glob(f"**/{PROJECTS}-{DAMAGED}/00000000000000000000.log")
    at = segment.read_bytes().rindex(word)
    with segment.open("r+b") as file:
        file.seek(at)
        file.write(b"#")
    try:
        yield
    finally:
        with segment.open("r+b") as file:
            file.seek(at)
            file.write(word[:1])


async def test_a_damaged_batch_holds_up_its_own_partition_until_it_can_be_read_and_nothing_is_skipped(
    database: Database, own_kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for version in (1, 2):
        await write(own_kafka.servers, spread(range(version, version + 1)))
    elsewhere = len(LIVES) - len(LIVES) // PARTITIONS

    with damaged(own_kafka, b'"reason":"2"'):
        async with hearing(database, own_kafka.servers, unique_group()) as ears:
            done = "select count(*) = $1 from heard where sequence = 2"
            await eventually(lambda: value(database, done, elsewhere), what="all other partitions were heard")
            await eventually(lambda: _said(caplog), what="what is damaged is named")
            assert not ears.task.done()
            assert await value(database, THERE) == len(LIVES) // PARTITIONS

    async with hearing(database, own_kafka.servers, unique_group()):
        await all_heard(database, 2)
    await assert_one_effect_each(database, 2)


def _said(caplog: pytest.LogCaptureFixture) -> bool:
    return any(f"{PROJECTS}/{DAMAGED}" in line for line in caplog.messages if "damaged" in line)
