"""Publishes events over Kafka, on the topics that only this publisher may write, and tells what is refused.

Run it so, with CLIENT_ID and the variables of kafka_login.py set: python publish_kafka.py event.json

What is accepted is said by its owner and needs no answer; what is refused is told on refusals.<client>. Both can be looked up
over HTTP as well: GET /v1/publications.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka_login import reached

CLIENT = os.environ["CLIENT_ID"]
LISTEN_SECONDS = float(os.environ.get("LISTEN_SECONDS", "10"))


def topic_of(event: dict[str, Any]) -> str:
    """An event of type nl.schuldhulpprojecten.funding-secured.v1 goes to inbound.<client>.funding-secured."""
    return f"inbound.{CLIENT}.{event['type'].split('.')[-2]}"


async def refusals(consumer: AIOKafkaConsumer, ids: set[str]) -> int:
    """How many of these events were refused; what is told about each is printed."""
    refused = 0
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + LISTEN_SECONDS
    while loop.time() < ends_at and refused < len(ids):
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for told in (json.loads(record.value) for record in records):
                if told["id"] in ids:
                    refused += 1
                    print(f"{told['id']}: refused. {told['problem']['title']}. {told['problem']['detail']}")
    return refused


async def main(events: list[dict[str, Any]]) -> None:
    """Sends these events, and listens a while for refusals. Fails when there was one."""
    async with AIOKafkaConsumer(f"refusals.{CLIENT}", **reached(), auto_offset_reset="latest") as consumer:
        await consumer.seek_to_end()
        async with AIOKafkaProducer(**reached(), acks="all", enable_idempotence=True) as producer:
            for event in events:
                headers = [("content-type", b"application/cloudevents+json")]
                await producer.send_and_wait(topic_of(event), json.dumps(event).encode(), headers=headers)
        print(f"sent {len(events)}")
        if await refusals(consumer, {event["id"] for event in events}):
            sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main([json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]))
