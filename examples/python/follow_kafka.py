"""Follows the published impact over Kafka: the topic of releases, from its beginning or from where it was.

Run it so, with the variables of kafka_login.py set: STATE_FILE=table.json python follow_kafka.py

The places are kept with the table, not with Kafka: both are saved in one step, so no group is needed and nothing is missed.
"""

import asyncio
import json
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from kafka_login import reached
from table import Table, table

TOPIC = "nl.schuldhulpprojecten.releases"
KNOWN = {"nl.schuldhulpprojecten.impact-published.v1"}
"""The versions of the event that this program understands."""


def is_ours(record: ConsumerRecord[bytes, bytes]) -> bool:
    """Of a fact that is said in two versions, the newest that is known counts; other types are passed over."""
    headers = {name: value.decode() for name, value in record.headers}
    return headers.get("ce_type") in KNOWN and headers.get("ce_supersededby") not in KNOWN


def take(kept: Table, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
    """These records go into the table, which is saved with the places after them."""
    places = dict(kept.place or {})
    for record in records:
        if is_ours(record):
            kept.apply(json.loads(record.value))
        places[str(record.partition)] = record.offset + 1
    kept.save(places)
    print(f"{len(records)} records: {len(kept.shown())} figures are shown", flush=True)


async def main() -> None:
    """Until it is stopped; started again, it goes on from where it was."""
    kept = table()
    async with AIOKafkaConsumer(TOPIC, **reached(), auto_offset_reset="earliest") as consumer:
        for partition in consumer.assignment():
            if (place := (kept.place or {}).get(str(partition.partition))) is not None:
                consumer.seek(partition, place)
        while True:
            found = await consumer.getmany(timeout_ms=1000)
            for records in found.values():
                take(kept, records)


if __name__ == "__main__":
    asyncio.run(main())
