"""What the owner said is compared with what the listener heard: whatever is missing is named, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Stream
from shared.messaging.producer import Producer
from shared.messaging.reading import opened_log
from shared.messaging.resending import tell_again
from shared.messaging.verified import Ahead, Missing, Verified
from shared.messaging.verifying import DIFFERENT, Verification
from shared.storage import Database
from shared.storage.roles import let_verify
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_checking import cut
from tests.integration.shared.messaging.test_relay import say, until_told
from tests.messaging import PASSWORD, Schema, fresh_schema, opened, record, value, withdrawn
from tests.servers import PostgresServer
from tests.topics import write
from tests.waiting import eventually

ONE, TWO = UUID(int=1), UUID(int=2)
PROJECTS = Stream.PROJECTS.topic
PROJECT = Stream.PROJECTS
FORBIDDEN = asyncpg.InsufficientPrivilegeError


@pytest.fixture(scope="module")
async def verifier_dsn(postgres: PostgresServer) -> str:
    """The address of the role that may compare."""
    admin = await asyncpg.connect(postgres.admin_dsn)
    await let_verify(admin, "postgres", PASSWORD)
    await admin.close()
    return postgres.dsn("verifier", PASSWORD)


@pytest.fixture
async def verifier(verifier_dsn: str, schema: Schema) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Its connection."""
    connection = await asyncpg.connect(verifier_dsn)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def listening_schema(postgres: PostgresServer) -> Schema:
    """The listener's."""
    return await fresh_schema(postgres, toy.TABLES)


@pytest.fixture
async def other(listening_schema: Schema) -> AsyncIterator[Database]:
    """The listener's database; the owner's is `database`."""
    await listening_schema.empty()
    async with opened(listening_schema) as other:
        yield other


class Pair:
    """An owner, and who hears it."""

    def __init__(
        self, owner: Schema, listener: Schema, verifier: asyncpg.Connection[asyncpg.Record], servers: str
    ) -> None:
        self.owner, self.listener, self.verifier, self.servers = owner, listener, verifier, servers

    async def verified(self, wait: float = 5) -> Verified:
        async with opened_log(self.servers, [PROJECTS]) as log:
            return await Verification(self.verifier, log, self.listener.name, {PROJECT: self.owner.name}).run(wait)


@pytest.fixture
def pair(schema: Schema, listening_schema: Schema, verifier: asyncpg.Connection[asyncpg.Record], servers: str) -> Pair:
    return Pair(schema, listening_schema, verifier, servers)


async def heard(database: Database, other: Database, pair: Pair, *entities: UUID, words: str = "ab") -> None:
    """Says these words of each, and lets them be told and heard."""
    for entity in entities:
        await say(database, *words, entity=entity)
    count = len(entities) * len(words)
    async with telling(pair.owner, pair.servers), hearing(other, pair.servers, unique_group()):
        await until_told(database, count)
        await eventually(lambda: value(other, "select coalesce(sum(sequence), 0) = $1 from heard", count), within=60)


async def test_rule_20_where_all_was_heard_nothing_is_wrong(database: Database, other: Database, pair: Pair) -> None:
    """Guard: one comparison of said and heard in one snapshot (shared/messaging/verifying.py)."""
    await heard(database, other, pair, ONE, TWO)

    found = await pair.verified()

    assert (found.wrong, found.versions_behind, found.records_behind, list(found.lines())) == (0, 0, 0, [])


async def test_rule_20_a_lost_last_event_is_named_and_telling_it_again_heals_it(
    database: Database, other: Database, pair: Pair
) -> None:
    """Guard: what was told below the ends that the listener passed must be heard (shared/messaging/verifying.py)."""
    await say(database, *"abc")
    async with telling(pair.owner, pair.servers):
        await until_told(database, 3)
    await cut(pair.servers, keep=2)
    async with hearing(other, pair.servers, unique_group()):
        await eventually(lambda: value(other, "select sequence = 2 from heard"), within=60)

        found = await pair.verified()

        assert found.missing == [Missing(PROJECT, ONE, 3, 3)]
        (line,) = found.lines()
        assert f"services.{pair.owner.name} outbox resend {PROJECTS} {ONE} --first 3 --last 3" in line
        producer = Producer(pair.servers, "operator")
        await tell_again(database.reading, producer, PROJECTS, str(ONE), first=3, last=3)
        await producer.stop()
        await eventually(lambda: value(other, "select sequence = 3 from heard"), within=60)
    assert (await pair.verified()).wrong == 0


async def test_what_is_not_told_yet_is_not_missing(database: Database, other: Database, pair: Pair) -> None:
    await heard(database, other, pair, ONE)
    await say(database, "c", "d")

    found = await pair.verified()

    assert (found.wrong, found.not_told_yet, found.versions_behind) == (0, 2, 2)


