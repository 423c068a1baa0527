"""The sharpest tests of owners: restored from an older back-up, and a log of which the end is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Stream
from shared.contracts.events import AdoptionEnded
from shared.messaging.outbox import Outbox
from shared.runtime import comparing
from shared.storage.roles import let_verify
from tests.integration.shared.messaging import toy as words
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_relay import say, until_told
from tests.messaging import PASSWORD, Record, Schema, ended, fresh_schema, opened, rows, value
from tests.replicas import Toy, replica
from tests.servers import KafkaServer, PostgresServer
from tests.topics import log_of, topics_anew, write
from tests.waiting import eventually

ADOPTIONS, PROJECTS = Stream.ADOPTIONS.topic, Stream.PROJECTS.topic
ENTITIES = [UUID(int=number) for number in range(1, 11)]
WHY = ("--reason", "the back-up of an hour ago was put back", "--actor", "operator")
OWNED = ("said", "outbox", "told", "confirmed")
HEARD = ("heard", "positions", "parked", "life", "echo")


async def back_up(schema: Schema, tables: Sequence[str]) -> None:
    await schema.alter("; ".join(f"create table kept_{name} as table {name}" for name in tables))


async def restore(schema: Schema, tables: Sequence[str]) -> None:
    """As it was, triggers and all: a restore asks nobody."""
    for name in tables:
        columns = await _columns(schema, name)
        await schema.alter(
            f"alter table {name} disable trigger user; delete from {name}; insert into {name} ({columns}) overriding "
            f"system value select {columns} from kept_{name}; alter table {name} enable trigger user"
        )


async def _columns(schema: Schema, table: str) -> str:
    owner = await asyncpg.connect(schema.owner_dsn)
    names: str = await owner.fetchval(
        "select string_agg(attname, ', ') from pg_attribute where attrelid = to_regclass($1) and attnum > 0 "
        "and attgenerated = '' and not attisdropped",
        table,
    )
    await owner.close()
    return names


def after_dedupe(log: Sequence[Any]) -> dict[str, list[tuple[int, str]]]:
    """What an outsider makes of it: per key version and reason, each event id once."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    seen: set[bytes] = set()
    for record in log:
        headers = dict(record.headers)
        if headers["ce_id"] not in seen:
            seen.add(headers["ce_id"])
            reason = record.value.decode().partition('"reason":"')[2].partition('"')[0]
            found[record.key.decode()].append((int(headers["ce_sequence"]), reason))
    return dict(found)


async def speak(toy: Toy, *texts: str) -> None:
    """Says each of these of every adoption."""
    async with opened(toy.schema) as database:
        database.append = Outbox(toy.settings.source(toy.schema.name), [AdoptionEnded]).append
        for text in texts:
            async with database.transaction() as tx:
                for entity in ENTITIES:
                    tx.say(ended(entity, text))


async def test_sharp_01_of_100_things_said_by_an_owner_that_was_restored_none_is_dropped_silently(toy: Toy) -> None:
    """Guard: no row is told before the log was held against `said` (shared/messaging/checking.py), and `said adopt-log`
    gives what was said since the versions after those of the log (shared/messaging/adopting.py).
    """
    servers = toy.settings.kafka_servers
    await speak(toy, "before 1", "before 2")
    async with replica(toy) as running, opened(toy.schema) as database:
        await running.ready()
        await eventually(lambda: value(database, "select count(*) = 20 from told"), within=60)
        assert await running.stop() == 0
    await back_up(toy.schema, OWNED)
    await speak(toy, *(f"lost {nth}" for nth in range(5)))
    async with replica(toy) as running, opened(toy.schema) as database:
        await eventually(lambda: value(database, "select count(*) = 70 from told"), within=60)
        assert await running.stop() == 0
    await restore(toy.schema, OWNED)
    await speak(toy, *(f"after {nth}" for nth in range(10)))  # the 100 things

    async with replica(toy) as running:
        await eventually(lambda: running.process.poll() is not None, within=60, what="the replica ends")
        assert running.process.returncode == 1
        (line,) = running.lines("CRITICAL")
        assert "The log is ahead of this database in 10 entities" in str(line)
        assert "said adopt-log" in str(line)
    assert len(await log_of(servers, ADOPTIONS)) == 70

    code, out, _ = await toy.run("said", "adopt-log", *WHY, "--dry-run")
    assert (code, "10 entities take over the log's version, 100 versions" in out) == (0, True)
    assert (await toy.run("said", "adopt-log", *WHY))[0] == 0
    async with replica(toy) as running, opened(toy.schema) as database:
        await running.ready()
        await eventually(lambda: value(database, "select count(*) = 120 from told"), within=60)
        assert await running.stop() == 0

    texts = ["before 1", "before 2", *(f"lost {n}" for n in range(5)), *(f"after {n}" for n in range(10))]
    life = list(enumerate(texts, 1))
    assert after_dedupe(await log_of(servers, ADOPTIONS)) == {str(entity): life for entity in ENTITIES}


