"""The rules of speaking that belong to no single part: one owner, versions, locks, retries, the first record."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from importlib import import_module
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from deploy.local.settings import ROOT, SERVICES
from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS
from shared.messaging.outbox import NotDeclared, Outbox
from shared.messaging.producer import Outgoing, Producer
from shared.messaging.resending import tell_again
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_relay import say, until_told
from tests.messaging import CLUSTER, Schema, ended, fresh_schema, opened, rows, value, withdrawn
from tests.servers import PostgresServer
from tests.topics import log_of
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS.topic
LOCKING = re.compile(r"\bfor\s+(no\s+key\s+)?update\b", re.IGNORECASE)
READ_WELL = ("services/impact/adoptions/store.py", "services/impact/deliveries/store.py")
"""Adoptions are locked by project and gemeente, read in the same statement: they are set once. Deliveries are claimed from a
queue: what is locked is skipped, and nothing is read or changed but the rows that are locked."""
READS_MORE = re.compile(r"\bjoin\b|\(\s*select\b(?! 1 from unnest\()", re.IGNORECASE)


@pytest.mark.parametrize("name", SERVICES)
def test_rule_01_a_service_says_only_what_it_owns(name: str) -> None:
    """Guard: the registry names one owner a topic (shared/contracts/registry.py)."""
    service = import_module(f"services.{name}.service").service

    assert {TOPICS[kind.STREAM].owner for kind in service.says} == {name}


async def test_rule_01_what_a_service_does_not_own_it_cannot_say(postgres: PostgresServer) -> None:
    """Guard: the outbox takes what `says` names and nothing else (shared/messaging/outbox.py)."""
    voice = Outbox("urn:test", [type(ended(ONE))])
    async with opened(await fresh_schema(postgres)) as database:
        database.append = voice.append
        with pytest.raises(NotDeclared, match="ProjectWithdrawn"):
            async with database.transaction() as tx:
                tx.say(withdrawn(ONE))
        assert await value(database, "select count(*) from said") == 0


async def test_rule_02_many_events_of_one_entity_in_one_transaction_are_numbered_as_its_last_statement(
    database: Database,
) -> None:
    """Guard: SPEAK groups by entity, sorts, and numbers within it (shared/messaging/outbox.py)."""
    async with database.transaction() as tx:
        for word in "abc":
            tx.say(withdrawn(TWO, word))
            tx.say(withdrawn(ONE, word))
        assert await tx.fetchval("select count(*) from said") == 0

    written = await rows(database, "select key, sequence, convert_from(value, 'UTF8')::jsonb->>'reason' from outbox")
    assert sorted(written) == [(str(entity), nth, word) for entity in (ONE, TWO) for nth, word in enumerate("abc", 1)]


def _statements() -> Iterator[tuple[str, str]]:
    """Every text of our code that could be SQL, with where it stands."""
    for folder in ("services", "shared"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


def test_rule_03_a_statement_that_locks_reads_nothing_but_the_rows_it_locks() -> None:
    """Guard: each LOCK stands alone, and what is decided on is read by the next statement (services/*/*/store.py)."""
    locking = [(where, text) for where, text in _statements() if LOCKING.search(text) and "select" in text.lower()]

    assert len(locking) > 5
    more = [where for where, text in locking if READS_MORE.search(text)]
    assert [where for where in more if not where.startswith(READ_WELL)] == []


async def test_rule_03_what_is_read_after_the_lock_is_what_the_other_transaction_left(
    database: Database,
) -> None:
    """Guard: lock in one statement, read in the next (services/*/*/store.py); in one it would be read stale."""
    await say(database, "a")
    sql = "select s.sequence, (select count(*) from outbox) from said s where s.entity = $1 for update"
    async with database.transaction() as first:
        await first.execute("select 1 from said where entity = $1 for update", ONE)
        await first.execute("insert into outbox (topic, key, sequence, headers) values ('t', 'k', 1, '{}')")

        async def second(*statements: str) -> int:
            async with database.transaction() as tx:
                found = [
                    await tx.fetchrow(statement, *([ONE] if "$1" in statement else [])) for statement in statements
                ]
                return int(found[-1][-1]) if found[-1] else 0

        at_once = asyncio.create_task(second(sql))
        apart = asyncio.create_task(
            second("select 1 from said where entity = $1 for update", "select count(*) from outbox")
        )
        blocked = "select count(*) = 2 from pg_stat_activity where wait_event_type = 'Lock' and usename = current_user"
        await eventually(lambda: value(database, blocked), within=60, what="both wait for the lock")

    assert (await at_once, await apart) == (1, 2)


async def test_rule_05_what_the_broker_confirmed_moves_to_told_with_its_place_and_is_told_again_unchanged(
    database: Database, schema: Schema, servers: str
) -> None:
    """Guard: DELETE and KEEP move the row in one statement (shared/messaging/waiting.py); resending reads it from there."""
    await say(database, "a", "b")
    async with telling(schema, servers):
        await until_told(database, 2)
    producer = Producer(servers, "operator")

    await tell_again(database.reading, producer, PROJECTS, str(ONE))
    await producer.stop()

    log = await log_of(servers, PROJECTS)
    told = await rows(database, "select cluster, part, off from told order by off")
    assert told == [(CLUSTER, log[0].partition, 0), (CLUSTER, log[0].partition, 1)]
    assert [(r.key, r.value, r.headers) for r in log[:2]] == [(r.key, r.value, r.headers) for r in log[2:]]


async def test_rule_07_the_first_record_of_a_new_producer_on_a_partition_is_answered_before_the_next_is_sent(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: a partition is warm only once its first record was answered (shared/messaging/producer.py)."""
    under_way: list[asyncio.Future[RecordMetadata]] = []
    unanswered: list[int] = []
    send = AIOKafkaProducer.send

    async def watched(self: AIOKafkaProducer, *arguments: object, **named: object) -> asyncio.Future[RecordMetadata]:
        unanswered.append(sum(not each.done() for each in under_way))
        future: asyncio.Future[RecordMetadata] = await send(self, *arguments, **named)
        under_way.append(future)
        return future

    monkeypatch.setattr(AIOKafkaProducer, "send", watched)
    producer = Producer(servers, "watched")
    records = [Outgoing(PROJECTS, str(ONE).encode(), b"{}", []) for _ in range(4)]
    await producer.send(records)
    await producer.renew()
    await producer.send(records)
    await producer.stop()

    assert unanswered[1] == unanswered[5] == 0  # the second of each producer goes only when the first was answered
