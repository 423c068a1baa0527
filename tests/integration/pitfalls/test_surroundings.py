"""What libraries and servers do that makes a platform stand still in the end, and what keeps ours from it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

import psutil
import pytest
import yaml
from faststream.kafka import KafkaMessage, TestKafkaBroker
from faststream.kafka.parser import AioKafkaParser

from deploy.local import jars
from deploy.local.kafka import Kafka
from deploy.local.settings import ROOT
from shared.contracts.event import Stream
from shared.messaging import relay
from shared.messaging.relay import PER_SHARD
from shared.messaging.waiting import CLAIM
from shared.storage import Cause, Database
from tests.integration.pitfalls.plain import faststream
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_consumer import LIVES
from tests.integration.shared.messaging.test_relay import say, until_told
from tests.integration.shared.messaging.toy import parked
from tests.messaging import Schema, life, record, rows, value, withdrawn
from tests.topics import PARTITIONS, log_of, write
from tests.waiting import eventually

PROJECTS = Stream.PROJECTS.topic
ONE, TWO = LIVES[:2]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BACKLOG = """
insert into outbox (topic, key, sequence, headers, value)
select $1, lpad(to_hex(n % 50000), 32, '0'), n / 50000 + 1, '{}', 'x' from generate_series(0, $2::int - 1) n
"""


async def test_pitfall_25_what_goes_through_a_log_is_tested_on_a_log(servers: str) -> None:
    """FastStream's TestKafkaBroker has no partitions, offsets or rebalances: what rests on those passes for nothing.

    Guard: no test uses it; the fixtures run Kafka itself (tests/servers.py)
    """
    places: list[tuple[int, int]] = []
    naive = faststream("nowhere:9092")

    @naive.subscriber("topic", group_id="group")
    async def handle(body: str, message: KafkaMessage) -> None:
        assert not isinstance(message.raw_message, tuple)
        places.append((message.raw_message.partition, message.raw_message.offset))

    async with TestKafkaBroker(naive) as pretended:
        for key in (b"a", b"b", b"c"):
            await pretended.publish("x", topic="topic", key=key)
    assert len(set(places)) == 1

    await write(servers, life(ONE, "abc"))
    assert [one.offset for one in await log_of(servers, PROJECTS)] == [0, 1, 2]
    uses = [
        path.name for path in (ROOT / "tests").rglob("*.py") if "TestKafkaBroker" in path.read_text(encoding="utf-8")
    ]
    assert uses == ["test_surroundings.py"]


async def test_pitfall_26_a_trace_travels_in_the_envelope(database: Database, schema: Schema, servers: str) -> None:
    """OpenTelemetry's instrumentation of asyncio leaks with aiokafka.

    Guard: `traceparent` is carried by hand, from event to what is said because of it (shared/messaging/envelope.py)
    """
    async with database.transaction(Cause(traceparent=TRACE)) as tx:
        tx.say(withdrawn(ONE, "zeg a"))
    async with telling(schema, servers), hearing(database, servers, unique_group()):
        await until_told_of(database, Stream.ADOPTIONS.topic, 2)
    (first,) = await log_of(servers, PROJECTS)
    caused = await log_of(servers, Stream.ADOPTIONS.topic)
    assert {dict(one.headers)["ce_traceparent"] for one in (first, *caused)} == {TRACE.encode()}
    assert [name for name in sys.modules if name.startswith("opentelemetry.instrumentation")] == []
    assert asyncio.create_task.__module__ == "asyncio.tasks"


async def until_told_of(database: Database, topic: str, count: int) -> None:
    sql = "select count(*) = $2 from told where topic = $1"
    await eventually(lambda: value(database, sql, topic, count), within=60)


async def test_pitfall_27_a_record_without_a_value_is_not_an_empty_one(database: Database, servers: str) -> None:
    """FastStream makes b"" of a null value: a tombstone cannot be told from a broken record.

    Guard: the raw record is looked at (shared/messaging/envelope.py)
    """
    nothing, empty = record(withdrawn(ONE), 1, value=None), record(withdrawn(TWO), 1, value=b"")
    await write(servers, [nothing, empty])
    parser, stand = AioKafkaParser(KafkaMessage, None), await log_of(servers, PROJECTS)
    assert [(await parser.parse_message(one)).body for one in stand] == [b"", b""]

    async with hearing(database, servers, unique_group()):
        await eventually(lambda: value(database, "select count(*) = 2 from parked"), within=60)
    found = dict(await rows(database, "select entity, value from parked"))
    assert found == {ONE: None, TWO: b""}
    assert (await rows(database, "select reason from parked where entity = $1", ONE)) == [("it has no value",)]
    assert await parked(database, TWO) == [(1, "failed")]


async def test_pitfall_28_tests_run_on_the_kafka_that_we_deploy(own_kafka: Kafka) -> None:
    """aiokafka's own tests stop at Kafka 2.8: nobody but us has seen it on 4.x.

    Guard: one version in the list of jars and in the image (deploy/local/jars.py, docker-compose.yml)
    """
    process = own_kafka.daemon.process()
    assert process is not None
    (runs,) = set(re.findall(r"kafka_2[.]13-([0-9.]+)[.]jar", " ".join(psutil.Process(process.pid).cmdline())))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{runs}"
    assert f"kafka_2.13:{runs}" in jars.KAFKA
    assert tuple(map(int, runs.split("."))) >= (4, 3, 1)


async def test_pitfall_29_tables_do_not_grow_with_the_events(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inboxes and outboxes that grow with the events and are emptied by DELETE end as the slowest table of all.

    Guard: one row of `heard` an entity (shared/messaging/heard.py); the relay vacuums behind itself (relay.py)
    """
    monkeypatch.setattr(relay, "VACUUM_AFTER", 500)
    monkeypatch.setattr(relay, "VACUUM_SHARE", 0)  # on a slow disk it would rest until the end
    largest = 0
    async with telling(schema, servers), hearing(database, servers, unique_group()):
        for turn in range(1, 21):
            await say(database, *(f"{nth} {'x' * 600}" for nth in range(250)))
            await until_told(database, 250 * turn)
            largest = max(largest, await value(database, "select pg_relation_size('outbox')"))
        await eventually(lambda: value(database, "select sequence = 5000 from heard"), within=60)
    assert await value(database, "select count(*) from heard") == 1
    all_that_was_said = await value(database, "select sum(pg_column_size(t)) from told t")
    assert largest < all_that_was_said / 3


