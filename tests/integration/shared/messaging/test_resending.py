"""What was told can be told again, unchanged: it fills a gap, and nobody else sees anything of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.local.ports import HOST
from shared.contracts.event import Stream
from shared.messaging.audit import Act
from shared.messaging.looking import NotThere
from shared.messaging.operating import Desk
from shared.messaging.producer import Producer
from shared.messaging.resending import CHUNK, NotTold
from shared.storage import Database
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_relay import until_told
from tests.messaging import Record, Schema, fresh_schema, opened, rows, value, withdrawn
from tests.ports import free_port
from tests.servers import PostgresServer
from tests.topics import delete_topics, log_of, topics_anew, write
from tests.waiting import eventually

ACT = Act("operator", "proef")
ONE = UUID(int=1)
PROJECTS = Stream.PROJECTS.topic
READ = "select coalesce(sum(next), 0)::int = $1 from positions"


@pytest.fixture
async def producer(servers: str) -> AsyncIterator[Producer]:
    producer = Producer(servers, "operator")
    yield producer
    await producer.stop()


async def told(database: Database, schema: Schema, servers: str, words: str) -> list[Record]:
    """What stands in the log after the relay told these words of one project."""
    async with database.transaction() as tx:
        for word in words:
            tx.say(withdrawn(ONE, word))
    async with telling(schema, servers):
        await until_told(database, len(words))
    log = await log_of(servers, PROJECTS)
    return [Record(r.topic, r.partition, r.offset, r.key, r.value, r.headers) for r in log]


async def test_a_lost_version_that_is_told_again_closes_the_gap_and_is_dropped_by_who_heard_it(
    database: Database, schema: Schema, servers: str, producer: Producer, postgres: PostgresServer
) -> None:
    first, lost, third, fourth = await told(database, schema, servers, "abcd")
    kept = await rows(database, "select * from told order by seq")
    await topics_anew(servers)
    await write(servers, [first, third, fourth])

    async with (
        opened(await fresh_schema(postgres, toy.TABLES)) as other,
        hearing(database, servers, unique_group()),
    ):
        await toy.listener(other).hear([first, lost, third, fourth], [])
        async with hearing(other, servers, unique_group()):
            await eventually(lambda: value(database, READ, 3))
            assert await toy.heard(database, ONE) == (1, "gap")

            answer = await Desk(database, toy.listener(database), producer).resend(ACT, PROJECTS, str(ONE), 2, 2)
            assert str(answer) == "1 version(s): 2"

            await eventually(lambda: value(database, READ, 4))
            await eventually(lambda: value(other, READ, 4))
        assert await toy.words(other, ONE) == list("abcd")
        assert await toy.parked(other, ONE) == []
        assert await rows(other, "select word from echo") == [(word,) for word in "abcd"]

    assert await toy.words(database, ONE) == list("abcd")
    assert await toy.heard(database, ONE) == (4, "free")
    again = (await log_of(servers, PROJECTS))[-1]
    assert (again.key, again.value, again.headers) == (lost.key, lost.value, lost.headers)
    assert await rows(database, "select * from told order by seq") == kept


async def test_a_life_longer_than_a_chunk_is_told_again_whole_and_in_order(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    count = 2 * CHUNK + 1
    before = await told(database, schema, servers, "x" * count)

    desk = Desk(database, toy.listener(database), producer)
    answer = await desk.resend(ACT, PROJECTS, str(ONE), 2)

    assert str(answer) == f"{count - 1} version(s): 2-{count}"
    after = [(record.value, record.headers) for record in await log_of(servers, PROJECTS)]
    assert after == [(record.value, record.headers) for record in (*before, *before[1:])]

    async with database.transaction() as tx:
        answer = await desk.within(tx).resend(ACT, PROJECTS, str(ONE), 2)
    said = f"{CHUNK} version(s): 2-{CHUNK + 1}; more is kept: go on from version {CHUNK + 2}"
    assert str(answer) == said
    assert await value(database, "select outcome from audit order by id desc limit 1") == said
    assert len(await log_of(servers, PROJECTS)) == len(after) + CHUNK


async def test_what_is_not_kept_is_said_in_a_sentence(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    await told(database, schema, servers, "ab")
    desk = Desk(database, toy.listener(database), producer)

    for key, first in ((str(ONE), 3), (str(UUID(int=2)), 1), ("[/x]", 1)):
        with pytest.raises(NotThere, match="nothing that was told is kept"):
            await desk.resend(ACT, PROJECTS, key, first)
    assert len(await log_of(servers, PROJECTS)) == 2


async def test_what_kafka_does_not_take_is_said_in_a_sentence(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    await told(database, schema, servers, "ab")
    desk = Desk(database, toy.listener(database), producer)

    with pytest.raises(NotTold, match="Kafka does not answer"):
        await Desk(database, toy.listener(database), Producer(f"{HOST}:{free_port()}", "operator")).resend(
            ACT, PROJECTS, str(ONE)
        )
    await delete_topics(servers, [PROJECTS])
    with pytest.raises(NotTold, match=r"Kafka refused .* Told again before that: 0"):
        await desk.resend(ACT, PROJECTS, str(ONE))


TOO_LARGE = """
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
select max(seq) + 1, uuidv7(), topic, key, 3, '{}', $1, now(), '', 0, 0 from told group by topic, key
"""
AUDIT = "select actor, action, target, reason, outcome from audit"


@pytest.mark.parametrize("over_http", [False, True], ids=["from the command line", "in a request"])
async def test_what_ends_half_way_is_audited_although_the_request_takes_itself_back(
    database: Database, schema: Schema, servers: str, producer: Producer, over_http: bool
) -> None:
    await told(database, schema, servers, "ab")
    async with database.transaction() as tx:
        await tx.execute(TOO_LARGE, b"x" * 300_000)
    desk = Desk(database, toy.listener(database), producer)

    async def asked() -> None:
        if not over_http:
            await desk.resend(ACT, PROJECTS, str(ONE))
        async with database.transaction() as tx:
            await desk.within(tx).resend(ACT, PROJECTS, str(ONE))

    with pytest.raises(NotTold, match="Kafka refused"):
        await asked()

    ((*which, outcome),) = await rows(database, AUDIT)
    assert which == ["operator", "outbox resend", f"{PROJECTS} {ONE} 1-", "proef"]
    assert "Told again before that: 2 version(s): 1-2." in outcome
    assert len(await log_of(servers, PROJECTS)) == 4


async def test_what_takes_too_long_is_given_up_and_audited(
    database: Database, schema: Schema, servers: str, producer: Producer
) -> None:
    await told(database, schema, servers, "ab")
    desk = Desk(database, toy.listener(database), producer)

    async with database.transaction() as tx:
        with pytest.raises(NotTold, match="took longer than 0 s"):
            await desk.within(tx).resend(ACT, PROJECTS, str(ONE), within=0)
        with pytest.raises(NotTold):
            await desk.within(tx).resend(ACT, PROJECTS, str(ONE), dry_run=True, within=0)

    ((*_, outcome),) = await rows(database, AUDIT)
    assert outcome.startswith("Kafka took longer than 0 s. Told again before that: ")
