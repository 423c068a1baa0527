"""The sharpest moments of hearing, on processes that are stopped and killed at them (docs/messaging.md)."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.local.settings import ROOT
from shared.storage import Database
from tests.integration.shared.runtime.toy.service import GATE
from tests.messaging import life, opened, rows, value
from tests.replicas import COMMAND, Replica, Toy, replica
from tests.servers import PostgresServer
from tests.topics import log_of, write
from tests.waiting import eventually

ONE = UUID(int=99)
BUSY = [UUID(int=nth) for nth in range(2, 12)]
TOPIC = life(ONE, "a")[0].topic
WHY = ("--reason", "proef", "--actor", "operator")
LONG = 120
WAITS_FOR_GATE = """
select count(*) from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and not l.granted and a.usename = $1
"""
WAITS_FOR_TABLE = "select count(*) from pg_locks where relation = 'life'::regclass and not granted"


async def notes(database: Database, entity: UUID) -> list[str]:
    """What was noted of a project, in the order in which it was."""
    return [word for (word,) in await rows(database, "select word from note where entity = $1 order by id", entity)]


async def lives(database: Database) -> dict[UUID, list[str]]:
    """The table of the fold."""
    return {entity: list(words) for entity, words in await rows(database, "select entity, words from life")}


async def folded(servers: str) -> dict[UUID, list[str]]:
    """What a fold over the whole log makes."""
    found: dict[UUID, list[str]] = {}
    for record in await log_of(servers, TOPIC):
        found.setdefault(UUID(record.key.decode()), []).append(json.loads(record.value)["reason"])
    return found


@contextmanager
def rebuild_process(toy: Toy) -> Iterator[subprocess.Popen[bytes]]:
    """`rebuild toy.lives` as a process, killed in the end if it still runs."""
    command = [*COMMAND, "rebuild", "toy.lives", *WHY]
    with (toy.folder / "rebuild.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=toy.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def rebuilt(toy: Toy) -> str:
    """What a rebuild prints that comes to its end."""
    with rebuild_process(toy) as process:
        await eventually(lambda: process.poll() is not None, within=LONG, what="the rebuild ends")
    printed = (toy.folder / "rebuild.log").read_text(encoding="utf-8")
    assert process.returncode == 0, printed
    return printed


@asynccontextmanager
async def owner(toy: Toy) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of the schema's owner."""
    connection = await asyncpg.connect(toy.schema.owner_dsn)
    try:
        yield connection
    finally:
        await connection.close()


class Load:
    """Writes one word more of every busy project, time and again."""

    def __init__(self, servers: str) -> None:
        self._servers, self._stopping, self._ended = servers, asyncio.Event(), asyncio.Event()
        self.rounds = 0

    async def run(self) -> None:
        """Until stopped."""
        while not self._stopping.is_set():
            self.rounds += 1
            await write(self._servers, [life(p, [f"w{self.rounds}"], self.rounds)[0] for p in BUSY])
        self._ended.set()

    async def end(self) -> None:
        """After the round that is under way."""
        self._stopping.set()
        await self._ended.wait()


@asynccontextmanager
async def under_load(servers: str) -> AsyncIterator[Load]:
    """Words come for as long as the context lasts."""
    load = Load(servers)
    task = asyncio.create_task(load.run())
    try:
        yield load
        await load.end()
    finally:
        task.cancel()


async def all_ready(replicas: Sequence[Replica]) -> None:
    """Waits until each of them is."""
    await eventually(lambda: are_ready(replicas), within=LONG, what="all are ready")


async def are_ready(replicas: Sequence[Replica]) -> bool:
    """Whether they say so; none may have ended."""
    for one in replicas:
        assert one.process.poll() is None, one.output.read_text(encoding="utf-8")
    return all([(await one.health())[0] == 200 for one in replicas])


async def problems(one: Replica) -> str:
    """Why it is not ready."""
    return " ".join((await one.health())[1])