async def test_sharp_06_a_listener_that_was_restored_converges_though_nothing_more_is_said(
    postgres: PostgresServer, kafka: KafkaServer
) -> None:
    """Guard: the position is kept with the effects, and read at every assignment (shared/messaging/places.py)."""
    await topics_anew(kafka.servers)
    owner, listener = await fresh_schema(postgres), await fresh_schema(postgres, words.TABLES)
    group = unique_group()
    async with opened(owner) as database, opened(listener) as other:

        async def heard(count: int) -> None:
            await eventually(
                lambda: value(other, "select coalesce(sum(sequence), 0) = $1 from heard", count), within=60
            )

        await say(database, *"abc", entity=ENTITIES[0])
        async with telling(owner, kafka.servers):
            await until_told(database, 3)
            async with hearing(other, kafka.servers, group):
                await heard(3)
            await back_up(listener, HEARD)
            await say(database, *"de", entity=ENTITIES[0])
            await say(database, *"ab", entity=ENTITIES[1])
            await until_told(database, 7)
            async with hearing(other, kafka.servers, group):
                await heard(7)
        effects = await rows(other, "select entity, words from life order by entity")
        await restore(listener, HEARD)
        await heard(3)

        async with hearing(other, kafka.servers, group):
            await heard(7)

        assert await rows(other, "select entity, words from life order by entity") == effects
        assert await rows(other, "select count(*) from parked") == [(0,)]


@pytest.fixture
async def comparing_toy(toy: Toy, postgres: PostgresServer) -> Toy:
    """The toy hears projects of an owner with a schema of its own, and may be compared with it."""
    admin = await asyncpg.connect(postgres.admin_dsn)
    await let_verify(admin, "postgres", PASSWORD)
    await admin.close()
    return toy.but(DATABASE_VERIFIER_PASSWORD_FILE=toy.variables["DATABASE_PASSWORD_FILE"])


async def test_sharp_07_a_cut_tail_without_a_later_event_is_named_by_verify_and_healed_by_resend(
    comparing_toy: Toy, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `verify` compares said with heard (shared/messaging/verifying.py); `outbox resend` reads `told`."""
    toy, servers = comparing_toy, comparing_toy.settings.kafka_servers
    owner = Toy(await fresh_schema(postgres), toy.folder, {**toy.variables, "TOY": ""})
    owner = owner.but(TOY=owner.schema.name)
    monkeypatch.setitem(comparing.OWNERS, Stream.PROJECTS, owner.schema.name)
    async with opened(owner.schema) as database:
        await say(database, *"abc", entity=ENTITIES[0])
        async with telling(owner.schema, servers):
            await until_told(database, 3)
    whole = await log_of(servers, PROJECTS)
    await topics_anew(servers)
    await write(servers, [Record(r.topic, r.partition, r.offset, r.key, r.value, r.headers) for r in whole[:2]])

    async with replica(toy) as running, opened(toy.schema) as other:
        await running.ready()
        await eventually(lambda: value(other, "select sequence = 2 from heard"), within=60)
        code, out, _ = await toy.ask("verify")
        assert (code, f"missing: projects {ENTITIES[0]} version(s) 3:" in out) == (1, True)
        resend = out[out.index("outbox resend") :].split(" --actor")[0].split()
        assert (await owner.run(*resend, *WHY))[0] == 0
        await eventually(lambda: value(other, "select sequence = 3 from heard"), within=60)
        assert (await toy.ask("verify"))[0] == 0
        assert await running.stop() == 0
