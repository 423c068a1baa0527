"""An operator asks which code hears, and decides what becomes of history that went by."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.contracts.events import ProjectWithdrawn
from shared.messaging.hearing import admitted, declared
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.storage import Database
from tests.messaging import SOURCE, life, opened, rows, value
from tests.replicas import Toy, migrated
from tests.servers import PostgresServer

NOWHERE = "127.0.0.1:1"
WITHDRAWN = ProjectWithdrawn.ce_type()
WHY = ("--reason", "proef", "--actor", "operator")


@pytest.fixture
async def toy(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A toy whose first code has heard something; nothing here needs Kafka."""
    made = await migrated(postgres, NOWHERE, tmp_path_factory.mktemp("toy"))
    async with opened(made.schema) as database:
        await admitted(database, declared(made.service.hears))
        outbox = Outbox(SOURCE, made.service.says)
        ears = Listener(Database(database.pool, outbox.append), outbox, made.service.hears)
        await ears.hear(life(UUID(int=9), "a"), [])
    return made


async def test_what_code_lacks_is_listed_given_up_and_kept(toy: Toy) -> None:
    grown = toy.but(TOY_GROWN="1")
    _, out, _ = await grown.ask("hearing", "list")
    (line,) = [line for line in out.splitlines() if "toy.lives" in line and WITHDRAWN in line and "│" in line]
    assert "its history went by" in line
    assert "Run `rebuild toy.lives`" in out

    code, out, _ = await grown.ask("hearing", "waive", "toy.lives", WITHDRAWN, *WHY, "--dry-run")
    assert (code, out.startswith("Dry run, nothing was changed: the history of toy.lives")) == (0, True)
    code, out, _ = await grown.ask("hearing", "waive", "toy.lives", WITHDRAWN, *WHY)
    assert (code, out) == (0, f"the history of toy.lives to {WITHDRAWN} is given up\n")
    async with opened(toy.schema) as database:
        assert await admitted(database, declared(grown.service.hears)) == 2
        assert await rows(database, "select actor, reason, action, outcome from audit") == [
            ("operator", "proef", "hearing waive", "given up")
        ]
    _, out, _ = await grown.ask("hearing", "list")
    assert out.endswith("This is the code that hears.\n")


async def test_going_back_to_older_code_is_said_and_not_done_by_itself(toy: Toy) -> None:
    grown = toy.but(TOY_GROWN="1")
    await grown.ask("hearing", "waive", "toy.lives", WITHDRAWN, *WHY)
    async with opened(toy.schema) as database:
        await admitted(database, declared(grown.service.hears))
    _, out, _ = await toy.ask("hearing", "list")
    assert "this code was followed by that of generation 2" in out

    code, out, _ = await toy.ask("hearing", "adopt", *WHY, "--dry-run")
    assert (code, out) == (0, "Dry run, nothing was changed: generation 3 hears from now on\n")
    code, out, _ = await toy.ask("hearing", "adopt", *WHY)
    assert (code, out) == (0, "generation 3 hears from now on\n")
    code, _, complaint = await toy.ask("hearing", "adopt", *WHY)
    assert (code, complaint) == (1, "This code is that of generation 3 already, which counts.\n")
    async with opened(toy.schema) as database:
        assert await value(database, "select number from generation") == 3


async def test_a_rebuild_needs_the_owners_password_and_says_so(toy: Toy) -> None:
    without = toy.without("DATABASE_OWNER_PASSWORD_FILE")
    code, _, complaint = await without.ask("rebuild", "toy.lives", *WHY)
    assert code == 1
    assert complaint.startswith("DATABASE_OWNER_PASSWORD_FILE is not set")
