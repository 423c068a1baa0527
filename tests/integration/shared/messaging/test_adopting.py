"""An owner that was restored from an older back-up takes over the log's versions, and drops nothing that it said since."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import pytest

from shared.contracts.event import Stream
from shared.messaging.adopting import Adopted, Owner, StillTelling, adopt
from shared.messaging.audit import Act, Busy, fence
from shared.messaging.checking import LogAhead
from shared.messaging.reading import opened_log
from shared.storage import Database
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_checking import back_up, checked, restore, told
from tests.integration.shared.messaging.test_relay import say, until_told, versions
from tests.messaging import CLUSTER, Schema, record, rows, value, withdrawn
from tests.topics import log_of, write

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)
PROJECTS = Stream.PROJECTS.topic
OWNER = Owner("test", [Stream.PROJECTS], CLUSTER)
ACT = Act("operator", "the back-up of last night was put back")
STATE = """
select (select array_agg((entity::text, sequence) order by entity) from said),
  (select array_agg((key, sequence) order by seq) from outbox), (select array_agg((sequence, off) order by off) from told),
  (select array_agg((part, next) order by part) from confirmed), (select count(*) from audit)
"""


async def adopted(
    database: Database, servers: str, *, not_ours: Collection[UUID] = (), dry_run: bool = False
) -> Adopted:
    async with opened_log(servers, [PROJECTS]) as log:
        return await adopt(database, log, OWNER, ACT, not_ours=not_ours, dry_run=dry_run)


@pytest.fixture
async def restored(database: Database, schema: Schema, servers: str) -> None:
    """One was told 5 versions of which the back-up knows 2; of TWO it knows nothing; of both more was said since."""
    await told(database, schema, servers, "a", "b")
    await back_up(schema)
    await told(database, schema, servers, "c", "d", "e")
    await told(database, schema, servers, "a", "b", entity=TWO)
    await restore(schema)
    await say(database, "x", "y")
    await say(database, "x", entity=TWO)
    await say(database, "x", entity=THREE)


@pytest.mark.usefixtures("restored")
async def test_what_was_said_since_gets_the_versions_after_those_of_the_log(
    database: Database, schema: Schema, servers: str
) -> None:
    answer = await adopted(database, servers)

    assert [(each.entity, each.log, each.before, each.after, each.renumbered) for each in answer.entities] == [
        (ONE, 5, 4, 7, 2),
        (TWO, 2, 1, 3, 1),
    ]
    async with checked(schema, servers):
        await until_told(database, 6)
        await say(database, "z")
        await until_told(database, 7)
    assert versions(await log_of(servers, PROJECTS)) == {
        str(ONE): [1, 2, 3, 4, 5, 6, 7, 8],
        str(TWO): [1, 2, 3],
        str(THREE): [1],
    }


@pytest.mark.usefixtures("restored")
async def test_who_did_so_and_why_is_kept(database: Database, servers: str) -> None:
    answer = await adopted(database, servers)

    assert await rows(database, "select actor, reason, action, outcome from audit") == [
        (ACT.actor, ACT.reason, "said adopt-log", str(answer))
    ]
    assert "2 entities take over the log's version, 3 versions" in str(answer)


@pytest.mark.usefixtures("restored")
async def test_a_dry_run_says_the_same_and_changes_nothing(database: Database, servers: str) -> None:
    before = await rows(database, STATE)

    tried = await adopted(database, servers, dry_run=True)

    assert await rows(database, STATE) == before
    assert str(tried) == str(await adopted(database, servers))


async def test_rows_that_stand_in_the_log_are_told_and_not_numbered_anew(
    database: Database, schema: Schema, servers: str
) -> None:
    await say(database, "a", "b")
    await back_up(schema)
    async with checked(schema, servers):
        await until_told(database, 2)
    await told(database, schema, servers, "c")
    await restore(schema)
    await say(database, "x")

    answer = await adopted(database, servers)

    assert answer.settled == 2
    assert await rows(database, "select sequence from outbox") == [(4,)]


async def test_it_is_refused_while_a_replica_tells(database: Database, schema: Schema, servers: str) -> None:
    await say(database, "a")
    async with telling(schema, servers):
        await until_told(database, 1)
        with pytest.raises(StillTelling, match="Stop all of them first"):
            await adopted(database, servers)


@pytest.mark.usefixtures("restored")
async def test_of_two_that_adopt_the_log_at_once_only_one_does(database: Database, servers: str) -> None:
    async with database.transaction() as other:
        await fence(other, "said")
        with pytest.raises(Busy):
            await adopted(database, servers)
    assert await rows(database, "select count(*) from audit") == [(0,)]
    await adopted(database, servers)


async def test_a_forged_record_in_our_name_stops_the_owner_until_an_operator_says_that_it_is_not_ours(
    database: Database, schema: Schema, servers: str
) -> None:
    await told(database, schema, servers, "a")
    await write(servers, [record(withdrawn(ONE, "vals"), 900)])
    async with checked(schema, servers) as run:
        with pytest.raises(LogAhead, match="--not-ours ENTITY"):
            await run.task

    answer = await adopted(database, servers, not_ours=[ONE])

    assert (answer.entities, [(each.entity, each.log, each.said) for each in answer.left]) == ([], [(ONE, 900, 1)])
    assert f"left as they are: projects {ONE}: the log has version 900" in await value(
        database, "select outcome from audit"
    )
    await told(database, schema, servers, "b")
    assert await rows(database, "select sequence from told order by sequence") == [(1,), (2,)]
