"""An operator looks after the messages of a service, with nothing but its command line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.storage import Database
from tests.messaging import SOURCE, Record, life, opened, rows, value
from tests.ports import free_port
from tests.replicas import Toy, migrated, toy_on
from tests.servers import PostgresServer

NOWHERE = "127.0.0.1:1"
TOPIC = life(UUID(int=1), "a")[0].topic
ONE, TWO = UUID(int=1), UUID(int=2)
WHY = ("--reason", "x", "--actor", "y")


@pytest.fixture(scope="module")
async def standing(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A toy of which no replica runs: its operator needs no Kafka."""
    return await migrated(postgres, NOWHERE, tmp_path_factory.mktemp("toy"))


@pytest.fixture
async def toy(standing: Toy) -> Toy:
    """The same, of which nothing was heard."""
    await standing.schema.empty()
    return standing


@pytest.fixture
async def database(toy: Toy) -> AsyncIterator[Database]:
    async with opened(toy.schema) as database:
        yield database


async def hear(toy: Toy, database: Database, records: Sequence[Record]) -> None:
    outbox = Outbox(SOURCE, toy.service.says)
    await Listener(Database(database.pool, outbox.append), outbox, toy.service.hears).hear(records, [])


async def done(toy: Toy, *arguments: str) -> str:
    """What a command that succeeds prints."""
    code, out, complaint = await toy.ask(*arguments)
    assert (code, complaint) == (0, "")
    return out


async def test_a_failed_record_is_found_mended_and_released(toy: Toy, database: Database) -> None:
    await hear(toy, database, life(ONE, ["a", "kapot", "c"]))

    listed = await done(toy, "parked", "list")
    (failed,) = [line for line in listed.splitlines() if "failed" in line]
    assert all(part in failed for part in ("projects", str(ONE), " 2 ", "[/kapot] cannot be handled"))
    again = await done(toy, "parked", "release", "projects", str(ONE), *WHY)
    assert again == f"0 version(s) of {ONE} applied; it failed again: see `parked list`\n"

    await hear(toy, database, life(TWO, ["gemaakt"]))
    released = await done(toy, "parked", "release", "projects", str(ONE), *WHY)
    assert released == f"2 version(s) of {ONE} applied; nothing of it failed\n"
    assert await done(toy, "parked", "list") == "Parked: none\n"
    assert await rows(database, "select word from note where entity = $1 order by id", ONE) == [
        ("a",),
        ("kapot",),
        ("c",),
    ]


async def test_a_record_that_nobody_can_mend_is_discarded_and_who_did_so_stays_known(
    toy: Toy, database: Database
) -> None:
    await hear(toy, database, life(ONE, ["kapot", "b"]))

    discard = ("parked", "discard", "projects", str(ONE), "1", "--reason", "[b]dubbel[/b]", "--actor", "operator-7")
    assert await done(toy, *discard) == f"version 1 discarded: 1 version(s) of {ONE} applied; nothing of it failed\n"
    assert await rows(database, "select sequence, reason, actor from skipped") == [(1, "[b]dubbel[/b]", "operator-7")]
    assert await rows(database, "select word from note") == [("b",)]


async def test_a_dead_letter_is_found_looked_at_and_thrown_away(toy: Toy, database: Database) -> None:
    await hear(toy, database, [Record(TOPIC, 0, 3, b"[/key]", b"\xff\x00", [])])
    letter = str(await value(database, "select id from dead_letter"))

    assert letter in await done(toy, "dead-letters", "list")
    shown = json.loads(await done(toy, "dead-letters", "show", letter))
    assert {name: shown[name] for name in ("id", "topic", "partition", "offset", "key", "size")} == {
        "id": letter, "topic": TOPIC, "partition": 0, "offset": 3, "key": {"text": "[/key]", "encoding": "utf-8"}, "size": 2
    }  # fmt: skip
    assert await done(toy, "dead-letters", "discard", letter, *WHY) == f"dead letter {letter} thrown away\n"
    assert await done(toy, "dead-letters", "list") == "Dead letters: none\n"


async def test_a_key_that_was_stopped_is_found_and_goes_on(toy: Toy, database: Database) -> None:
    await hear(toy, database, life(ONE, ["a", "b"]))
    topic, key = (await rows(database, "select topic, key from outbox"))[0]
    async with database.transaction() as tx:
        await tx.execute("insert into stopped values ($1, $2, 'te groot [/x]')", topic, key)

    listed = await done(toy, "outbox", "list")
    assert f"│ {topic} │ 2 " in listed
    assert key in listed
    assert "te groot [/x]" in listed
    assert await done(toy, "outbox", "release", topic, key, *WHY) == f"{key} tries again within a second\n"
    assert "Stopped keys: none" in await done(toy, "outbox", "list")


