"""The relay tells what was said, in the order of each key, and keeps what it told with its place in the log."""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import RecordMetadata

from shared.contracts.event import Stream
from shared.messaging import relay as relay_module
from shared.messaging import shards as shards_module
from shared.messaging.audit import Act
from shared.messaging.looking import stopped
from shared.messaging.operating import Desk
from shared.messaging.producer import Outgoing, Producer
from shared.storage import Cause, Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import telling
from tests.messaging import CLUSTER, Schema, ended, rows, value, withdrawn
from tests.topics import log_of
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS, ADOPTIONS = Stream.PROJECTS.topic, Stream.ADOPTIONS.topic
KEYS = [UUID(int=number) for number in range(1, 41)]

KILL_RELAY = """
select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and objid = 1000
and pid in (select pid from pg_stat_activity where usename = current_user)
"""
VACUUMED = """
select vacuum_count > 0 from pg_stat_user_tables where relname = 'outbox' and schemaname = current_schema()
"""
SHARDS = """
select array_agg(objid::int) from pg_locks where locktype = 'advisory' and granted and mode = 'ExclusiveLock'
and objid < 16 and pid in (select pid from pg_stat_activity where usename = current_user) group by pid
"""


async def say(database: Database, *words: str, entity: UUID = ONE) -> None:
    async with database.transaction() as tx:
        for word in words:
            tx.say(withdrawn(entity, word))


async def until_told(database: Database, count: int) -> None:
    await eventually(lambda: _told(database, count), what=f"{count} were told")


async def _told(database: Database, count: int) -> bool:
    told, waiting = (await rows(database, "select (select count(*) from told), (select count(*) from outbox)"))[0]
    return bool(told >= count and waiting == 0)


def versions(log: Sequence[Any]) -> dict[str, list[int]]:
    """Per key the versions in the order of the log, each where it stands first: what a listener makes of duplicates."""
    found: dict[str, list[int]] = defaultdict(list)
    for record in log:
        version = int(dict(record.headers)["ce_sequence"])
        if version not in found[record.key.decode()]:
            found[record.key.decode()].append(version)
    return dict(found)


async def test_what_is_told_stands_in_the_log_where_it_says_and_as_it_was_said(
    database: Database, schema: Schema, servers: str
) -> None:
    cause = Cause(TWO, ONE, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    async with database.transaction(cause) as tx:
        tx.say(withdrawn(ONE, "a"))
        tx.say(withdrawn(TWO, "b"))
        tx.say(ended(ONE, "c"))

    async with telling(schema, servers):
        await until_told(database, 3)

    told = await rows(
        database, "select topic, part, off, key, sequence, id, headers, value, written, cluster from told order by seq"
    )
    assert [row[:1] + row[3:5] for row in told] == [
        (PROJECTS, str(ONE), 1), (PROJECTS, str(TWO), 1), (ADOPTIONS, str(ONE), 1)
    ]  # fmt: skip
    log = {
        (record.topic, record.partition, record.offset): record
        for topic in (PROJECTS, ADOPTIONS)
        for record in await log_of(servers, topic)
    }
    for topic, part, offset, key, sequence, event_id, headers, wire, written, cluster in told:
        record = log.pop((topic, part, offset))
        assert (record.key, record.value, cluster) == (key.encode(), wire, CLUSTER)
        as_said = {
            **{name: text.encode() for name, text in headers.items()},
            "ce_specversion": b"1.0",
            "ce_id": str(event_id).encode(),
            "ce_subject": key.encode(),
            "ce_sequence": str(sequence).encode(),
            "ce_time": written.isoformat().replace("+00:00", "Z").encode(),
        }
        assert as_said.items() <= dict(record.headers).items()
    assert log == {}


async def test_what_is_said_while_it_runs_is_told_in_the_order_of_each_key(
    database: Database, schema: Schema, servers: str
) -> None:
    draw = random.Random(7)

    async with telling(schema, servers) as run:
        database.on_said = run.relay.wake
        for _ in range(60):
            await asyncio.gather(
                *(say(database, *["x"] * draw.randint(1, 4), entity=draw.choice(KEYS)) for _ in range(4))
            )
        total = await value(database, "select sum(sequence)::int from said")
        await until_told(database, total)

    log = await log_of(servers, PROJECTS)
    assert len(log) == total
    said = dict(await rows(database, "select entity::text, sequence from said"))
    assert versions(log) == {key: list(range(1, last + 1)) for key, last in said.items()}


async def test_many_large_events_of_one_key_fit_into_the_batches_that_the_topic_takes(
    database: Database, schema: Schema, servers: str
) -> None:
    big = "\u00e9" * 4_000
    async with database.transaction() as tx:
        for nth in range(300):
            tx.say(withdrawn(ONE, f"{nth} {big}"[:4_000]))
    async with database.transaction() as tx:
        await tx.execute(
            "update outbox set value = value || convert_to(repeat(' ', 190000 - length(value)), 'UTF8') where sequence % 3 = 0"
        )

    async with telling(schema, servers):
        await until_told(database, 300)

    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): list(range(1, 301))}


