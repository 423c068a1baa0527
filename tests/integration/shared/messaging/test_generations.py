"""Which code may hear: a set of reactions that has grown waits for its history, one that counts no more goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded, ProjectSubmitted, ProjectWithdrawn
from shared.messaging import Reaction, each
from shared.messaging import hearing as generations
from shared.messaging.heard import Outdated
from shared.messaging.hearing import Admission, NotAdmitted, admitted, declared
from shared.messaging.listener import Listener
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.rebuilt import BY, LIVES, lives, rebuilding
from tests.integration.shared.messaging.running import hearing, unique_group
from tests.integration.shared.messaging.toy import heard
from tests.messaging import Schema, life, opened, rows, until_blocked, value
from tests.topics import write
from tests.waiting import eventually

ONE = UUID(int=1)
LONG = 60


async def noted(tx: Transaction, event: Event[ProjectWithdrawn | ProjectSubmitted | AdoptionEnded]) -> None:
    """Writes down that it came."""
    await tx.execute("insert into echo values ($1, 'noted')", event.subject)


BEFORE = [each(ProjectWithdrawn, noted)]
GROWN = [*BEFORE, LIVES]


async def ears(database: Database, reactions: Sequence[Reaction]) -> Listener:
    """A replica that takes part. Raises: NotAdmitted."""
    listener = toy.listener(database, reactions)
    listener.generation = await admitted(database, declared(reactions))
    return listener


async def number(database: Database) -> int:
    """The generation that counts."""
    found: int = await value(database, "select number from generation")
    return found


async def test_rule_11_code_that_lacks_history_waits_and_the_code_before_it_goes_on(database: Database) -> None:
    """Guard: a set that has grown where something was heard is not admitted (shared/messaging/hearing.py)."""
    old = await ears(database, BEFORE)
    await old.hear(life(ONE, "ab"), [])

    with pytest.raises(NotAdmitted, match="rebuild lives"):
        await ears(database, GROWN)

    await old.hear(life(ONE, "c", 3), [])
    assert await heard(database, ONE) == (3, "free")
    assert await number(database) == 1


async def test_rule_11_of_two_generations_only_one_has_effects(
    schema: Schema, database: Database, servers: str
) -> None:
    """Guard: whoever closes an effect shares the row of its generation until the commit (shared/messaging/heard.py)."""
    await write(servers, life(ONE, "ab"))
    old = await ears(database, BEFORE)
    async with hearing(database, servers, unique_group(), BEFORE):
        await eventually(lambda: value(database, "select sequence = 2 from heard"), within=LONG)

    async with rebuilding(schema, servers, GROWN) as rebuild:
        assert (await rebuild.run("lives", BY)).generation == 2
    with pytest.raises(Outdated):
        await old.hear(life(ONE, "c", 3), [])
    assert await heard(database, ONE) == (2, "free")

    await (await ears(database, GROWN)).hear(life(ONE, "c", 3), [])
    assert await lives(database) == {ONE: ("a", "b", "c")}


async def test_rule_11_a_change_of_generation_waits_for_the_batch_in_flight(schema: Schema, database: Database) -> None:
    """Guard: the row is shared, and whoever changes it needs it alone (shared/messaging/heard.py)."""
    old = await ears(database, BEFORE)
    async with opened(schema) as other:
        async with database.transaction() as tx:
            await tx.fetch("select number from generation for share")  # as the statement does that closes an effect
            following = asyncio.create_task(admitted(other, declared([*BEFORE, each(AdoptionEnded, noted)])))
            await until_blocked(other)
            assert not following.done()
        assert await asyncio.wait_for(following, LONG) == 2
    with pytest.raises(Outdated):
        await old.hear(life(ONE, "a"), [])


async def test_a_stream_that_was_never_heard_brings_its_history_itself(database: Database) -> None:
    await (await ears(database, BEFORE)).hear(life(ONE, "a"), [])

    await ears(database, [*BEFORE, each(AdoptionEnded, noted)])

    assert await number(database) == 2


async def test_replicas_that_start_at_once_take_part_in_one_generation(schema: Schema, database: Database) -> None:
    async with opened(schema, 8) as pool:
        assert await asyncio.gather(*[admitted(pool, declared(GROWN)) for _ in range(8)]) == [1] * 8


async def test_code_that_hears_less_follows_and_cannot_take_back_what_it_gave_up(database: Database) -> None:
    old = await ears(database, GROWN)
    await old.hear(life(ONE, "a"), [])

    await (await ears(database, BEFORE)).hear(life(ONE, "b", 2), [])

    assert await number(database) == 2
    with pytest.raises(Outdated):
        await old.hear(life(ONE, "c", 3), [])
    with pytest.raises(NotAdmitted, match=r"lives to nl\.schuldhulpprojecten\.project-withdrawn\.v1"):
        await ears(database, GROWN)


async def test_old_code_that_starts_again_does_not_drive_out_the_new(database: Database) -> None:
    await ears(database, BEFORE)
    new = await ears(database, GROWN)

    with pytest.raises(NotAdmitted, match="this code was followed by that of generation 2"):
        await ears(database, BEFORE)

    await new.hear(life(ONE, "a"), [])
    async with database.transaction() as tx:
        await generations.adopt(tx, declared(BEFORE))
    await ears(database, BEFORE)
    with pytest.raises(Outdated):
        await new.hear(life(ONE, "b", 2), [])


async def test_history_that_is_given_up_is_missed_no_longer_and_no_other_is(database: Database) -> None:
    both = [*GROWN, each(ProjectSubmitted, noted)]
    await (await ears(database, BEFORE)).hear(life(ONE, "a"), [])

    for reaction, kind in (("lives", ProjectWithdrawn), ("messaging.noted", ProjectSubmitted)):
        with pytest.raises(NotAdmitted):
            await ears(database, both)
        async with database.transaction() as tx:
            await generations.waive(tx, declared(both), reaction, kind.ce_type())
    await (await ears(database, both)).hear(life(ONE, "b", 2), [])

    assert await lives(database) == {ONE: ("b",)}
    with pytest.raises(NotAdmitted, match="lacks no history"):
        async with database.transaction() as tx:
            await generations.waive(tx, declared(both), "lives", ProjectWithdrawn.ce_type())


async def test_a_waiver_counts_only_for_the_generation_in_which_it_was_given(database: Database) -> None:
    old = await ears(database, BEFORE)
    await old.hear(life(ONE, "a"), [])
    async with database.transaction() as tx:
        await generations.waive(tx, declared(GROWN), "lives", ProjectWithdrawn.ce_type())
    await ears(database, GROWN)
    async with database.transaction() as tx:
        await generations.adopt(tx, declared(BEFORE))

    with pytest.raises(NotAdmitted, match="rebuild lives"):
        await ears(database, GROWN)


async def test_whoever_waits_says_once_why_and_takes_part_as_soon_as_it_may(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOOK_AGAIN_SECONDS", 0.02)
    await (await ears(database, BEFORE)).hear(life(ONE, "a"), [])
    admission, stopping = Admission(database, declared(GROWN)), asyncio.Event()
    with caplog.at_level(logging.WARNING):
        waiting = asyncio.create_task(admission.wait(stopping))
        await eventually(lambda: admission.problem and "hearing waive" in admission.problem, within=LONG)
        first = admission.looked_at
        await eventually(lambda: admission.looked_at > first + 0.1, within=LONG)
    assert caplog.text.count("not heard yet") == 1

    async with database.transaction() as tx:
        await generations.waive(tx, declared(GROWN), "lives", ProjectWithdrawn.ce_type())
    assert await asyncio.wait_for(waiting, LONG) == 2
    assert admission.problem is None


async def test_whoever_waits_can_be_stopped(database: Database) -> None:
    await (await ears(database, BEFORE)).hear(life(ONE, "a"), [])
    admission, stopping = Admission(database, declared(GROWN)), asyncio.Event()
    waiting = asyncio.create_task(admission.wait(stopping))
    await eventually(lambda: admission.problem and "rebuild" in admission.problem, within=LONG)

    stopping.set()

    assert await asyncio.wait_for(waiting, LONG) is None


async def test_a_consumer_that_counts_no_more_leaves_with_one_sentence(database: Database, servers: str) -> None:
    await write(servers, life(ONE, "a"))
    old = await ears(database, BEFORE)
    async with hearing(database, servers, unique_group(), BEFORE) as consumer:
        consumer.consumer.listener.generation = old.generation
        await eventually(lambda: value(database, "select sequence = 1 from heard"), within=LONG)
        await ears(database, [*BEFORE, each(AdoptionEnded, noted)])
        await write(servers, life(ONE, "b", 2))
        await asyncio.wait([consumer.task], timeout=LONG)

        with pytest.raises(Outdated, match=r"^other code hears now \(this is that of generation 1\)"):
            consumer.task.result()
    assert await rows(database, "select sequence from heard") == [(1,)]


async def silence() -> None:
    """Nothing comes."""
    await asyncio.Event().wait()


async def test_a_replica_to_which_nothing_comes_goes_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOOK_AGAIN_SECONDS", 0.02)
    admission = Admission(database, declared(BEFORE))
    generation = await admission.wait(asyncio.Event())
    assert generation == 1
    idle = asyncio.create_task(silence())
    taking_part = asyncio.create_task(admission.for_as_long_as(1, idle))
    await ears(database, GROWN)

    with pytest.raises(Outdated):
        await asyncio.wait_for(taking_part, LONG)
    idle.cancel()