@pytest.mark.parametrize(
    ("arguments", "missing", "where"),
    [
        (("parked", "release", "projects", str(ONE), *WHY), str(ONE), "parked list"),
        (("parked", "discard", "projects", str(ONE), "1", *WHY), str(ONE), "parked list"),
        (("dead-letters", "show", str(ONE)), str(ONE), "dead-letters list"),
        (("dead-letters", "discard", str(ONE), *WHY), str(ONE), "dead-letters list"),
        (("outbox", "release", TOPIC, "[/x]", *WHY), "[/x]", "outbox list"),
    ],
)
async def test_what_is_not_there_is_answered_with_where_to_look(
    toy: Toy, arguments: tuple[str, ...], missing: str, where: str
) -> None:
    assert_refused(await toy.ask(*arguments), missing, where)


def assert_refused(answer: tuple[int, str, str], missing: str, where: str) -> None:
    """One line that names what is missing, and the command that shows what there is."""
    code, out, complaint = answer
    assert (code, out, complaint.count("\n")) == (1, "", 1)
    assert missing in complaint
    assert complaint.endswith(f"See `{where}`.\n")


async def test_a_version_that_did_not_fail_cannot_be_discarded(toy: Toy, database: Database) -> None:
    await hear(toy, database, life(ONE, ["a", "kapot", "c"]))
    assert_refused(
        await toy.ask("parked", "discard", "projects", str(ONE), "3", *WHY), f"Version 3 of {ONE}", "parked list"
    )
    assert await rows(database, "select * from skipped") == []


async def test_what_stands_in_the_way_of_a_command_is_one_sentence_without_a_password(toy: Toy) -> None:
    wrong = toy.folder / "wrong"
    wrong.write_text("hunter2hunter2", encoding="utf-8")
    port = str(free_port())
    there = "Is it up, and do the DATABASE_ settings point to it?"
    faults = [
        (toy.but(DATABASE_PASSWORD_FILE=str(wrong)), ("password authentication failed", there)),
        (toy.but(DATABASE_PORT=port), (f"'127.0.0.1', {port}", there)),
        (toy.but(DATABASE_NAME="nowhere"), ('database "nowhere" does not exist', there)),
        (toy.but(DATABASE_PASSWORD_FILE="/no/where"), ("DATABASE_PASSWORD_FILE: /no/where cannot be read",)),
        (toy.without("KAFKA_SERVERS").without("OIDC_ISSUER"), ("missing or wrong: KAFKA_SERVERS, OIDC_ISSUER.",)),
    ]
    for one, parts in faults:
        for command in (("parked", "list"), ("migrate",)):
            code, out, complaint = await one.ask(*command)
            assert (code, out) == (1, "")
            assert complaint.count("\n") == 1
            assert "hunter2" not in complaint
            assert all(part in complaint for part in parts), complaint


async def test_as_a_program_of_its_own_it_says_just_the_same(toy: Toy, database: Database) -> None:
    await hear(toy, database, life(ONE, ["kapot"]))
    answers = [await toy.run("parked", "list"), await toy.but(DATABASE_PORT=str(free_port())).run("parked", "list")]
    assert str(ONE) in answers[0][1]
    assert answers[0][::2] == (0, "")
    code, out, complaint = answers[1]
    assert (code, out, complaint.count("\n")) == (1, "", 1)
    assert complaint.startswith("Postgres refused: ")


async def test_a_schema_is_migrated_from_the_command_line(postgres: PostgresServer, toy: Toy) -> None:
    fresh = await toy_on(postgres, NOWHERE, toy.folder)
    name = fresh.schema.name

    code, _, complaint = await fresh.ask("parked", "list")
    assert (code, complaint) == (
        1,
        'The schema is not up to date: relation "parked" does not exist. Run `migrate` first.\n',
    )
    before = (await done(fresh, "migrate", "--moment", "pre")).splitlines()
    assert before[-2:] == [f"{name}: applied toy/{file}.sql" for file in ("0001_pre_note", "0003_pre_life")]
    assert await done(fresh, "migrate", "--moment", "post") == f"{name}: applied toy/0002_post_word.sql\n"
    assert await done(fresh, "migrate") == f"{name}: nothing new\n"


async def test_a_migration_that_was_changed_or_has_no_owner_is_one_sentence(toy: Toy) -> None:
    await toy.schema.alter("update migration set sha256 = 'other' where name = 'toy/0001_pre_note.sql'")
    changed = await toy.ask("migrate")
    ownerless = await toy.without("DATABASE_OWNER_PASSWORD_FILE").ask("migrate")
    assert changed == (
        1,
        "",
        "Migration toy/0001_pre_note.sql was changed after it was applied. Undo the change and write a new migration.\n",
    )
    assert ownerless == (
        1,
        "",
        "DATABASE_OWNER_PASSWORD_FILE is not set: the owner of the schema needs its password.\n",
    )