async def test_a_row_that_is_too_large_stops_its_key_alone_until_an_operator_mends_it(
    database: Database, schema: Schema, servers: str
) -> None:
    for word in "abcd":
        await say(database, word)
        await say(database, word, entity=TWO)
    async with database.transaction() as tx:
        await tx.execute(
            "update outbox set value = repeat('x', 250000)::bytea where key = $1 and sequence = 3", str(ONE)
        )

    async with telling(schema, servers):
        await eventually(lambda: value(database, "select count(*) = 6 from told"))
        await say(database, "e")
        await say(database, "e", entity=TWO)
        await eventually(lambda: value(database, "select count(*) = 7 from told"))
        assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2], str(TWO): [1, 2, 3, 4, 5]}
        async with database.reading() as tx:
            (held,) = await stopped(tx)
        assert (held.topic, held.key) == (PROJECTS, str(ONE))
        assert "more than a topic takes" in held.reason

        async with database.transaction() as tx:
            await tx.execute("update outbox set value = 'kort'::bytea where key = $1 and sequence = 3", str(ONE))
        await Desk(database, toy.listener(database)).go_on(Act("operator", "proef"), PROJECTS, str(ONE))
        await until_told(database, 10)

    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2, 3, 4, 5], str(TWO): [1, 2, 3, 4, 5]}


class LosesAnAnswer(Producer):
    """Of the first sending, the answer for the second record is lost on the way back."""

    lost = False

    async def send(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        answers = await super().send(records)
        if not self.lost and len(answers) > 1:
            self.lost = True
            answers[1] = KafkaTimeoutError()
        return answers


async def shards_of(database: Database) -> list[list[int]]:
    """Which shards each relay holds, by session."""
    return [shards for (shards,) in await rows(database, SHARDS)]


async def test_replicas_share_the_shards_and_the_last_one_takes_all(
    database: Database, schema: Schema, servers: str
) -> None:
    async with telling(schema, servers):
        await eventually(lambda: _is(shards_of(database), [16]))
        async with telling(schema, servers) as second, telling(schema, servers):
            await eventually(lambda: _fairly_shared(database, 3), within=60)
            assert sorted(chain.from_iterable(await shards_of(database))) == list(range(16))
            await second.cut_off()
            await eventually(lambda: _is(shards_of(database), [8, 8]))
        await eventually(lambda: _is(shards_of(database), [16]))


async def _fairly_shared(database: Database, relays: int) -> bool:
    """None has more than its share. Two that take at once may end at 5 and 5 as well as at 6 and 4."""
    counts = [len(shards) for shards in await shards_of(database)]
    return (
        len(counts) == relays
        and sum(counts) == shards_module.SHARDS
        and max(counts) <= math.ceil(shards_module.SHARDS / relays)
    )


async def _is(shards: Awaitable[list[list[int]]], counts: list[int]) -> bool:
    return sorted(map(len, await shards)) == counts


async def test_when_one_of_two_relays_dies_in_the_middle_nothing_is_missing_or_out_of_order(
    database: Database, schema: Schema, servers: str
) -> None:
    async def speak(turns: int) -> None:
        for turn in range(turns):
            async with database.transaction() as tx:
                for entity in KEYS:
                    tx.say(withdrawn(entity, f"{turn}"))

    async with telling(schema, servers), telling(schema, servers) as dying:
        await eventually(lambda: _is(shards_of(database), [8, 8]))
        speaking = asyncio.create_task(speak(40))
        await eventually(lambda: dying.relay.confirmed > 100)
        await dying.cut_off()
        await speaking
        await until_told(database, 40 * len(KEYS))

    log = await log_of(servers, PROJECTS)
    assert versions(log) == {str(entity): list(range(1, 41)) for entity in KEYS}


async def test_when_its_connection_is_killed_it_takes_a_new_one_and_goes_on(
    database: Database, schema: Schema, servers: str
) -> None:
    async with telling(schema, servers) as run:
        for turn in range(5):
            async with database.transaction() as tx:
                for entity in KEYS:
                    tx.say(withdrawn(entity, f"{turn}"))
            await eventually(lambda: value(database, KILL_RELAY))
        await until_told(database, 5 * len(KEYS))
        assert not run.task.done()

    assert versions(await log_of(servers, PROJECTS)) == {str(entity): [1, 2, 3, 4, 5] for entity in KEYS}


async def test_it_vacuums_behind_itself(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "VACUUM_AFTER", 10)

    async with telling(schema, servers):
        for _ in range(3):
            await say(database, *["x"] * 10)
        await until_told(database, 30)
        await eventually(lambda: value(database, VACUUMED))


async def test_who_keeps_nothing_of_what_was_told_keeps_nothing(
    database: Database, schema: Schema, servers: str
) -> None:
    await say(database, "a", "b")

    async with telling(schema, servers, told_days=0) as run:
        await eventually(lambda: run.relay.confirmed == 2)

    assert await rows(database, "select count(*) from outbox union all select count(*) from told") == [(0,), (0,)]
    assert versions(await log_of(servers, PROJECTS)) == {str(ONE): [1, 2]}