async def test_what_was_told_and_not_read_yet_is_undecided(database: Database, other: Database, pair: Pair) -> None:
    await heard(database, other, pair, ONE)
    await say(database, "c")
    async with telling(pair.owner, pair.servers):
        await until_told(database, 3)

    found = await pair.verified(wait=0)

    assert (found.wrong, found.undecided, found.records_behind, found.versions_behind) == (0, 1, 1, 1)


async def test_what_failed_at_the_listener_waits_for_an_operator(
    database: Database, other: Database, pair: Pair
) -> None:
    await say(database, "a", "kapot", "c")
    async with telling(pair.owner, pair.servers), hearing(other, pair.servers, unique_group()):
        await eventually(lambda: value(other, "select count(*) = 2 from parked"), within=60)

        found = await pair.verified()

    assert (found.wrong, found.waiting) == (0, 1)


async def test_behind_a_gap_only_what_did_not_come_is_missing(database: Database, other: Database, pair: Pair) -> None:
    await say(database, *"abcde")
    async with telling(pair.owner, pair.servers):
        await until_told(database, 5)
    whole = await cut(pair.servers, keep=1)
    await write(pair.servers, [whole[3], whole[4]])
    async with hearing(other, pair.servers, unique_group()):
        await eventually(lambda: value(other, "select count(*) = 2 from parked"), within=60)

        found = await pair.verified()

    assert found.missing == [Missing(PROJECT, ONE, 2, 3)]


async def test_what_an_operator_gave_up_is_not_missing(database: Database, other: Database, pair: Pair) -> None:
    await heard(database, other, pair, ONE)
    await toy.listener(other).hear([record(withdrawn(TWO), 2)], [])
    await say(database, "a", "b", entity=TWO)
    async with telling(pair.owner, pair.servers):
        await until_told(database, 4)
    async with other.transaction() as tx:
        await toy.listener(other).skip(tx, (PROJECT, TWO), 1)
    async with other.transaction() as tx:
        await toy.listener(other).release(tx, (PROJECT, TWO))
    async with hearing(other, pair.servers, unique_group()):
        assert (await pair.verified(wait=120)).wrong == 0


async def test_a_listener_that_heard_more_than_was_said_shows_that_its_owner_was_put_back(
    database: Database, other: Database, pair: Pair
) -> None:
    await heard(database, other, pair, ONE)
    await pair.owner.alter(
        "alter table said disable trigger said_never_lower; update said set sequence = 1; "
        "alter table said enable trigger said_never_lower"
    )

    found = await pair.verified()

    assert found.ahead == [Ahead(PROJECT, ONE, 1, 2)]
    (line,) = found.lines()
    assert f"services.{pair.owner.name} said adopt-log" in line


async def test_of_many_that_are_missing_some_are_named_and_all_are_counted(pair: Pair, other: Database) -> None:
    assert await value(other, "select count(*) from heard") == 0
    await pair.owner.alter("insert into said select 1, gen_random_uuid(), 3 from generate_series(1, 7000)")

    found = await pair.verified()

    assert (found.missing_entities, len(found.missing), found.versions_behind) == (7_000, 200, 21_000)
    assert list(found.lines())[-1] == "and 6800 more"


async def test_the_comparison_walks_along_both_keys(pair: Pair, other: Database) -> None:
    sql = DIFFERENT.format(owner=pair.owner.name, listener=pair.listener.name).replace("$1", "1")
    async with pair.verifier.transaction():
        await pair.verifier.execute("set local enable_hashjoin = off")
        plan = [row[0] for row in await pair.verifier.fetch(f"explain {sql}")]
    assert any("Merge Full Join" in line for line in plan)


@pytest.mark.parametrize(
    "sql",
    [
        "select value from {0}.outbox",
        "select headers from {0}.outbox",
        "select value from {0}.parked",
        "select reason from {0}.parked",
        "select reason from {0}.skipped",
        "select * from {0}.told",
        "select * from {0}.dead_letter",
        "select * from {0}.audit",
        "select * from {0}.life",
    ],
)
async def test_the_role_that_compares_reads_no_content(pair: Pair, sql: str) -> None:
    with pytest.raises(FORBIDDEN):
        await pair.verifier.fetch(sql.format(pair.owner.name))


@pytest.mark.parametrize(
    "sql", ["insert into {0}.said values (1, gen_random_uuid(), 1)", "delete from {0}.positions", "create schema mine"]
)
async def test_the_role_that_compares_writes_nothing(pair: Pair, sql: str) -> None:
    await pair.verifier.execute("set default_transaction_read_only = off")

    with pytest.raises(FORBIDDEN):
        await pair.verifier.execute(sql.format(pair.owner.name))