async def test_pitfall_30_a_backlog_of_a_million_is_worked_off_piece_by_piece(
    database: Database, schema: Schema, servers: str
) -> None:
    """A claim that reads or sorts all that waits gets slower the more it is needed.

    Guard: the claim reads the primary key, shard by shard, up to its limit (shared/messaging/waiting.py)
    """
    await schema.alter("set statement_timeout = 0; " + BACKLOG.replace("$1", f"'{PROJECTS}'").replace("$2", "1000000"))
    await schema.alter("analyze outbox")
    shards: list[int] = list(range(16))
    try:
        async with database.reading() as tx:
            explained = await tx.fetchval(f"explain (analyze, format json) {CLAIM}", shards, PER_SHARD, [], [], [])
        assert {node["Node Type"] for node in _nodes(json.loads(explained)[0]["Plan"])} <= READS_LITTLE
        assert max(_read(node) for node in _nodes(json.loads(explained)[0]["Plan"])) <= 16 * PER_SHARD
        async with telling(schema, servers) as run:
            await eventually(lambda: run.relay.confirmed >= 10_000, within=120)
    finally:
        await schema.alter("truncate outbox, told")
    assert len({one.partition for one in await log_of(servers, PROJECTS)}) == PARTITIONS


READS_LITTLE = {"Nested Loop", "Function Scan", "Limit", "Index Scan", "Result"}


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in _nodes(part))]


def _read(node: dict[str, Any]) -> float:
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