async def heard_by_all(database: Database, load: Load) -> bool:
    """Whether every busy project was heard to its end."""
    found = await value(database, "select count(*) from heard where sequence = $1", load.rounds)
    return bool(found == len(BUSY))


async def test_sharp_02_a_listener_that_stood_still_before_its_first_commit_has_no_second_effect(
    toy: Toy, postgres: PostgresServer
) -> None:
    """Guard: a row of `heard` rises only from the revision that was read (shared/messaging/heard.py)."""
    servers = toy.settings.kafka_servers
    await made_patient(postgres, toy.schema.name)
    async with opened(toy.schema) as database, owner(toy) as gatekeeper, replica(toy) as first:
        await all_ready([first])
        await gatekeeper.execute(f"select pg_advisory_lock({GATE})")
        await write(servers, life(ONE, "a"))
        await eventually(lambda: value(database, WAITS_FOR_GATE, toy.schema.name), within=LONG)
        first.process.send_signal(signal.SIGSTOP)
        try:
            async with replica(toy) as second:
                await eventually(
                    lambda: has_waiters(database, toy.schema.name, 2), within=LONG, what="the second one has taken over"
                )
                await gatekeeper.execute(f"select pg_advisory_unlock({GATE})")
                await eventually(lambda: value(database, "select sequence = 1 from heard"), within=LONG)
                first.process.send_signal(signal.SIGCONT)
                await write(servers, life(ONE, "b", 2))
                await eventually(lambda: value(database, "select sequence = 2 from heard"), within=LONG)
                await eventually(lambda: told_of_a_wait(first), within=LONG, what="the first one was turned away")
                assert second.process.poll() is None
        finally:
            first.process.send_signal(signal.SIGCONT)
        assert await notes(database, ONE) == ["a", "b"]
        assert await rows(database, "select sequence from said where entity = $1", ONE) == [(2,)]


async def made_patient(postgres: PostgresServer, role: str) -> None:
    """Postgres itself would throw out who stands still: here only the revision is between it and a second effect."""
    admin = await asyncpg.connect(postgres.admin_dsn)
    try:
        for setting in ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout"):
            await admin.execute(f"alter role {role} set {setting} = '300s'")
    finally:
        await admin.close()


async def has_waiters(database: Database, role: str, count: int) -> bool:
    """Whether so many transactions stand before the gate."""
    return bool(await value(database, WAITS_FOR_GATE, role) == count)


def told_of_a_wait(one: Replica) -> bool:
    """Whether its batch could not be closed; what happens to a process that stood still is logged, or ends it."""
    return one.process.poll() is not None or any("a batch waits" in line["message"] for line in one.lines())


async def test_sharp_05_a_rolling_deploy_that_adds_a_heard_type_under_load_equals_a_fold_over_the_log(
    toy: Toy,
) -> None:
    """Guard: generations of reactions, one at a time (shared/messaging/hearing.py), and `rebuild` (rebuilding.py)."""
    servers, grown = toy.settings.kafka_servers, toy.but(TOY_GROWN="1")
    async with opened(toy.schema) as database, replica(toy) as old, replica(toy) as other:
        await all_ready([old, other])
        async with under_load(servers) as load:
            await eventually(lambda: load.rounds > 5, within=LONG)
            async with replica(grown) as new:
                await eventually(
                    lambda: says(new, "rebuild toy.lives"), within=LONG, what="the new code says why it waits"
                )
                before = await value(database, "select count(*) from note")
                await eventually(lambda: value(database, "select count(*) > $1 from note", before), within=LONG)
                assert "generation 2 hears from now on" in await rebuilt(grown)

                await all_ready([new])
                await eventually(lambda: have_ended(old, other), within=LONG, what="old code goes")
                for one in (old, other):
                    (last,) = one.lines("CRITICAL")
                    assert "other code hears now" in last["message"]
                await load.end()
                await eventually(lambda: heard_by_all(database, load), within=LONG)

        expected = await folded(servers)
        assert await lives(database) == expected
        assert {project: await notes(database, project) for project in BUSY} == expected
        assert await value(database, "select count(*) from parked") == 0


def have_ended(*replicas: Replica) -> bool:
    """Whether none of them runs any more."""
    return all(one.process.poll() is not None for one in replicas)


async def says(one: Replica, sentence: str) -> bool:
    """Whether its health says so."""
    return sentence in await problems(one)


async def test_sharp_08_a_corrupted_record_of_a_busy_entity_is_fixed_and_its_order_stays_exact(
    toy: Toy, tmp_path: Path
) -> None:
    """Guard: a parked key is only released, in order, and holds up no other (shared/messaging/listener.py)."""
    servers = toy.settings.kafka_servers
    records = life(ONE, "abcdefgh")
    whole = json.loads(records[4].value or b"")
    file = tmp_path / "data.json"
    file.write_text(json.dumps({**whole, "reason": "E"}), encoding="utf-8")
    broken = replace(records[4], value=b"{")
    async with opened(toy.schema) as database, replica(toy) as first:
        await all_ready([first])
        async with under_load(servers) as load:
            await write(servers, [*records[:4], broken, records[5]])
            async with replica(toy) as second:
                await all_ready([second])  # a rebalance
                await write(servers, [records[6]])
                await eventually(lambda: value(database, "select count(*) = 3 from parked"), within=LONG)
                before = load.rounds
                await eventually(
                    lambda: value(database, "select min(sequence) > $1 from heard where entity <> $2", before, ONE),
                    within=LONG,
                    what="others go on while it waits",
                )
                assert await notes(database, ONE) == list("abcd")
                for command in (
                    ("fix", "projects", str(ONE), "5", "--file", str(file)),
                    ("release", "projects", str(ONE)),
                ):
                    code, _, complaint = await toy.ask("parked", *command, *WHY)
                    assert (code, complaint) == (0, ""), complaint
                await write(servers, [records[7]])
                await eventually(
                    lambda: value(database, "select sequence = 8 from heard where entity = $1", ONE), within=LONG
                )
        await eventually(lambda: heard_by_all(database, load), within=LONG)
        assert await notes(database, ONE) == list("abcdEfgh")
        assert [await notes(database, p) for p in BUSY] == [[f"w{n + 1}" for n in range(load.rounds)]] * len(BUSY)


async def test_sharp_09_a_rebuild_under_writes_that_is_killed_at_the_swap_leaves_everything_as_it_is(toy: Toy) -> None:
    """Guard: the copy lives in one session, and goes over in one transaction (shared/messaging/rebuilding.py)."""
    grown = toy.but(TOY_GROWN="1")
    servers = toy.settings.kafka_servers
    async with opened(toy.schema) as database, replica(grown) as running:
        await all_ready([running])
        async with under_load(servers) as load:
            await eventually(lambda: load.rounds > 3, within=LONG)
            async with owner(toy) as other:
                async with other.transaction():
                    await other.execute("lock table life in row exclusive mode")  # lets hearing pass, and no swap
                    with rebuild_process(grown) as rebuild:
                        await eventually(lambda: other.fetchval(WAITS_FOR_TABLE), within=LONG, what="it is at the swap")
                        rebuild.kill()
                        rebuild.wait()
                assert await value(database, "select count(*) from audit") == 0
            before = load.rounds
            await eventually(lambda: load.rounds > before + 3, within=LONG)
        await eventually(lambda: heard_by_all(database, load), within=LONG)
        expected = await folded(servers)
        assert await lives(database) == expected
        assert await value(database, "select sum(sequence) from said") == sum(map(len, expected.values()))

        assert (await rebuilt(grown)).endswith("toy.lives: life: 0 added, 0 changed, 0 removed\n")
        assert await lives(database) == expected
        assert await value(database, "select sum(sequence) from said") == sum(map(len, expected.values()))
